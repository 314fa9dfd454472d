//! Imports a credential in place of a sign-in.

use std::path::PathBuf;

use auth_store::{AuthDocument, uninterrupted};
use credentials::{AccessToken, ApiKey};
use token_source::LOCK_TIMEOUT;

use super::{Replaced, ReplacedSignIn, StoredSignIn};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::openai::{Claims, check_access_token};

/// What an imported credential has replaced.
#[derive(Debug)]
#[non_exhaustive]
pub struct Imported {
    /// The sign-in with tokens that was there, if there was one.
    pub replaced: Option<ReplacedSignIn>,
    /// The copy of an old file that could not be read, if there was one.
    pub backup: Option<PathBuf>,
}

/// A credential that the user already has.
#[derive(Debug)]
pub enum ImportedCredential {
    /// An API key.
    ApiKey(ApiKey),
    /// An access token, which cannot be refreshed and is never revoked here.
    AccessToken(AccessToken),
    /// A personal access token, which does not expire and is never revoked here.
    PersonalAccessToken(AccessToken),
}

/// The restrictions for an imported token.
#[derive(Clone, Debug, Default)]
pub struct Restrictions {
    /// The ChatGPT workspaces that are allowed; all if empty.
    pub workspaces: Vec<String>,
    /// The client, if the token names one.
    pub client_id: Option<String>,
}

impl StoredSignIn {
    /// Stores a credential in place of the sign-in, whose tokens are revoked unless that could end another
    /// stored sign-in.
    ///
    /// # Errors
    ///
    /// [`Error::MalformedJwt`], [`Error::InvalidAccessToken`] and [`Error::WrongWorkspace`] for a token that
    /// does not match `restrictions`, [`Error::Store`]. The store is unchanged.
    pub async fn import(
        &self,
        credential: ImportedCredential,
        restrictions: &Restrictions,
        events: Events<'_>,
    ) -> Result<Imported, Error> {
        let account_id = self.check_import(&credential, restrictions)?;
        let (store, now) = (self.store.clone().with_lock_wait(LOCK_TIMEOUT), self.now());
        let change = move |document: &mut AuthDocument| match &credential {
            ImportedCredential::ApiKey(api_key) => document.set_api_key_sign_in(api_key),
            ImportedCredential::AccessToken(token) => {
                document.set_access_token_sign_in(token, account_id.as_deref(), now);
            }
            ImportedCredential::PersonalAccessToken(token) => {
                document.set_personal_access_token_sign_in(token);
            }
        };
        let save = move || {
            let mut locked = store.lock()?;
            locked.update_with_backup(now, |document| Replaced::apply(document, &change))
        };
        let (replaced, backup) = uninterrupted(save).await?;
        events(Event::Stored { location: &self.store.location() });
        let replaced = self.revoke_replaced(replaced, events).await;
        Ok(Imported { replaced, backup })
    }

    /// Returns the ChatGPT account of an access token. A personal access token does not name its workspace.
    fn check_import(
        &self,
        credential: &ImportedCredential,
        restrictions: &Restrictions,
    ) -> Result<Option<String>, Error> {
        let Restrictions { workspaces, client_id } = restrictions;
        let claims = match credential {
            ImportedCredential::ApiKey(_) => return Ok(None),
            ImportedCredential::PersonalAccessToken(_) => Claims::default(),
            ImportedCredential::AccessToken(token) => {
                Claims::decode_access_token_without_verifying(token)
                    .map_err(|source| Error::MalformedJwt { token: "access token", source })?
            }
        };
        let issuer = self.client.issuer().as_str();
        check_access_token(&claims, issuer, client_id.as_deref(), None)
            .map_err(Error::InvalidAccessToken)?;
        check_workspace(&claims, workspaces)?;
        Ok(claims.additional.auth.chatgpt_account_id)
    }
}

/// The workspace of the token is allowed. The issuer may ignore the parameter of the request.
pub(crate) fn check_workspace(claims: &Claims, allowed: &[String]) -> Result<(), Error> {
    let workspace = &claims.additional.auth.chatgpt_account_id;
    let is_allowed = workspace.as_ref().is_some_and(|workspace| allowed.contains(workspace));
    if allowed.is_empty() || is_allowed {
        return Ok(());
    }
    Err(Error::WrongWorkspace { workspace: workspace.clone(), allowed: allowed.to_vec() })
}
