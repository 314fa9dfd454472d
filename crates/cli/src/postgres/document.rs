use std::io;

use auth_store::AuthDocument;
use credentials::{AccessToken, RefreshToken};
use jiff::Timestamp;
use postgres_store::{CachedToken, Document, StoredSignIn};
use token_source::{Refreshable, RefreshedTokens};
use zeroize::Zeroizing;

/// The text of an `auth.json`, as it is sealed in a row.
#[derive(Debug)]
pub(crate) struct Stored {
    document: AuthDocument,
    text: Zeroizing<Vec<u8>>,
}

impl Stored {
    pub(super) fn new(document: AuthDocument) -> io::Result<Self> {
        document.to_bytes().map(|text| Self { document, text })
    }

    pub(super) fn into_text(self) -> Zeroizing<Vec<u8>> {
        self.text
    }
}

/// What was loaded. A cached token becomes a document with nothing else.
pub(super) fn document_of(sign_in: StoredSignIn<Stored>) -> AuthDocument {
    match sign_in {
        StoredSignIn::Document(stored) => stored.document,
        StoredSignIn::Cached(token) => of_token(&token),
    }
}

pub(super) fn of_token(token: &CachedToken) -> AuthDocument {
    let mut document = AuthDocument::default();
    let last_refresh = token.last_refresh.unwrap_or(token.checked_at);
    document.set_access_token_sign_in(&token.access_token, None, last_refresh);
    document
}

impl Document for Stored {
    fn parse(text: &[u8]) -> Option<Self> {
        let document = AuthDocument::from_bytes(text)?;
        Some(Self { document, text: Zeroizing::new(text.to_vec()) })
    }

    fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        self.text.clone()
    }

    fn apply(&mut self, tokens: &RefreshedTokens) {
        self.document.set_refreshed_tokens(tokens);
        // It fails only for a document that could not be read either.
        if let Ok(text) = self.document.to_bytes() {
            self.text = text;
        }
    }
}

impl Refreshable for Stored {
    fn refresh_token(&self) -> Option<RefreshToken> {
        Refreshable::refresh_token(&self.document)
    }

    fn access_token(&self) -> Option<AccessToken> {
        Refreshable::access_token(&self.document)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.document.expires_at()
    }

    fn issued_at(&self) -> Option<Timestamp> {
        self.document.issued_at()
    }

    fn last_refresh(&self) -> Option<Timestamp> {
        Refreshable::last_refresh(&self.document)
    }

    fn can_be_refreshed(&self) -> bool {
        self.document.can_be_refreshed()
    }
}
