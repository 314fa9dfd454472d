use std::path::{Path, PathBuf};

use crate::ca_certificates::InvalidCaCertificates;
use crate::root_cause::RootCause;

/// An invalid value in [`Options`](crate::Options), which names the flag or variable so that the user can
/// correct it, or a system without TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The CA certificates of a file or folder.
    #[error("{}", authorities(named_by, path))]
    CaCertificates {
        /// The flag or variable.
        named_by: &'static str,
        /// The file or the folder.
        path: PathBuf,
        /// The reason.
        source: InvalidCaCertificates,
    },
    /// The proxy. The error does not contain its URL, which may have a password.
    #[error("cannot use the proxy that {named_by} names")]
    Proxy {
        /// The flag or variable.
        named_by: &'static str,
        /// The reason.
        source: BadProxy,
    },
    /// No option names CA certificates, and the system has none.
    #[error("this system has no certificate authorities, so no server can be trusted")]
    NoCaCertificates,
    /// The TLS library, or the system's verifier of certificates, failed.
    #[error("TLS cannot be set up on this system")]
    Tls {
        /// The reason.
        source: RootCause,
    },
}

fn authorities(named_by: &str, path: &Path) -> String {
    if path.as_os_str().is_empty() {
        return format!("{named_by} is set but empty");
    }
    let path = path.display();
    format!("cannot trust the certificate authorities in {path}, which {named_by} names")
}

/// Why a proxy URL is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadProxy {
    /// Not a URL, without a host, or with a path or query.
    #[error(
        "it is not a URL such as http://USER:PASSWORD@proxy.example.com:3128 (an @ in a password is \
         written as %40, a : as %3A, a / as %2F, a # as %23, a ? as %3F)"
    )]
    NotAUrl,
    /// A host with non-ASCII or invalid characters. IDNs are not translated.
    #[error(
        "the host in it is no host's name; one with letters beyond ASCII is written in its xn-- form"
    )]
    HostName,
    /// Not the scheme of a proxy.
    #[error("it begins with {0}://, where http://, https://, socks5:// or socks5h:// is expected")]
    Scheme(String),
}
