use std::time::Duration;

use http_client::DecodeError;

use crate::refusal::Refusal;

/// Why there are no tokens.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no whole answer. Whether the request arrived is told by
    /// [`provably_not_sent`](http_client::Error::provably_not_sent).
    #[error(transparent)]
    Http(#[from] http_client::Error),
    /// The issuer said no.
    #[error("the issuer refused: {0}")]
    Refused(Refusal),
    /// The issuer said yes, in words that are no token answer. What was turned in is spent.
    #[error("the issuer's answer cannot be used")]
    Misshapen(#[from] DecodeError),
    /// The issuer has no device codes, or not for this account.
    #[error("sign-in by device code is not enabled")]
    DeviceCodeNotEnabled,
}

impl Error {
    /// Whether asking the same again may well succeed in a while: nobody answered, or the server
    /// was busy or broken. It does not say that what was sent is still unspent.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Http(error) => error.is_transient(),
            Self::Refused(refusal) => refusal.is_transient(),
            Self::Misshapen(_) | Self::DeviceCodeNotEnabled => false,
        }
    }

    /// Whether a [refresh](crate::TokenClient::refresh) that failed like this will fail for ever, so
    /// that the person has to sign in again, unless another process has refreshed meanwhile.
    #[must_use]
    pub fn ends_the_sign_in(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.ends_the_sign_in())
    }

    /// How long the server asks to be left alone.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }
}
