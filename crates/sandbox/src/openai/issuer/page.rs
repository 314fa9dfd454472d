use crate::Account;
use crate::response::{Refusal, Response};

const STYLE: &str = include_str!("../../../pages/style.css");
const FRONT: &str = include_str!("../../../pages/front.html");
const SIGN_IN: &str = include_str!("../../../pages/sign-in.html");
const ACCOUNT: &str = include_str!("../../../pages/account.html");
const DEVICE: &str = include_str!("../../../pages/device.html");
const DEVICE_DONE: &str = include_str!("../../../pages/device-done.html");
const REFUSED: &str = include_str!("../../../pages/refused.html");

/// A page that describes this server.
pub(crate) fn front_page() -> Response {
    Response::html(200, fill(FRONT, &[]))
}

/// The list of accounts.
pub(super) fn sign_in(client_name: &str, ticket: &str, accounts: &[Account]) -> Response {
    let page = fill(
        SIGN_IN,
        &[
            ("client", &escape(client_name)),
            ("ticket", &escape(ticket)),
            ("accounts", &buttons(accounts)),
        ],
    );
    Response::html(200, page)
}

/// The form for a device code.
pub(super) fn device(accounts: &[Account]) -> Response {
    Response::html(200, fill(DEVICE, &[("accounts", &buttons(accounts))]))
}

/// The page after approval.
pub(super) fn device_done() -> Response {
    Response::html(200, fill(DEVICE_DONE, &[]))
}

/// The error page of a request.
pub(super) fn refused(refusal: &Refusal) -> Response {
    let (Refusal::OAuth(status, _, what) | Refusal::Platform(status, _, what)) = refusal;
    Response::html(*status, fill(REFUSED, &[("what", &escape(what))]))
}

fn buttons(accounts: &[Account]) -> String {
    accounts.iter().enumerate().map(button).collect()
}

fn button((place, account): (usize, &Account)) -> String {
    const HUES: [&str; 6] = ["265", "155", "25", "340", "205", "85"];
    fill(
        ACCOUNT,
        &[
            ("sub", &escape(&account.sub)),
            ("email", &escape(&account.email)),
            ("name", &escape(&account.name)),
            ("label", &escape(&account.label)),
            ("initials", &escape(&initials(&account.name))),
            ("hue", HUES[place % HUES.len()]),
        ],
    )
}

fn initials(name: &str) -> String {
    let firsts = name.split_whitespace().filter_map(|word| word.chars().next());
    firsts.take(2).collect()
}

/// Replaces each `{{name}}` of a template in one pass: a value that looks like a placeholder is not
/// replaced again.
fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut page = String::new();
    let mut rest = template;
    while let Some((before, (name, after))) =
        rest.split_once("{{").and_then(|(before, from)| Some((before, from.split_once("}}")?)))
    {
        page.push_str(before);
        page.push_str(value_of(name, values));
        rest = after;
    }
    page + rest
}

fn value_of<'v>(name: &str, values: &[(&str, &'v str)]) -> &'v str {
    if name == "style" {
        return STYLE;
    }
    let mut values = values.iter();
    let found = values.find(|(candidate, _)| *candidate == name);
    found.map_or("", |(_, value)| value)
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
