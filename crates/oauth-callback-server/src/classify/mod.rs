//! Classifies a request by its head, or by its head and form body. No I/O, no state.

use credentials::AuthorizationCode;
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::{Method, Request, Uri};
use printable::excerpt;

use crate::limits::{MAX_HEADERS, MAX_REQUEST_LINE};
use crate::query::{CallbackParameters, Parameter, Parameters};
use crate::{RedirectHost, RejectedCallback, State};

/// What a request has to match to be the callback.
pub(crate) struct Rules {
    pub(crate) port: u16,
    pub(crate) redirect_host: RedirectHost,
    pub(crate) callback_path: String,
    pub(crate) form_post: bool,
    pub(crate) state: State,
    pub(crate) issuer: Option<String>,
    pub(crate) iss_required: bool,
}

/// A request without its body. Only the body of a [`RequestKind::Form`] is read.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a Method,
    pub(crate) uri: &'a Uri,
    pub(crate) headers: &'a HeaderMap,
}

/// The kind of a request.
pub(crate) enum RequestKind {
    /// Not the callback. A constant page is the response.
    Refused(Refusal),
    /// Looks like the callback: also reported to the caller.
    Rejected(Refusal),
    /// A form that may be the callback: the parameters are in its body.
    Form,
    /// A valid request for another path: the redirect page, or 404.
    OtherPath,
    /// The callback: it has the right `state`.
    Callback(AuthorizationResponse),
}

/// Why a request is refused.
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

/// The authorization response
/// ([RFC 6749 §4.1.2](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2)).
#[derive(Debug)]
pub(crate) enum AuthorizationResponse {
    Code(AuthorizationCode, CallbackParameters),
    Denied { error: String, error_description: Option<String> },
    MissingCode,
    WrongIssuer,
}

impl Refusal {
    /// What is reported to the caller, if the request looks like the callback.
    pub(crate) fn as_rejection(self) -> Option<RejectedCallback> {
        Some(match self {
            Self::Tls => RejectedCallback::Https,
            Self::StateMismatch => RejectedCallback::StateMismatch,
            Self::MissingState => RejectedCallback::MissingState,
            Self::BadRequest => RejectedCallback::Malformed,
            Self::NotNavigation => RejectedCallback::NotNavigation,
            Self::OtherHost => RejectedCallback::OtherHost,
            Self::OtherUser => RejectedCallback::OtherUser,
            Self::HeadTooLarge => RejectedCallback::HeaderTooLarge,
            _ => return None,
        })
    }
}

impl Rules {
    /// Whether this `Host` is a name of this server.
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

/// Classifies the body of a [`RequestKind::Form`].
pub(crate) fn classify_form(rules: &Rules, body: &[u8]) -> RequestKind {
    // A body that is not UTF-8 has no parameters.
    let parameters = Parameters::parse(std::str::from_utf8(body).unwrap_or_default());
    classify_response(rules, &parameters, Ok(()))
}

fn is_form(rules: &Rules, head: Head<'_>) -> bool {
    rules.form_post && *head.method == Method::POST && head.uri.path() == rules.callback_path
}

/// The `Host` is checked first: a request for another host is refused before anything else in it is read.
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

/// Keeps an earlier refusal. It becomes a rejection if the request looks like the callback.
fn classify_response(
    rules: &Rules,
    parameters: &Parameters,
    checked: Result<(), Refusal>,
) -> RequestKind {
    match checked.and_then(|()| classify_callback(rules, parameters)) {
        Ok(response) => RequestKind::Callback(response),
        Err(refusal) if parameters.is_response() => RequestKind::Rejected(refusal),
        Err(refusal) => RequestKind::Refused(refusal),
    }
}

fn check_size(head: Head<'_>) -> Result<(), Refusal> {
    let target = head.uri.path_and_query().map_or(0, |it| it.as_str().len());
    if head.method.as_str().len() + target + "  HTTP/1.1".len() > MAX_REQUEST_LINE {
        return Err(Refusal::LineTooLong);
    }
    let lines = head.headers.iter();
    let size = |(name, value): (&HeaderName, &header::HeaderValue)| {
        name.as_str().len() + value.len() + ": \r\n".len()
    };
    if lines.map(size).sum::<usize>() > MAX_HEADERS {
        return Err(Refusal::HeadTooLarge);
    }
    Ok(())
}

/// DNS rebinding: for its browser, a page of a host name that now resolves to this machine has our origin. Only
/// the `Host` header tells it apart.
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

/// The callback is a navigation of the browser. The headers of a request by an image, a frame or a script say
/// that it is not a navigation ([Fetch Metadata](https://www.w3.org/TR/fetch-metadata/)). A prefetch is refused,
/// because it would use the code before the user sees the page. A client without these headers is accepted.
/// Only a navigation by a form has an `Origin`.
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

/// A target with a scheme or an authority is a request to a proxy
/// ([RFC 9112 §3.2](https://www.rfc-editor.org/rfc/rfc9112#section-3.2)).
fn check_target(uri: &Uri) -> Result<(), Refusal> {
    let is_path = uri.scheme().is_none() && uri.authority().is_none();
    is_path.then_some(()).ok_or(Refusal::BadRequest)
}

pub(crate) fn classify_callback(
    rules: &Rules,
    parameters: &Parameters,
) -> Result<AuthorizationResponse, Refusal> {
    let Parameters { state, code, error, error_description, iss, others } = parameters;
    let once = [state, code, error, error_description];
    let malformed = [state, code, error];
    if once.into_iter().any(Parameter::is_repeated)
        || malformed.into_iter().any(Parameter::is_malformed)
    {
        return Err(Refusal::BadRequest);
    }
    match state.value() {
        None => return Err(Refusal::MissingState),
        Some(value) if !rules.state.matches(value) => return Err(Refusal::StateMismatch),
        Some(_) => {}
    }
    if !is_issuer(rules, iss) {
        return Ok(AuthorizationResponse::WrongIssuer);
    }
    match error.value() {
        Some(error) => Ok(denied(error, error_description)),
        None => classify_code(code, others),
    }
}

/// An `iss` parameter must equal the issuer, by simple string comparison
/// ([RFC 9207 §2.4](https://www.rfc-editor.org/rfc/rfc9207#section-2.4)).
fn is_issuer(rules: &Rules, iss: &Parameter) -> bool {
    match &rules.issuer {
        None => true,
        Some(_) if !iss.is_present() => !rules.iss_required,
        Some(issuer) => iss.value().is_some_and(|iss| iss == issuer || is_tenant_of(issuer, iss)),
    }
}

/// Whether `iss` is the template with the name of a tenant.
fn is_tenant_of(template: &str, iss: &str) -> bool {
    let Some((before, after)) = template.split_once(TENANT) else { return false };
    let tenant = iss.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    let is_name = |it: &str| it.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    tenant.is_some_and(|it| !it.is_empty() && is_name(it))
}

/// The placeholder of [`CallbackConfig::issuer`](crate::CallbackConfig::issuer).
const TENANT: &str = "{tenantid}";

/// The maximum length of an `error` or `error_description` in an error.
const MAX_ERROR_CHARS: usize = 200;

fn denied(error: &str, error_description: &Parameter) -> AuthorizationResponse {
    AuthorizationResponse::Denied {
        error: excerpt(error, MAX_ERROR_CHARS),
        error_description: error_description.value().map(|text| excerpt(text, MAX_ERROR_CHARS)),
    }
}

/// No server issues a code with a control character: it does not end the wait.
fn classify_code(
    code: &Parameter,
    others: &CallbackParameters,
) -> Result<AuthorizationResponse, Refusal> {
    match code.value() {
        None => Ok(AuthorizationResponse::MissingCode),
        Some(code) => AuthorizationCode::new(code)
            .map(|code| AuthorizationResponse::Code(code, others.clone()))
            .map_err(|_| Refusal::BadRequest),
    }
}

#[cfg(test)]
mod tests;
