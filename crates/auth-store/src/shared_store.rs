//! The store as [`token_source`] uses it, for several processes.

use std::time::Duration;

use credentials::{AccessToken, Claims, RefreshToken};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use token_source::{
    Commit, Refreshable, RefreshedTokens, SharedStore, StoreGuard, TryLock, WaitPolicy,
};

use crate::uninterrupted::uninterrupted_commit;
use crate::{AuthDocument, AuthMode, AuthStore, Error, Location, LockedStore};

impl SharedStore for AuthStore {
    type SignIn = AuthDocument;
    type Guard = LockedStore;
    type Error = Error;

    /// From an external store, it may have nothing but the access token.
    async fn load(&self) -> Result<Option<AuthDocument>, Error> {
        Ok(self.load_access_token()?.filter(AuthDocument::is_signed_in))
    }

    async fn reload(&self) -> Result<Option<AuthDocument>, Error> {
        Ok(self.load()?.filter(AuthDocument::is_signed_in))
    }

    async fn try_lock(&self) -> Result<TryLock<LockedStore>, Error> {
        self.try_lock()
    }

    fn wait_policy(&self) -> WaitPolicy {
        self.wait_policy()
    }
}

impl StoreGuard for LockedStore {
    type SignIn = AuthDocument;
    type Error = Error;

    async fn load(&mut self) -> Result<Option<AuthDocument>, Error> {
        Ok(self.load()?.filter(AuthDocument::is_signed_in))
    }

    async fn reserve(&mut self, deadline: Duration) -> Result<(), Error> {
        self.reserve()?;
        self.reserve_claim(deadline)
    }

    async fn release(mut self) {
        if let Some(claim) = self.take_claim() {
            claim.release();
        }
    }

    async fn commit(
        mut self,
        document: AuthDocument,
        tokens: RefreshedTokens,
        spent: RefreshToken,
    ) -> Result<Commit<AuthDocument>, Error> {
        match self.location() {
            // A write takes milliseconds, and a thread may not be available.
            Location::File(_) => self.commit_refresh(document, &tokens, &spent),
            Location::External(name) => {
                let commit = move || match self.take_claim() {
                    Some(claim) => {
                        let committed = claim.commit(document, tokens, spent);
                        committed.map_err(|error| error.in_store(name))
                    }
                    None => self.commit_refresh(document, &tokens, &spent),
                };
                uninterrupted_commit(commit).await
            }
        }
    }
}

impl Refreshable for AuthDocument {
    fn refresh_token(&self) -> Option<RefreshToken> {
        self.refresh_token()
    }

    fn access_token(&self) -> Option<AccessToken> {
        self.access_token().filter(|_| !self.is_personal())
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.access_token_expires_at()
    }

    fn issued_at(&self) -> Option<Timestamp> {
        let claims: Claims = self.access_token_claims_without_verifying()?;
        Timestamp::from_second(claims.iat?).ok()
    }

    fn last_refresh(&self) -> Option<Timestamp> {
        self.last_refresh()
    }

    /// A sign-in of another program is refreshed by that program.
    fn can_be_refreshed(&self) -> bool {
        match self.auth_mode() {
            Some(AuthMode::ChatGpt) => self.refresh_token().is_some(),
            Some(AuthMode::Other(_)) => false,
            _ => true,
        }
    }
}

impl AuthDocument {
    fn is_personal(&self) -> bool {
        self.personal_access_token().is_some()
    }

    /// When the access token expires, if it says so. A personal access token does not.
    #[must_use]
    pub fn access_token_expires_at(&self) -> Option<Timestamp> {
        if self.is_personal() {
            return None;
        }
        let claims: Claims = self.access_token_claims_without_verifying()?;
        Timestamp::from_second(claims.exp?).ok()
    }

    /// The claims of the access token, if it is a JWT.
    #[must_use]
    pub fn access_token_claims_without_verifying<A>(&self) -> Option<Claims<A>>
    where
        A: Default + DeserializeOwned,
    {
        Claims::decode_access_token_without_verifying(&self.access_token()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> AuthDocument {
        AuthDocument::from_bytes(text.as_bytes()).unwrap()
    }

    /// A refresh without a token fails with an error that says what there is instead.
    #[test]
    fn sign_in_of_another_program_or_a_token_alone_is_not_refreshed() {
        let tokens = r#""tokens":{"access_token":"a","refresh_token":"r"}"#;
        for (text, can_be_refreshed) in [
            (format!("{{{tokens}}}"), true),
            (format!(r#"{{"auth_mode":"chatgpt",{tokens}}}"#), true),
            (format!(r#"{{"auth_mode":"passkey",{tokens}}}"#), false),
            (r#"{"tokens":{"access_token":"a","refresh_token":""}}"#.into(), false),
            (r#"{"auth_mode":"apikey","OPENAI_API_KEY":"sk-1"}"#.into(), true),
        ] {
            let document = document(&text);
            assert_eq!(Refreshable::can_be_refreshed(&document), can_be_refreshed, "{text}");
        }
    }

    #[test]
    fn times_are_those_of_the_access_token() {
        // {"iat":1,"exp":2}
        let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpYXQiOjEsImV4cCI6Mn0.c2ln";
        let tokens = format!(r#""tokens":{{"access_token":"{jwt}"}}"#);
        let document = |rest: &str| document(&format!("{{{rest}{tokens}}}"));
        let second = |second| Timestamp::from_second(second).ok();
        let sign_in = document(r#""last_refresh":"1970-01-01T00:00:03Z","#);
        assert_eq!(Refreshable::issued_at(&sign_in), second(1));
        assert_eq!(Refreshable::expires_at(&sign_in), second(2));
        assert_eq!(Refreshable::last_refresh(&sign_in), second(3));
        assert_eq!(Refreshable::access_token(&sign_in).unwrap().expose(), jwt);
        let personal = document(r#""personal_access_token":"at-1","#);
        assert_eq!(Refreshable::expires_at(&personal), None);
        assert!(Refreshable::access_token(&personal).is_none());
    }
}
