//! What the demo shows of addresses, requests and pages: short, and without a secret.

use sandbox::{Recorded, Step};
use url::{Position, Url};

/// An authorization URL, one parameter a line.
pub(super) fn address(url: &Url) -> Vec<String> {
    let mut lines = vec![url[..Position::AfterPath].to_owned()];
    for (number, (name, value)) in url.query_pairs().enumerate() {
        let mark = if number == 0 { '?' } else { '&' };
        lines.push(format!("    {mark}{name}={}", shown(&name, &value)));
    }
    lines
}

/// Secrets by their names, and one that is none, but as long and as unreadable.
fn shown<'a>(name: &str, value: &'a str) -> &'a str {
    match name {
        "code" | "state" | "t" | "code_challenge" => "…",
        _ => value,
    }
}

/// One step of a browser: what was asked, and what became of it.
pub(super) fn step(step: &Step) -> [String; 2] {
    let asked = format!("{:<10}{}", step.method, place(&step.url));
    let outcome = match step.location() {
        Some(next) => format!("{}, on to {}{}", step.status, place(&next), query(&next)),
        None => match title(&step.text()) {
            Some(title) => format!("{}, the page \"{title}\"", step.status),
            None => step.status.to_string(),
        },
    };
    [asked, outcome]
}

/// `127.0.0.1:4000/oauth/authorize`: no scheme, no query.
fn place(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPath]
}

/// The query, with short values only, and none that is secret.
fn query(url: &Url) -> String {
    const SHORT: usize = 16;
    let pairs = url.query_pairs().map(|(name, value)| {
        let shown = shown(&name, &value);
        format!("{name}={}", if shown.chars().count() > SHORT { "…" } else { shown })
    });
    let query = pairs.collect::<Vec<_>>().join(" &");
    if query.is_empty() { query } else { format!(" ?{query}") }
}

/// The title of a page, with the one character reference that ours have.
pub(super) fn title(page: &str) -> Option<String> {
    let (_, from) = page.split_once("<title>")?;
    Some(from.split_once("</title>")?.0.replace("&amp;", "&"))
}

/// The text with the prefix of each secret instead of the secret: `eyJ…`, `sk-…`, `…`.
pub(super) fn redacted(text: &str, secrets: &[String]) -> String {
    let mut secrets: Vec<&String> = secrets.iter().filter(|secret| !secret.is_empty()).collect();
    // The longest first: another secret can be a part of it.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.into_iter().fold(text.to_owned(), |text, secret| {
        let prefix = ["eyJ", "sk-"].into_iter().find(|prefix| secret.starts_with(prefix));
        text.replace(secret, &format!("{}…", prefix.unwrap_or_default()))
    })
}

/// What a server was asked: the request line without its query, and the names of what came with it.
pub(super) fn request(request: &Recorded) -> (String, Vec<String>) {
    let Recorded { method, path, .. } = request;
    let early = (method == "HEAD").then(|| "early, so that a connection stands".to_owned());
    let bearer = request.header("authorization").is_some_and(|value| value.starts_with("Bearer "));
    let parts = [
        early,
        bearer.then(|| "bearer token".to_owned()),
        part("query", &names(&request.query_pairs())),
        body(request),
    ];
    (format!("{method:<5}{path}"), parts.into_iter().flatten().collect())
}

fn body(request: &Recorded) -> Option<String> {
    match request.header("content-type")? {
        "application/x-www-form-urlencoded" => part("form", &names(&request.form())),
        "application/json" => {
            let json = request.json()?;
            let names = json.as_object()?.keys().cloned();
            part("JSON", &names.collect::<Vec<_>>())
        }
        _ => None,
    }
}

fn part(kind: &str, names: &[String]) -> Option<String> {
    (!names.is_empty()).then(|| format!("{kind}: {}", names.join(", ")))
}

/// The names, and the one value that tells the requests to the token endpoint apart.
fn names(pairs: &[(String, String)]) -> Vec<String> {
    let last = |value: &str| value.rsplit(':').next().unwrap_or_default().to_owned();
    let name = |(name, value): &(String, String)| match name.as_str() {
        "grant_type" => format!("{name}={}", last(value)),
        _ => name.clone(),
    };
    pairs.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn secret_is_replaced_by_its_prefix() {
        let secrets = ["eyJhbGciOi.x.y", "sk-abc", "abc", "", "rt_1"].map(str::to_owned);
        let text = r#"{"id": "eyJhbGciOi.x.y", "key": "sk-abc", "rest": "rt_1 abc"}"#;
        assert_eq!(redacted(text, &secrets), r#"{"id": "eyJ…", "key": "sk-…", "rest": "… …"}"#);
    }

    #[test]
    fn url_has_one_parameter_per_line_and_no_secret() {
        let lines =
            address(&url("http://127.0.0.1:1/oauth/authorize?scope=openid+email&state=s3cret"));
        let expected =
            ["http://127.0.0.1:1/oauth/authorize", "    ?scope=openid email", "    &state=…"];
        assert_eq!(lines, expected);
    }

    #[test]
    fn step_shows_the_redirect_or_the_page_title() {
        let asked = url("http://localhost:1455/auth/callback?code=c0de&state=s3cret");
        let mut one = Step {
            method: "GET",
            url: asked,
            status: 302,
            version: Default::default(),
            headers: vec![("location".to_owned(), "/success?plan=plus&code=c0de".to_owned())],
            body: Vec::new(),
        };
        let place = "GET       localhost:1455/auth/callback";
        let on = "302, on to localhost:1455/success ?plan=plus &code=…";
        assert_eq!(step(&one), [place, on]);

        one.status = 200;
        one.body = b"<title>You &amp; I</title>".to_vec();
        assert_eq!(step(&one), [place, "200, the page \"You & I\""]);
    }

    #[test]
    fn request_shows_parameter_names_without_secrets() {
        let recorded = |content_type: &str, body: &str| Recorded {
            connection: 1,
            endpoint: sandbox::Endpoint::Token,
            method: "POST".to_owned(),
            path: "/oauth/token".to_owned(),
            query: None,
            headers: vec![
                ("content-type".to_owned(), content_type.to_owned()),
                ("authorization".to_owned(), "Bearer s3cret".to_owned()),
            ],
            body: body.as_bytes().to_vec(),
            version: Default::default(),
        };
        let form =
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&code=s3cret";
        let (line, parts) = request(&recorded("application/x-www-form-urlencoded", form));
        assert_eq!(line, "POST /oauth/token");
        assert_eq!(parts, ["bearer token", "form: grant_type=token-exchange, code"]);

        let (_, parts) = request(&recorded("application/json", r#"{"app":"s3cret"}"#));
        assert_eq!(parts, ["bearer token", "JSON: app"]);
    }
}
