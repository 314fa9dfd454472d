use std::path::{Path, PathBuf};

use crate::ca_certificates::InvalidCaCertificates;

/// What of the [`Options`](crate::Options) cannot be used. It is the person's to set right, so that each names the
/// flag or the variable.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The certificate authorities of a file or a folder.
    #[error("{}", authorities(named_by, path))]
    CaCertificates {
        /// The flag or the variable.
        named_by: &'static str,
        /// The file or the folder.
        path: PathBuf,
        /// What is wrong with it.
        source: InvalidCaCertificates,
    },
    /// The proxy. Its URL is not repeated, since it may hold a password.
    #[error("cannot use the proxy that {named_by} names")]
    Proxy {
        /// The flag or the variable.
        named_by: &'static str,
        /// What is wrong with it.
        source: BadProxy,
    },
    /// Nothing names any certificate authority, and the system has none.
    #[error("this system has no certificate authorities, so no server can be trusted")]
    NoCaCertificates,
}

fn authorities(named_by: &str, path: &Path) -> String {
    if path.as_os_str().is_empty() {
        return format!("{named_by} is set, and names no certificate authorities");
    }
    let path = path.display();
    format!("cannot trust the certificate authorities in {path}, which {named_by} names")
}

/// Why a text cannot be a proxy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadProxy {
    /// Not a URL at all, one without a host, or one with more than that.
    #[error(
        "it is not a URL such as http://USER:PASSWORD@proxy.example.com:3128 (an @ in a password is \
         written as %40, a : as %3A, a / as %2F, a # as %23, a ? as %3F)"
    )]
    NotAUrl,
    /// A host with letters beyond ASCII, which are not translated here, or with others that none has.
    #[error(
        "the host in it is no host's name; one with letters beyond ASCII is written in its xn-- form"
    )]
    HostName,
    /// A scheme that is none of a proxy.
    #[error("it begins with {0}://, where http://, https://, socks5:// or socks5h:// is expected")]
    Scheme(String),
}
