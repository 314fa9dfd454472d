//! Imports a credential in place of a sign-in.

use std::path::PathBuf;

use auth_store::{AuthDocument, uninterrupted};
use credentials::{AccessToken, ApiKey};
use token_source::LOCK_TIMEOUT;

use super::{Replaced, ReplacedSignIn, StoredSignIn};
use crate::error::{Error, JsonWebToken};
use crate::event::{Event, Events};
use crate::openai::Claims;
use crate::restrictions::{check_access_token, check_workspace};

/// What an imported credential has replaced.
#[derive(Debug)]
#[non_exhaustive]
pub struct Imported {
    /// The sign-in with tokens that was there, if there was one.
    pub replaced: Option<ReplacedSignIn>,
    /// The copy of an old file that could not be read, if there was one.
    pub backup: Option<PathBuf>,
}

/// The restrictions for an imported access token.
#[derive(Clone, Debug, Default)]
pub struct Restrictions {
    /// The ChatGPT workspaces that are allowed; all if empty.
    pub workspaces: Vec<String>,
    /// The client, if the token names one.
    pub client_id: Option<String>,
}

impl StoredSignIn {
    /// Stores an API key in place of the sign-in, whose tokens are revoked unless that could end another
    /// stored sign-in.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]. The store is unchanged.
    pub async fn replace_by_api_key(
        &self,
        api_key: ApiKey,
        events: Events<'_>,
    ) -> Result<Imported, Error> {
        self.replace(move |document| document.set_api_key_sign_in(&api_key), events).await
    }

    /// The same with an access token, which cannot be refreshed and is never revoked here.
    ///
    /// # Errors
    ///
    /// [`Error::MalformedJwt`], [`Error::InvalidAccessToken`] and [`Error::WrongWorkspace`] for a token that
    /// does not match `restrictions`, [`Error::Store`]. The store is unchanged.
    pub async fn replace_by_access_token(
        &self,
        access_token: AccessToken,
        restrictions: &Restrictions,
        events: Events<'_>,
    ) -> Result<Imported, Error> {
        let malformed = |source| Error::MalformedJwt { token: JsonWebToken::Access, source };
        let claims =
            Claims::decode_access_token_without_verifying(&access_token).map_err(malformed)?;
        let Restrictions { workspaces, client_id } = restrictions;
        check_access_token(&claims, self.client.issuer().as_str(), client_id.as_deref())?;
        check_workspace(&claims, workspaces)?;
        let (account_id, now) = (claims.additional.auth.chatgpt_account_id, (self.now)());
        let change = move |document: &mut AuthDocument| {
            document.set_access_token_sign_in(&access_token, account_id.as_deref(), now);
        };
        self.replace(change, events).await
    }

    /// The same with a personal access token, which does not expire and is never revoked here.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]. The store is unchanged.
    pub async fn replace_by_personal_access_token(
        &self,
        token: AccessToken,
        events: Events<'_>,
    ) -> Result<Imported, Error> {
        let change = move |document: &mut AuthDocument| {
            document.set_personal_access_token_sign_in(&token);
        };
        self.replace(change, events).await
    }

    async fn replace(
        &self,
        change: impl Fn(&mut AuthDocument) + Send + 'static,
        events: Events<'_>,
    ) -> Result<Imported, Error> {
        let (store, now) = (self.store.clone().with_lock_wait(LOCK_TIMEOUT), (self.now)());
        let save = move || {
            let mut locked = store.lock()?;
            locked.update_with_backup(now, |document| Replaced::by(document, &change))
        };
        let (replaced, backup) = uninterrupted(save).await?;
        events(Event::Stored { location: &self.store.location() });
        let replaced = self.revoker().revoke_replaced(replaced, events).await;
        Ok(Imported { replaced, backup })
    }
}
