//! What the user can do if a server cannot be reached, must not be trusted, or refuses.

use std::time::Duration;

use http_client::{
    BaseUrl, DecodeError, Error, ErrorResponse, Phase, ProxyFailure, RequestFailure, SetupError,
    TlsFailure,
};
use terminal_ui::{Hint, in_words, say};

const NOT_THE_SERVER: &str = "something other than the server seems to have responded: \
     check the network, the proxy and --issuer";

const NO_NETWORK: &str =
    "check the network connection; a network with a proxy needs its address in HTTPS_PROXY";

const NO_ADDRESS: &str = "check the network connection and --issuer; a network with a proxy needs \
     its address in HTTPS_PROXY";

const NO_SERVER_HERE: &str = "nothing listens there: check --issuer and --api-base";

const SLOW: &str = "the network or the server is slow: try again";

/// The advice for a request without a response, and a reference to `login-cli doctor` if that shows more.
pub(crate) fn hint(error: &Error) -> Option<Hint> {
    let more = tls_failure(error).map(more).unwrap_or_default();
    advice(error).map(|advice| say(advice).and(more))
}

/// The advice alone, for `login-cli doctor` itself.
pub(crate) fn advice(error: &Error) -> Option<String> {
    Some(match error {
        Error::Setup { source, .. } => setup(source),
        Error::Dns { .. } => NO_ADDRESS.to_owned(),
        Error::Connect { host, .. } if is_loopback(host) => NO_SERVER_HERE.to_owned(),
        Error::Connect { .. } => NO_NETWORK.to_owned(),
        Error::Timeout { phase: Phase::Resolving | Phase::Connecting, .. } => NO_NETWORK.to_owned(),
        Error::Timeout { .. } => SLOW.to_owned(),
        Error::Proxy { host, named_by, source, .. } => proxy(host, named_by, source)?,
        Error::Tls { source, .. } => tls(source)?.to_owned(),
        Error::Redirect { .. } | Error::TooLarge { .. } => NOT_THE_SERVER.to_owned(),
        Error::CutOff { .. } => "try again".to_owned(),
        _ => return None,
    })
}

/// Whether `host`, with or without a port, is this machine.
fn is_loopback(host: &str) -> bool {
    let base: Result<BaseUrl, _> = format!("https://{host}").parse();
    base.is_ok_and(|base| base.is_loopback())
}

/// The advice for a wrong option or variable.
pub(super) fn setup(error: &SetupError) -> String {
    match error {
        SetupError::CaCertificates { named_by: "--ca-file", .. } => {
            "name a PEM file with the certificate of the authority".to_owned()
        }
        SetupError::CaCertificates { named_by, .. } | SetupError::Proxy { named_by, .. } => {
            format!("correct {named_by}, or unset it")
        }
        _ => "install the package ca-certificates, or name a file of authorities in SSL_CERT_FILE"
            .to_owned(),
    }
}

/// How to write the characters that would end a user name or a password.
const ESCAPES: &str = "an @ in them is written as %40, a : as %3A, a / as %2F";

fn proxy(host: &str, named_by: &str, failure: &ProxyFailure) -> Option<String> {
    Some(match failure {
        ProxyFailure::AuthenticationRequired { given: false, .. } => {
            format!("put USER:PASSWORD@ before its host in {named_by}; {ESCAPES}")
        }
        ProxyFailure::AuthenticationRequired { .. } => {
            format!("check the user name and password in {named_by}; {ESCAPES}")
        }
        ProxyFailure::Refused { .. } => format!(
            "if this network has a sign-in page, open it in a browser first; otherwise ask the \
             administrator of the proxy to let {host} through, or add it to NO_PROXY if it can be \
             reached without"
        ),
        ProxyFailure::UnresolvedHere(_) => {
            format!("write socks5h:// in {named_by}, so that the proxy looks names up")
        }
        ProxyFailure::Tls(failure) => tls(failure)?.to_owned(),
        _ => format!("check the proxy in {named_by}, or unset it if this network has none"),
    })
}

/// The TLS failure of the server or of the proxy.
fn tls_failure(error: &Error) -> Option<&TlsFailure> {
    match error {
        Error::Tls { source, .. } => Some(source),
        Error::Proxy { source: ProxyFailure::Tls(source), .. } => Some(source),
        _ => None,
    }
}

fn tls(failure: &TlsFailure) -> Option<&'static str> {
    Some(match failure {
        TlsFailure::UnknownAuthority | TlsFailure::BadSignature => {
            "if your network inspects TLS, name its CA with --ca-file or CODEX_CA_CERTIFICATE"
        }
        TlsFailure::Expired { .. } | TlsFailure::NotYetValid { .. } => {
            "if the clock of this machine is wrong, set it; if it is right, something other than \
             the server may have responded"
        }
        TlsFailure::CutOff(_) | TlsFailure::Incompatible(_) | TlsFailure::Protocol(_) => {
            "a firewall or a proxy on the way may be interfering: try another network"
        }
        TlsFailure::WrongName { .. } | TlsFailure::NotTls(_) | TlsFailure::Certificate(_) => {
            "something other than the server may have responded, such as the sign-in page of a Wi-Fi: \
             check the network, the proxy and --issuer"
        }
        _ => return None,
    })
}

/// The reference to `login-cli doctor` that follows the advice.
fn more(failure: &TlsFailure) -> Hint {
    match failure {
        TlsFailure::UnknownAuthority | TlsFailure::BadSignature => say("; ")
            .run_for_servers("doctor")
            .then(" shows what is trusted now, such as a stale SSL_CERT_FILE"),
        TlsFailure::CutOff(_) | TlsFailure::Incompatible(_) | TlsFailure::Protocol(_) => {
            say(", and look at ").run_for_servers("doctor")
        }
        _ => Hint::default(),
    }
}

/// What the error of one request asks for. `other` is for a status that means something else at each
/// endpoint.
pub(super) fn request(
    failure: Option<RequestFailure<'_>>,
    other: impl FnOnce(&ErrorResponse) -> Option<Hint>,
) -> Option<Hint> {
    match failure? {
        RequestFailure::NoResponse(error) => hint(error),
        RequestFailure::ErrorResponse(response) => {
            any_response(response).map(say).or_else(|| other(response))
        }
        // Often the page of a proxy or a firewall.
        RequestFailure::InvalidResponse(DecodeError::NotJson { .. }) => Some(say(NOT_THE_SERVER)),
        RequestFailure::InvalidResponse(_) => None,
    }
}

/// What an error response means at every endpoint.
fn any_response(response: &ErrorResponse) -> Option<String> {
    Some(match (response.status, response.retry_after) {
        (429 | 503, Some(pause)) => format!("wait {}, and try again", in_words(rounded(pause))),
        (429, None) => "wait a little, and try again".to_owned(),
        (500.., _) => "the server has a problem: try again later".to_owned(),
        (403 | 451, _) if !response.is_json => BLOCKED.to_owned(),
        _ if !response.is_json => NOT_THE_SERVER.to_owned(),
        _ => return None,
    })
}

const BLOCKED: &str = "something on the way blocks this, such as a firewall or a rule for your country: try another \
     network, or ask the administrator of this one";

/// A server can ask for a day at most.
fn rounded(pause: Duration) -> Duration {
    pause.clamp(Duration::from_secs(1), Duration::from_secs(24 * 60 * 60))
}

pub(super) const CHECK_ISSUER: &str = "check --issuer";

#[cfg(test)]
mod tests {
    use http_client::RootCause;

    use super::*;

    fn cause() -> RootCause {
        RootCause::new("why")
    }

    #[track_caller]
    fn of_connect(host: &str, expected: &str) {
        let error = Error::Connect { host: host.to_owned(), source: cause() };
        assert_eq!(advice(&error).as_deref(), Some(expected), "{host}");
    }

    #[test]
    fn hint_for_a_failed_connection_depends_on_loopback() {
        for host in ["localhost", "localhost:8080", "127.0.0.1:9", "127.1.2.3", "[::1]:9"] {
            of_connect(host, NO_SERVER_HERE);
        }
        for host in ["auth.openai.com", "localhost.test:9", "10.0.0.1:9", "[2001:db8::1]:9"] {
            of_connect(host, NO_NETWORK);
        }
    }

    #[test]
    fn unresolved_name_suggests_a_wrong_issuer() {
        let error = Error::Dns { host: "issuer.test".to_owned(), source: cause() };
        assert_eq!(advice(&error).as_deref(), Some(NO_ADDRESS));
    }

    fn of_proxy(source: ProxyFailure) -> Error {
        let (host, proxy) = ("issuer.test".to_owned(), "proxy.test:3128".to_owned());
        Error::Proxy { host, proxy, named_by: "ALL_PROXY", source }
    }

    #[track_caller]
    fn advises(source: ProxyFailure, expected: &str) {
        let words = format!("{source:?}");
        assert_eq!(advice(&of_proxy(source)).as_deref(), Some(expected), "{words}");
    }

    // threats 203
    #[test]
    fn missing_and_wrong_proxy_passwords_have_different_hints() {
        let unknown = |given| ProxyFailure::AuthenticationRequired { given };
        advises(
            unknown(false),
            "put USER:PASSWORD@ before its host in ALL_PROXY; an @ in them is written as %40, \
             a : as %3A, a / as %2F",
        );
        advises(
            unknown(true),
            "check the user name and password in ALL_PROXY; an @ in them is written as %40, \
             a : as %3A, a / as %2F",
        );
    }

    // threats 203
    #[test]
    fn refusing_proxy_hint_names_its_administrator() {
        let forbidden = "if this network has a sign-in page, open it in a browser first; otherwise \
                         ask the administrator of the proxy to let issuer.test through, or add it \
                         to NO_PROXY if it can be reached without";
        advises(ProxyFailure::Refused { reason: None }, forbidden);
    }

    // threats 203
    #[test]
    fn unreachable_proxy_hint_names_its_variable() {
        let check = "check the proxy in ALL_PROXY, or unset it if this network has none";
        advises(ProxyFailure::TimedOut { after: std::time::Duration::from_secs(10) }, check);
        advises(ProxyFailure::Unreachable(cause()), check);
        advises(
            ProxyFailure::UnresolvedHere(cause()),
            "write socks5h:// in ALL_PROXY, so that the proxy looks names up",
        );
    }

    #[track_caller]
    fn leads_to_doctor(failure: fn() -> TlsFailure, expected: &str, more: &str) {
        let direct = Error::Tls { host: "issuer.test".to_owned(), source: failure() };
        for error in [direct, of_proxy(ProxyFailure::Tls(failure().into()))] {
            assert_eq!(advice(&error).as_deref(), Some(expected));
            let args = crate::args::SharedArgs::usual().unwrap().command_prefix();
            let shown = hint(&error).map(|hint| hint.to_plain_text(&args));
            assert_eq!(shown, Some(format!("{expected}{more}")));
        }
    }

    #[test]
    fn only_other_commands_refer_to_doctor() {
        leads_to_doctor(
            || TlsFailure::UnknownAuthority,
            "if your network inspects TLS, name its CA with --ca-file or CODEX_CA_CERTIFICATE",
            "; login-cli doctor shows what is trusted now, such as a stale SSL_CERT_FILE",
        );
        leads_to_doctor(
            || TlsFailure::CutOff(cause()),
            "a firewall or a proxy on the way may be interfering: try another network",
            ", and look at login-cli doctor",
        );
        leads_to_doctor(
            || TlsFailure::NotTls(cause()),
            "something other than the server may have responded, such as the sign-in page of a \
             Wi-Fi: check the network, the proxy and --issuer",
            "",
        );
    }
}
