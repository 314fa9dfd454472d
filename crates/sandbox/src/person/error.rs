use std::io;

use tokio_rustls::rustls;

/// The visit did not work out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PersonError {
    /// The sign-in page does not offer this account.
    #[error("the page does not offer {account}, but {offered:?}")]
    NoSuchAccount {
        /// Whom the person was looking for.
        account: String,
        /// The addresses that are there.
        offered: Vec<String>,
    },
    /// The page has no form to choose with.
    #[error("the page is no sign-in page")]
    NoForm,
    /// The text is no URL that a browser opens.
    #[error("this is no http or https URL")]
    BadUrl,
    /// Nothing listens at that address, or the connection broke.
    #[error("cannot reach {host}")]
    Unreachable {
        /// The host and port.
        host: String,
        /// Why not.
        source: io::Error,
    },
    /// The answer is not HTTP, or ends too early.
    #[error("the answer broke off")]
    Http(#[from] hyper::Error),
    /// The certificates to trust are no PEM.
    #[error("the certificate to trust cannot be used")]
    Trust(#[source] rustls::Error),
    /// The redirects do not end.
    #[error("more than {0} redirects")]
    TooManyRedirects(usize),
    /// The visit took longer than the person's patience.
    #[error("no answer in time")]
    Impatient,
    /// The browser's own runtime did not start.
    #[error("cannot start a runtime")]
    Runtime(#[source] io::Error),
}
