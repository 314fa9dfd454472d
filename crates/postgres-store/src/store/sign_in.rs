use credentials::{AccessToken, RefreshToken};
use jiff::Timestamp;
use token_source::{Refreshable, RefreshedTokens};
use zeroize::Zeroizing;

use crate::CachedToken;

/// What is sealed in a row: the sign-in in the format of the program.
pub trait Document: Refreshable + Send + Sync + Sized + 'static {
    /// Parses a document; `None` if it is none.
    fn parse(text: &[u8]) -> Option<Self>;

    /// The document as it is stored.
    fn to_bytes(&self) -> Zeroizing<Vec<u8>>;

    /// Replaces the tokens by those of a refresh. Where there is no new one, the old one stays.
    fn apply(&mut self, tokens: &RefreshedTokens);

    /// Whether both are sign-ins of the same person and account, as far as the format says.
    fn is_same_account(&self, other: &Self) -> bool;
}

/// A sign-in of the store, or the part of it that this machine has cached.
#[derive(Debug)]
pub enum StoredSignIn<D> {
    /// The whole sign-in.
    Document(D),
    /// Its access token, without the refresh token.
    Cached(CachedToken),
}

impl<D> StoredSignIn<D> {
    /// The whole sign-in; `None` if it is not from the database.
    pub fn document(&self) -> Option<&D> {
        match self {
            Self::Document(document) => Some(document),
            Self::Cached(_) => None,
        }
    }
}

impl<D: Refreshable> Refreshable for StoredSignIn<D> {
    fn refresh_token(&self) -> Option<RefreshToken> {
        match self {
            Self::Document(document) => document.refresh_token(),
            Self::Cached(token) => token.refresh_token(),
        }
    }

    fn access_token(&self) -> Option<AccessToken> {
        match self {
            Self::Document(document) => document.access_token(),
            Self::Cached(token) => Refreshable::access_token(token),
        }
    }

    fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::Document(document) => document.expires_at(),
            Self::Cached(token) => Refreshable::expires_at(token),
        }
    }

    fn issued_at(&self) -> Option<Timestamp> {
        match self {
            Self::Document(document) => document.issued_at(),
            Self::Cached(token) => Refreshable::issued_at(token),
        }
    }

    fn last_refresh(&self) -> Option<Timestamp> {
        match self {
            Self::Document(document) => document.last_refresh(),
            Self::Cached(token) => Refreshable::last_refresh(token),
        }
    }

    fn can_be_refreshed(&self) -> bool {
        match self {
            Self::Document(document) => document.can_be_refreshed(),
            Self::Cached(token) => token.can_be_refreshed(),
        }
    }
}
