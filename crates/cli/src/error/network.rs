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

/// The advice for a request without a response.
pub(crate) fn hint(error: &Error) -> Option<Hint> {
    Some(match error {
        Error::Setup { source, .. } => setup(source),
        Error::Dns { .. } => say(NO_ADDRESS),
        Error::Connect { host, .. } if is_loopback(host) => say(NO_SERVER_HERE),
        Error::Connect { .. } => say(NO_NETWORK),
        Error::Timeout { phase: Phase::Resolving | Phase::Connecting, .. } => say(NO_NETWORK),
        Error::Timeout { .. } => say("the network or the server is slow: try again"),
        Error::Proxy { host, named_by, source, .. } => return proxy(host, named_by, source),
        Error::Tls { source, .. } => return tls(source),
        Error::Redirect { .. } | Error::TooLarge { .. } => say(NOT_THE_SERVER),
        Error::CutOff { .. } => say("try again"),
        _ => return None,
    })
}

/// Whether `host`, with or without a port, is this machine.
fn is_loopback(host: &str) -> bool {
    let base: Result<BaseUrl, _> = format!("https://{host}").parse();
    base.is_ok_and(|base| base.is_loopback())
}

/// The advice for a wrong option or variable.
pub(super) fn setup(error: &SetupError) -> Hint {
    match error {
        SetupError::CaCertificates { named_by: "--ca-file", .. } => {
            say("pass a PEM file that contains the CA certificate")
        }
        SetupError::CaCertificates { named_by, .. } | SetupError::Proxy { named_by, .. } => {
            say(format!("correct {named_by}, or unset it"))
        }
        SetupError::Tls { .. } => say("trust the CA certificates of a file: --ca-file FILE"),
        _ => say("install the ca-certificates package, or set SSL_CERT_FILE to a CA bundle"),
    }
}

fn proxy(host: &str, named_by: &str, failure: &ProxyFailure) -> Option<Hint> {
    Some(say(match failure {
        ProxyFailure::AuthenticationRequired { given, .. } => {
            let what = if *given {
                "check the user name and password"
            } else {
                "put USER:PASSWORD@ before its host"
            };
            // These characters would end a user name or a password.
            format!("{what} in {named_by}; an @ in them is written as %40, a : as %3A, a / as %2F")
        }
        ProxyFailure::Refused { .. } => format!(
            "if this network has a sign-in page, open it in a browser first; otherwise ask the \
             administrator of the proxy to let {host} through, or add it to NO_PROXY if it can be \
             reached without"
        ),
        ProxyFailure::UnresolvedHere(_) => {
            format!("use socks5h:// in {named_by}, so that the proxy resolves host names")
        }
        ProxyFailure::Tls(failure) => return tls(failure),
        _ => format!("check the proxy in {named_by}, or unset it if this network has none"),
    }))
}

fn tls(failure: &TlsFailure) -> Option<Hint> {
    Some(say(match failure {
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
    }))
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
            any_response(response).or_else(|| other(response))
        }
        // Often the page of a proxy or a firewall.
        RequestFailure::InvalidResponse(DecodeError::NotJson { .. }) => Some(say(NOT_THE_SERVER)),
        RequestFailure::InvalidResponse(_) => None,
    }
}

/// What an error response means at every endpoint.
fn any_response(response: &ErrorResponse) -> Option<Hint> {
    // A server can ask for a day at most.
    let rounded =
        |pause: Duration| pause.clamp(Duration::from_secs(1), Duration::from_secs(86_400));
    Some(match (response.status, response.retry_after) {
        (429 | 503, Some(pause)) => {
            say(format!("wait {}, and try again", in_words(rounded(pause))))
        }
        (429, None) => say("wait a little, and try again"),
        (500.., _) => say("the server returned an error: try again later"),
        (403 | 451, _) if !response.is_json => say(
            "something on the way blocks this, such as a firewall or a rule for your country: try \
             another network, or ask the administrator of this one",
        ),
        _ if !response.is_json => say(NOT_THE_SERVER),
        _ => return None,
    })
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
    fn of_connect(host: &str, expected: &'static str) {
        let error = Error::Connect { host: host.to_owned(), source: cause() };
        assert_eq!(hint(&error), Some(say(expected)), "{host}");
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
        assert_eq!(hint(&error), Some(say(NO_ADDRESS)));
    }

    fn of_proxy(source: ProxyFailure) -> Error {
        let (host, proxy) = ("issuer.test".to_owned(), "proxy.test:3128".to_owned());
        Error::Proxy { host, proxy, named_by: "ALL_PROXY", source }
    }

    #[track_caller]
    fn advises(source: ProxyFailure, expected: &'static str) {
        let words = format!("{source:?}");
        assert_eq!(hint(&of_proxy(source)), Some(say(expected)), "{words}");
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
            "use socks5h:// in ALL_PROXY, so that the proxy resolves host names",
        );
    }

    #[test]
    fn certificate_hint_is_the_same_for_a_server_and_for_a_proxy() {
        let expected =
            "if your network inspects TLS, name its CA with --ca-file or CODEX_CA_CERTIFICATE";
        let failure = || TlsFailure::UnknownAuthority;
        let direct = Error::Tls { host: "issuer.test".to_owned(), source: failure() };
        for error in [direct, of_proxy(ProxyFailure::Tls(failure().into()))] {
            assert_eq!(hint(&error), Some(say(expected)));
        }
    }
}
