use std::io;
use std::path::PathBuf;

/// Why the database cannot be found, or must not be reached as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidParameters {
    /// The address does not begin with `postgres://` or `postgresql://`.
    #[error("the address of the database does not begin with postgres://")]
    NotAnAddress,
    /// The URL or a service file contains a password. Other users can see it, for example in the list of
    /// processes. Use a password file.
    #[error("the address of the database contains a password")]
    PasswordInUrl,
    /// An `@` follows the host. It may end a password that is not encoded, so nothing of the address is shown.
    #[error("the address of the database has an @ after its host: write %40, and no password")]
    UnescapedAt,
    /// A parameter has a value that it cannot have.
    #[error("{name} has an invalid value")]
    InvalidValue {
        /// The keyword or the part of the URL.
        name: String,
    },
    /// This program does not know the parameter. To ignore it could mean to ignore a restriction.
    #[error("the parameter {name} is not supported")]
    Unsupported {
        /// The keyword.
        name: String,
    },
    /// A parameter has no value and no default.
    #[error("{name} is missing in the address of the database")]
    Missing {
        /// The keyword.
        name: &'static str,
    },
    /// The password and the tokens would cross the network without TLS.
    #[error("sslmode=disable is possible only for this machine, not for {host}")]
    Plain {
        /// The other machine.
        host: String,
    },
    /// No service file has this service.
    #[error("there is no service {name} in a service file")]
    NoService {
        /// The service.
        name: String,
    },
    /// Other users can read a file with a secret: allow only its owner to.
    #[error("other users have access to {path} (mode {mode:04o})", path = path.display())]
    Exposed {
        /// The password file or the private key.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A file has no usable certificate or private key.
    #[error("{path} has no usable {what}", path = path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
        /// What it should contain.
        what: &'static str,
    },
    /// A file cannot be read.
    #[error("cannot read {path}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// The certificates cannot be used together.
    #[error("the certificates cannot be used")]
    Tls(#[source] rustls::Error),
}

impl InvalidParameters {
    pub(super) fn value(name: &str) -> Self {
        Self::InvalidValue { name: name.to_owned() }
    }
}
