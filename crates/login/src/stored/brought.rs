//! A credential that the person has already, in the place of a sign-in.

use std::path::PathBuf;

use auth_store::AuthDocument;
use credentials::{AccessToken, ApiKey, Claims};

use super::{Replaced, StoredSignIn, WORTH_WAITING, revoke_replaced};
use crate::commit::commit;
use crate::error::{Error, JsonWebToken};
use crate::event::{Event, Events};

impl StoredSignIn {
    /// Signs in with an API key that the person has: it takes the place of whatever is stored, whose
    /// tokens are then revoked. The copy of an old file that could not be read is returned, if there
    /// was one.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; what was stored before is untouched.
    pub async fn replace_by_api_key(
        &self,
        api_key: ApiKey,
        events: Events<'_>,
    ) -> Result<Option<PathBuf>, Error> {
        self.replace(move |document| document.set_api_key_sign_in(&api_key), events).await
    }

    /// The same with an access token alone, which nobody can refresh, and which is never revoked from
    /// here. Tokens that are replaced are not revoked where the new one is among them, because it would
    /// end with them.
    ///
    /// # Errors
    ///
    /// [`Error::MalformedJwt`] where it does not say whose it is, [`Error::Store`]; what was stored
    /// before is untouched.
    pub async fn replace_by_access_token(
        &self,
        access_token: AccessToken,
        events: Events<'_>,
    ) -> Result<Option<PathBuf>, Error> {
        let malformed = |source| Error::MalformedJwt { token: JsonWebToken::Access, source };
        let claims = Claims::of_access_token_without_verifying(&access_token).map_err(malformed)?;
        let (account_id, now) = (claims.openai.chatgpt_account_id, (self.now)());
        let change = move |document: &mut AuthDocument| {
            document.set_access_token_sign_in(&access_token, account_id.as_deref(), now);
        };
        self.replace(change, events).await
    }

    /// The same with a personal access token, which does not expire, and which is never revoked from
    /// here.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; what was stored before is untouched.
    pub async fn replace_by_personal_access_token(
        &self,
        token: AccessToken,
        events: Events<'_>,
    ) -> Result<Option<PathBuf>, Error> {
        let change = move |document: &mut AuthDocument| {
            document.set_personal_access_token_sign_in(&token);
        };
        self.replace(change, events).await
    }

    async fn replace(
        &self,
        change: impl Fn(&mut AuthDocument) + Send + 'static,
        events: Events<'_>,
    ) -> Result<Option<PathBuf>, Error> {
        let (store, now) = (self.store.clone().with_lock_wait(WORTH_WAITING), (self.now)());
        let save = move || {
            store.update_or_set_aside(now, |document| {
                let replaced = Replaced::of(document);
                change(document);
                replaced.unless_kept_in(document)
            })
        };
        let (replaced, set_aside) = commit(save).await?;
        events(Event::Kept { location: &self.store.location() });
        revoke_replaced(&self.client, &replaced, events).await;
        Ok(set_aside)
    }
}
