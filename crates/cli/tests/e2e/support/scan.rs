//! What is held against every run, whatever it was for.

use sandbox::{Endpoint, Recorded, Step};

use super::{Canaries, Finished, Page, World};

/// The exit codes of the program; a panic (101) or a signal is none of them.
const EXIT_CODES: [i32; 7] = [0, 1, 2, 3, 13, 130, 143];

// threats 193 208
#[track_caller]
pub(crate) fn assert_kept(world: &World, finished: &Finished, prints_key: bool) {
    assert!(EXIT_CODES.contains(&finished.code), "{}: {}", finished.code, finished.stderr);
    assert_eq!(hostile(&finished.stderr), None, "stderr: {:?}", finished.stderr);
    assert_eq!(hostile(&finished.stdout), None);
    assert!(finished.stderr.matches("/oauth/authorize?").count() <= 1, "more than one URL");
    assert_nothing_left_behind(world);
    assert_no_secret(world, finished, prints_key);
}

/// The first character that a terminal would obey, or that a person could not see.
pub(crate) fn hostile(text: &str) -> Option<char> {
    text.chars().find(|c| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}')
            || matches!(c, '\u{2060}'..='\u{2069}')
    })
}

/// No temporary file: it could hold a secret.
#[track_caller]
fn assert_nothing_left_behind(world: &World) {
    let known = |name: &String| {
        matches!(name.as_str(), "auth.json" | "auth.lock" | "auth.json.lock")
            || name.starts_with("auth.json.corrupt-")
    };
    let names = world.stored_names();
    assert!(names.iter().all(known), "{names:?}");
}

#[track_caller]
fn assert_no_secret(world: &World, finished: &Finished, prints_key: bool) {
    let secrets = world.sandbox.canaries();
    let canaries = Canaries::new(secrets.iter().map(String::as_str));
    if canaries.is_empty() {
        return;
    }
    let is_clean = |what: &str, bytes: &[u8]| {
        assert_eq!(canaries.found_in(bytes), None, "a secret in {what}, at this byte");
    };
    is_clean("stdout", stdout_without_key(world, finished, prints_key).as_bytes());
    is_clean("stderr", without_state(&finished.stderr).as_bytes());
    for step in finished.trails.iter().flat_map(|trail| &trail.steps) {
        if is_ours(world, step) {
            let (head, body) = seen_by_browser(world, step);
            is_clean(&format!("the head of {step:?}"), head.as_bytes());
            is_clean(&format!("the page of {step:?}"), body.as_bytes());
        }
    }
    for Page { headers, body, .. } in &finished.pages {
        is_clean("a page", format!("{headers:?}{body}").as_bytes());
    }
    for request in world.sandbox.requests() {
        is_clean(&format!("the head of {request:?}"), head_of(&request).as_bytes());
    }
}

/// A key that was printed where that is what the command is for counts once.
fn stdout_without_key(world: &World, finished: &Finished, prints_key: bool) -> String {
    let keys = world.sandbox.issued().api_keys;
    let key = keys.iter().filter(|_| prints_key).find(|key| finished.stdout.contains(*key));
    match key {
        Some(key) => finished.stdout.replacen(key, "", 1),
        None => finished.stdout.clone(),
    }
}

/// The authorization URL has the state, and it alone: it stands at the end of its line, or before
/// the workspaces.
fn without_state(stderr: &str) -> String {
    let without = |line: &str| match line.split_once("&state=") {
        Some((url, rest)) if line.starts_with("http") => {
            let after = rest.find('&').unwrap_or(rest.len());
            format!("{url}{}\n", &rest[after..])
        }
        _ => format!("{line}\n"),
    };
    stderr.lines().map(without).collect()
}

/// Whether the answer came from the program and not from the sandbox.
fn is_ours(world: &World, step: &Step) -> bool {
    !step.url.as_str().starts_with(world.sandbox.issuer_url())
}

/// What the browser keeps of an answer: its URL, its headers and its page. The URL of the callback
/// has code and state by its nature; the page that finishes the setup has the ID token by contract.
fn seen_by_browser(world: &World, step: &Step) -> (String, String) {
    let url = if step.url.path() == "/auth/callback" { "" } else { step.url.as_str() };
    let headers = step.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
    let mut body = step.text();
    if step.url.path() == "/success" {
        for id_token in world.sandbox.issued().id_tokens {
            body = body.replace(&format!("&amp;t={id_token}&amp;"), "");
        }
    }
    (format!("{url}\n{}", headers.collect::<String>()), body)
}

/// A secret travels in a body, or behind `Authorization`; the browser's own requests have the state.
fn head_of(request: &Recorded) -> String {
    let is_browser = matches!(request.endpoint, Endpoint::Authorize | Endpoint::Choice);
    let query = request.query.as_deref().filter(|_| !is_browser).unwrap_or_default();
    let headers = request.headers.iter().filter(|(name, _)| name != "authorization");
    let headers = headers.map(|(name, value)| format!("{name}: {value}\n"));
    format!("{}?{query}\n{}", request.path, headers.collect::<String>())
}
