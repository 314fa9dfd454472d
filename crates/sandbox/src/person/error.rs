use std::io;

use tokio_rustls::rustls;

/// Why a visit failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PersonError {
    /// The sign-in page does not offer this account.
    #[error("the page does not offer {account}, but {offered:?}")]
    NoSuchAccount {
        /// The requested account.
        account: String,
        /// The addresses on the page.
        offered: Vec<String>,
    },
    /// The page has no form.
    #[error("the page is no sign-in page")]
    NoForm,
    /// The text is not a URL that a browser opens.
    #[error("this is no http or https URL")]
    BadUrl,
    /// The connection was refused or failed.
    #[error("cannot reach {host}")]
    Unreachable {
        /// The host and port.
        host: String,
        /// The reason.
        source: io::Error,
    },
    /// The response is not HTTP, or is truncated.
    #[error("the response is cut off")]
    Http(#[from] hyper::Error),
    /// The trusted certificates are not PEM.
    #[error("the certificate to trust cannot be used")]
    Trust(#[source] rustls::Error),
    /// Too many redirects.
    #[error("more than {0} redirects")]
    TooManyRedirects(usize),
    /// The visit timed out.
    #[error("no response in time")]
    TimedOut,
    /// The browser's own runtime did not start.
    #[error("cannot start a runtime")]
    Runtime(#[source] io::Error),
}
