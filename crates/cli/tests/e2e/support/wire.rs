use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sandbox::Recorded;
use serde_json::Value;
use url::Url;

/// Checks method, path and query.
#[track_caller]
pub(crate) fn assert_request(request: &Recorded, method: &str, path: &str, query: Option<&str>) {
    assert_eq!(request.method, method);
    assert_eq!(request.path, path);
    assert_eq!(request.query.as_deref(), query);
}

/// Exactly these headers in addition to the common ones: no cookies, no origin, no compression,
/// nothing about the user or the machine.
#[track_caller]
pub(crate) fn assert_headers(request: &Recorded, user_agent: &str, further: &[&str]) {
    let host = (format!("{:?}", request.version) == "HTTP/1.1").then_some("host");
    let always = ["accept", "user-agent"].into_iter().chain(host);
    assert_eq!(
        sorted(names(request)),
        sorted(always.chain(further.iter().copied())),
        "{request:?}"
    );
    assert_eq!(request.header("user-agent"), Some(user_agent));
    assert_eq!(request.header("accept"), Some("application/json"));
}

fn names(request: &Recorded) -> impl Iterator<Item = &str> {
    request.headers.iter().map(|(name, _)| name.as_str())
}

fn sorted<'n>(names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names
}

/// Exactly these parameters in this order.
#[track_caller]
pub(crate) fn assert_pairs<const N: usize>(
    pairs: &[(String, String)],
    expected: [(&str, &str); N],
) {
    assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

/// The value of the only parameter with this name.
#[track_caller]
pub(crate) fn parameter(url: &Url, name: &str) -> String {
    let named = pairs(url).into_iter().filter(|(candidate, _)| candidate == name);
    let [(_, value)] = named.collect::<Vec<_>>().try_into().unwrap();
    value
}

/// The form fields in order. Checks the encoding of the body too.
#[track_caller]
pub(crate) fn form(request: &Recorded) -> Vec<(String, String)> {
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    let length = request.body.len().to_string();
    assert_eq!(request.header("content-length"), Some(length.as_str()));
    request.form()
}

pub(crate) fn pairs(url: &Url) -> Vec<(String, String)> {
    url.query_pairs().into_owned().collect()
}

/// The payload of a JWT.
#[track_caller]
pub(crate) fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
