//! What a person can do where a server cannot be reached, or should not be.

use http_client::{Error, Phase, ProxyFailure, SetupError, TlsFailure};

pub(super) const NOT_THE_SERVER: &str = "something else than the server seems to have answered: check the network, the proxy and --issuer";

const NO_NETWORK: &str =
    "check the network connection; a network with a proxy needs its address in HTTPS_PROXY";

const SLOW: &str = "the network or the server is slow: try again";

/// Where there is no answer.
pub(crate) fn http(error: &Error) -> Option<String> {
    Some(match error {
        Error::Setup { source, .. } => setup(source),
        Error::Dns { .. } | Error::Connect { .. } => NO_NETWORK.to_owned(),
        Error::Timeout { phase: Phase::Resolving | Phase::Connecting, .. } => NO_NETWORK.to_owned(),
        Error::Timeout { .. } => SLOW.to_owned(),
        Error::Proxy { host, named_by, source, .. } => proxy(host, named_by, source),
        Error::Tls { source, .. } => tls(source)?.to_owned(),
        Error::Redirect { .. } | Error::TooLarge { .. } => NOT_THE_SERVER.to_owned(),
        Error::CutOff { .. } => "try again".to_owned(),
        _ => return None,
    })
}

/// What a flag or a variable of this machine is at fault for.
pub(super) fn setup(error: &SetupError) -> String {
    match error {
        SetupError::Authorities { named_by: "--ca-file", .. } => {
            "name a PEM file with the certificate of the authority".to_owned()
        }
        SetupError::Authorities { named_by, .. } | SetupError::Proxy { named_by, .. } => {
            format!("correct {named_by}, or unset it")
        }
        _ => "install the package ca-certificates, or name a file of authorities in SSL_CERT_FILE"
            .to_owned(),
    }
}

fn proxy(host: &str, named_by: &str, failure: &ProxyFailure) -> String {
    match failure {
        ProxyFailure::AuthenticationRequired => {
            format!(
                "write {named_by} as http://USER:PASSWORD@PROXY:PORT, with %40 for an @ in them"
            )
        }
        ProxyFailure::Refused { .. } => format!(
            "ask whoever runs the proxy to let {host} through, or add it to NO_PROXY if it can be \
             reached without"
        ),
        _ => format!("check the proxy in {named_by}, or unset it if this network has none"),
    }
}

fn tls(failure: &TlsFailure) -> Option<&'static str> {
    Some(match failure {
        TlsFailure::UnknownAuthority | TlsFailure::BadSignature => {
            "if your network inspects TLS, name its CA with --ca-file or CODEX_CA_CERTIFICATE; \
             login-cli doctor shows what is trusted now, such as a stale SSL_CERT_FILE"
        }
        TlsFailure::Expired { .. } | TlsFailure::NotYetValid { .. } => {
            "if the clock of this machine is wrong, set it; if it is right, something else than the \
             server may have answered"
        }
        TlsFailure::CutOff(_) | TlsFailure::Incompatible(_) | TlsFailure::Protocol(_) => {
            "a firewall or a proxy on the way may be interfering: try another network, and look at \
             login-cli doctor"
        }
        TlsFailure::WrongName { .. } | TlsFailure::NotTls(_) | TlsFailure::Certificate(_) => {
            "something else than the server may have answered, such as the sign-in page of a Wi-Fi: \
             check the network, the proxy and --issuer"
        }
        _ => return None,
    })
}
