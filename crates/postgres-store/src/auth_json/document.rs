use std::io;

use auth_store::AuthDocument;
use credentials::{AccessToken, RefreshToken};
use jiff::Timestamp;
use token_source::{Refreshable, RefreshedTokens};
use zeroize::Zeroizing;

use crate::{CachedToken, Document, StoredSignIn};

/// The text of an `auth.json`, as it is sealed in a row.
#[derive(Debug)]
pub struct AuthJson {
    document: AuthDocument,
    text: Zeroizing<Vec<u8>>,
}

impl AuthJson {
    pub(super) fn new(document: AuthDocument) -> io::Result<Self> {
        document.to_bytes().map(|text| Self { document, text })
    }

    pub(super) fn into_text(self) -> Zeroizing<Vec<u8>> {
        self.text
    }
}

/// What was loaded. A cached token becomes a document with nothing else.
pub(super) fn document_of(sign_in: StoredSignIn<AuthJson>) -> AuthDocument {
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

impl Document for AuthJson {
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

    fn is_same_account(&self, other: &Self) -> bool {
        self.document.is_same_account(&other.document)
    }
}

impl Refreshable for AuthJson {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refreshed_document_keeps_what_it_does_not_know() {
        let mut stored =
            AuthJson::parse(br#"{"theirs":1,"tokens":{"refresh_token":"old"}}"#).unwrap();
        let refresh_token = RefreshToken::new("new").ok();
        stored.apply(&RefreshedTokens { refresh_token, ..RefreshedTokens::default() });
        let text = String::from_utf8(stored.to_bytes().to_vec()).unwrap();
        assert!(text.contains("\"theirs\": 1") && text.contains("new") && !text.contains("old"));
        assert!(AuthJson::parse(b"[]").is_none());
    }

    #[test]
    fn cached_token_becomes_a_document_without_a_refresh_token() {
        let at = Timestamp::UNIX_EPOCH;
        let document = document_of(StoredSignIn::Cached(CachedToken {
            version: 1,
            checked_at: at,
            access_token: AccessToken::new("access").unwrap(),
            expires_at: None,
            issued_at: None,
            last_refresh: None,
        }));
        assert_eq!(document.access_token().unwrap().expose(), "access");
        assert!(document.refresh_token().is_none());
    }
}
