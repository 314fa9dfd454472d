//! What a request is, decided from its head alone: no I/O, no memory of other requests.

use credentials::AuthorizationCode;
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Method, Request, Uri};
use printable::excerpt;

use crate::query::{Parameter, Parameters};
use crate::{RedirectHost, State};

/// What the one awaited callback looks like.
pub(crate) struct Rules {
    pub(crate) port: u16,
    pub(crate) redirect_host: RedirectHost,
    pub(crate) callback_path: &'static str,
    pub(crate) form_post: bool,
    pub(crate) state: State,
    pub(crate) issuer: Option<String>,
}

/// A request without its body, which is read for a [`RequestKind::Form`] alone.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
}

/// What to do with a request.
pub(crate) enum RequestKind {
    /// Answer with a constant page and forget it.
    Refused(Refusal),
    /// The same, and tell the caller: it has what a callback has.
    Rejected(Refusal),
    /// A form that may be the callback: its body has the parameters.
    Form,
    /// An innocent request for another path, which is the landing page or nothing.
    OtherPath,
    /// The callback that was waited for: it has the right `state`.
    Returned(AuthorizationResponse),
}

/// Why a request is none of our business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    BadRequest,
    StateMismatch,
    MissingState,
    OtherHost,
    NotNavigation,
    OtherUser,
    OtherCode,
    NotFound,
    MethodNotAllowed,
    UnknownMethod,
    LineTooLong,
    HeadTooLarge,
    BodyTooLarge,
    UnknownType,
    Tls,
}

/// How the authorization server answered
/// ([RFC 6749 §4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)).
#[derive(Debug)]
pub(crate) enum AuthorizationResponse {
    Code(AuthorizationCode),
    Denied { error: String, error_description: Option<String> },
    MissingCode,
    WrongIssuer,
}

/// The longest request line that is read.
pub(crate) const LONGEST_LINE: usize = 8 * 1024;
/// The largest header section that is read.
pub(crate) const LARGEST_HEADERS: usize = 16 * 1024;

impl Rules {
    /// Whether this is one of the names under which a browser finds this port.
    pub(crate) fn is_our_host(&self, host: &[u8]) -> bool {
        let port = self.port;
        let ours = ["localhost", "127.0.0.1", "[::1]"].map(|name| format!("{name}:{port}"));
        ours.iter().any(|name| host.eq_ignore_ascii_case(name.as_bytes()))
    }
}

impl<'a> Head<'a> {
    pub(crate) fn from_request<B>(request: &'a Request<B>) -> Self {
        Self { method: request.method(), uri: request.uri(), headers: request.headers() }
    }
}

/// Judges the body of a [`RequestKind::Form`].
pub(crate) fn classify_form(rules: &Rules, body: &[u8]) -> RequestKind {
    // What is no text is no parameter either.
    let parameters = Parameters::parse(std::str::from_utf8(body).unwrap_or_default());
    classify_response(rules, &parameters, Ok(()))
}

fn is_form(rules: &Rules, head: Head<'_>) -> bool {
    rules.form_post && *head.method == Method::POST && head.uri.path() == rules.callback_path
}

/// The order matters: a request whose `Host` is not ours is refused whatever else it has.
pub(crate) fn classify(rules: &Rules, head: Head<'_>) -> RequestKind {
    let checked = check_size(head)
        .and_then(|()| check_host(head.headers, rules))
        .and_then(|()| check_method(head.method, is_form(rules, head)))
        .and_then(|()| check_origin(head))
        .and_then(|()| check_target(head.uri));
    if checked.is_ok() && is_form(rules, head) {
        return RequestKind::Form;
    }
    if head.uri.path() != rules.callback_path {
        return checked.map_or_else(RequestKind::Refused, |()| RequestKind::OtherPath);
    }
    let parameters = Parameters::parse(head.uri.query().unwrap_or_default());
    classify_response(rules, &parameters, checked)
}

/// What was refused so far stays so, and is told where it looks like the callback.
fn classify_response(
    rules: &Rules,
    parameters: &Parameters,
    checked: Result<(), Refusal>,
) -> RequestKind {
    match checked.and_then(|()| classify_callback(rules, parameters)) {
        Ok(returned) => RequestKind::Returned(returned),
        Err(refusal) if parameters.is_response() => RequestKind::Rejected(refusal),
        Err(refusal) => RequestKind::Refused(refusal),
    }
}

fn check_size(head: Head<'_>) -> Result<(), Refusal> {
    let target = head.uri.path_and_query().map_or(0, |it| it.as_str().len());
    if head.method.as_str().len() + target + "  HTTP/1.1".len() > LONGEST_LINE {
        return Err(Refusal::LineTooLong);
    }
    let lines = head.headers.iter();
    let size = |(name, value): (&HeaderName, &header::HeaderValue)| {
        name.as_str().len() + value.len() + ": \r\n".len()
    };
    if lines.map(size).sum::<usize>() > LARGEST_HEADERS {
        return Err(Refusal::HeadTooLarge);
    }
    Ok(())
}

/// A page whose name was made to resolve to this machine (DNS rebinding) is of our origin as far as
/// its browser knows; only the `Host` tells them apart.
fn check_host(headers: &HeaderMap, rules: &Rules) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return Err(Refusal::BadRequest);
    };
    if host.is_empty() {
        return Err(Refusal::BadRequest);
    }
    rules.is_our_host(host.as_bytes()).then_some(()).ok_or(Refusal::OtherHost)
}

fn check_method(method: &Method, is_form: bool) -> Result<(), Refusal> {
    match *method {
        Method::GET => Ok(()),
        Method::POST if is_form => Ok(()),
        Method::POST => Err(Refusal::NotFound),
        Method::HEAD
        | Method::OPTIONS
        | Method::PUT
        | Method::DELETE
        | Method::PATCH
        | Method::TRACE
        | Method::CONNECT => Err(Refusal::MethodNotAllowed),
        _ => Err(Refusal::UnknownMethod),
    }
}

/// The authorization server sends the person here by a navigation. An image, a frame, a form or a
/// script of some page is not that, and says so
/// ([Fetch Metadata](https://www.w3.org/TR/fetch-metadata/)); nor is a prefetch, which would spend
/// the code before the person is there. A client that says nothing is let through. A navigation by a form
/// names where it comes from, and one by an address does not.
fn check_origin(head: Head<'_>) -> Result<(), Refusal> {
    let headers = head.headers;
    let all_are = |name: &'static str, expected: &str| {
        headers.get_all(name).iter().all(|value| value == expected)
    };
    let is_navigation = (*head.method == Method::POST || !headers.contains_key(header::ORIGIN))
        && !headers.contains_key("sec-purpose")
        && all_are("sec-fetch-dest", "document")
        && all_are("sec-fetch-mode", "navigate");
    is_navigation.then_some(()).ok_or(Refusal::NotNavigation)
}

/// Only a proxy is asked in another form than by path
/// ([RFC 9112 §3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)).
fn check_target(uri: &Uri) -> Result<(), Refusal> {
    let is_path = uri.scheme().is_none() && uri.authority().is_none();
    is_path.then_some(()).ok_or(Refusal::BadRequest)
}

pub(crate) fn classify_callback(
    rules: &Rules,
    parameters: &Parameters,
) -> Result<AuthorizationResponse, Refusal> {
    let Parameters { state, code, error, error_description, iss } = parameters;
    let once = [state, code, error, error_description];
    let malformed = [state, code, error];
    if once.into_iter().any(Parameter::is_repeated)
        || malformed.into_iter().any(Parameter::is_malformed)
    {
        return Err(Refusal::BadRequest);
    }
    match state.value() {
        None => return Err(Refusal::MissingState),
        Some(offered) if !rules.state.is(offered) => return Err(Refusal::StateMismatch),
        Some(_) => {}
    }
    if !is_from(rules.issuer.as_deref(), iss) {
        return Ok(AuthorizationResponse::WrongIssuer);
    }
    match error.value() {
        Some(error) => Ok(denied(error, error_description)),
        None => classify_code(code),
    }
}

/// An `iss` that is present must be the issuer, by simple comparison
/// ([RFC 9207 §2.4](https://www.rfc-editor.org/rfc/rfc9207#section-2.4)).
fn is_from(issuer: Option<&str>, iss: &Parameter) -> bool {
    match (issuer, iss) {
        (None, _) | (_, Parameter::Absent) => true,
        (Some(issuer), iss) => iss.value() == Some(issuer),
    }
}

/// The most that is repeated of what the authorization server says.
const LONGEST_WORDS: usize = 200;

fn denied(error: &str, error_description: &Parameter) -> AuthorizationResponse {
    AuthorizationResponse::Denied {
        error: excerpt(error, LONGEST_WORDS),
        error_description: error_description.value().map(|words| excerpt(words, LONGEST_WORDS)),
    }
}

/// A code with a control character was not issued by anybody, so it ends nothing.
fn classify_code(code: &Parameter) -> Result<AuthorizationResponse, Refusal> {
    match code.value() {
        None => Ok(AuthorizationResponse::MissingCode),
        Some(code) => AuthorizationCode::new(code)
            .map(AuthorizationResponse::Code)
            .map_err(|_| Refusal::BadRequest),
    }
}

#[cfg(test)]
mod tests;
