use std::path::PathBuf;
use std::sync::Arc;

use auth_store::{
    AuthDocument, Error as StoreError, ErrorKind, LockedStore, SignIn as NewSignIn,
    uninterrupted_commit,
};
use jiff::Timestamp;
use native_oauth::{Error as OAuthError, Grant};
use oauth_callback_server::RedirectPage;
use tokio::{join, select};

use super::api_key::NewApiKey;
use super::identity::read_claims;
use super::redirect_page::redirect_page;
use super::{Options, SignedIn};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::openai::{DeviceGrant, SIGN_IN_CLIENT_ID, Tokens};
use crate::pages;
use crate::stored::{DiscardedTokens, Replaced, StoredSignIn};

/// Exchanges a grant, and stores the credentials.
pub(super) struct Completion<'a> {
    pub(super) options: &'a Options,
    pub(super) sign_in: &'a StoredSignIn,
    pub(super) events: Events<'a>,
}

/// A sign-in that is ready to be stored.
struct Prepared {
    /// Without the replaced sign-in and the backup.
    signed_in: SignedIn,
    page: RedirectPage,
    api_key: Option<NewApiKey>,
}

impl Completion<'_> {
    /// Exchanges the grant, stores the tokens, and shows the outcome in the browser, if there is one.
    pub(super) async fn finish(&self, grant: Grant<DeviceGrant>) -> Result<SignedIn, Error> {
        (self.events)(Event::CallbackReceived);
        let completed = self.complete(&grant).await;
        let browser = match grant {
            Grant::Code(_, browser) => Some(browser),
            Grant::Device(_) => None,
        };
        match (completed, browser) {
            (Ok((signed_in, page, replaced)), browser) => {
                let last_page = async {
                    if let Some(browser) = browser {
                        browser.redirect(page).await;
                    }
                };
                let revoke = self.sign_in.revoke_replaced(replaced, self.events);
                let ((), replaced) = join!(last_page, revoke);
                Ok(SignedIn { replaced, ..signed_in })
            }
            (Err(error), Some(browser)) => {
                browser.respond_error(pages::SIGN_IN_FAILED).await;
                Err(error)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// The grant is exchanged only after the store is locked and has reserved disk space.
    async fn complete(
        &self,
        grant: &Grant<DeviceGrant>,
    ) -> Result<(SignedIn, RedirectPage, Replaced), Error> {
        let mut locked = self.sign_in.lock(self.events).await?;
        let reserved_at = self.sign_in.now();
        locked.reserve_for_sign_in(reserved_at)?;
        let tokens = self.exchange(grant).await?;
        let now = self.sign_in.now();
        match self.prepare(&tokens, now).await {
            Ok(prepared) => self.store(locked, reserved_at, tokens, prepared, now).await,
            Err(error) => {
                drop(locked);
                self.discard(&new_sign_in(tokens, None, None, now)).await;
                Err(error)
            }
        }
    }

    async fn exchange(&self, grant: &Grant<DeviceGrant>) -> Result<Tokens, Error> {
        (self.events)(Event::ExchangingCode);
        let client = &self.sign_in.client;
        let tokens = match grant {
            Grant::Code(grant, _) => client.exchange_code(&grant.code_exchange()).await,
            Grant::Device(grant) => grant.exchange(client).await,
        };
        let tokens = tokens.and_then(Tokens::try_from).inspect_err(|error| {
            // An error response has no tokens.
            if error.error_response().is_none() && error.may_have_taken_effect() {
                (self.events)(Event::TokensLost);
            }
        });
        Ok(tokens.map_err(OAuthError::CodeExchange)?)
    }

    /// Checks the tokens and requests an API key, unless the sign-in is cancelled.
    async fn prepare(&self, tokens: &Tokens, now: Timestamp) -> Result<Prepared, Error> {
        let prepared = async {
            let (client, id_token) = (&self.sign_in.client, &tokens.id_token);
            let (claims, plan) = read_claims(tokens, client, &self.options.workspaces, now)?;
            let (mode, account) = (self.options.api_key, &claims.additional.auth);
            let (outcome, api_key) =
                mode.obtain(client, id_token, account, now, self.events).await?;
            let location = self.sign_in.store.location();
            let (backup, replaced) = (None, None);
            let signed_in = SignedIn { claims, plan, api_key: outcome, location, backup, replaced };
            let page = redirect_page(&signed_in, id_token, client.issuer().as_str());
            Ok(Prepared { signed_in, page, api_key })
        };
        select! {
            biased;
            () = self.options.cancellation.cancelled() => Err(Error::Cancelled),
            prepared = prepared => prepared,
        }
    }

    async fn store(
        &self,
        locked: LockedStore,
        reserved_at: Timestamp,
        tokens: Tokens,
        prepared: Prepared,
        now: Timestamp,
    ) -> Result<(SignedIn, RedirectPage, Replaced), Error> {
        let Prepared { mut signed_in, page, api_key } = prepared;
        let (key_name, api_key) = api_key.map(|new| (new.name, new.key)).unzip();
        let account_id = signed_in.claims.additional.auth.chatgpt_account_id.clone();
        let new = Arc::new(new_sign_in(tokens, account_id, api_key, now));
        (self.events)(Event::Storing);
        match self.replace(locked, reserved_at, Arc::clone(&new)).await {
            Ok((replaced, backup)) => {
                (self.events)(Event::Stored { location: &signed_in.location });
                signed_in.backup = backup;
                Ok((signed_in, page, replaced))
            }
            // The sign-in is stored, or may be: a revocation would end it.
            Err(source)
                if matches!(source.kind(), ErrorKind::NotDurable | ErrorKind::MayBeStored) =>
            {
                Err(Error::Store(source))
            }
            Err(source) => {
                self.discard(&new).await;
                Err(match key_name {
                    Some(name) => {
                        Error::NotStored { name, delivered: false, source: source.into() }
                    }
                    None => Error::Store(source),
                })
            }
        }
    }

    /// Replaces the stored sign-in. Returns the backup of an unreadable one.
    async fn replace(
        &self,
        mut locked: LockedStore,
        reserved_at: Timestamp,
        new: Arc<NewSignIn>,
    ) -> Result<(Replaced, Option<PathBuf>), StoreError> {
        let client = self.sign_in.client.clone();
        let change = move |document: &mut AuthDocument| {
            document.set_sign_in(&new);
            if client.client_id() != SIGN_IN_CLIENT_ID {
                document.set_oauth_provenance(client.issuer().as_str(), client.client_id());
            }
        };
        let save = move || {
            locked.update_with_backup(reserved_at, |document| Replaced::by(document, &change))
        };
        uninterrupted_commit(save).await
    }

    /// Revokes tokens that were not stored, unless that could end a stored sign-in.
    async fn discard(&self, unstored: &NewSignIn) {
        let tokens = DiscardedTokens::not_stored(unstored, &self.sign_in.client);
        self.sign_in.discard(tokens, self.events).await;
    }
}

fn new_sign_in(
    tokens: Tokens,
    account_id: Option<String>,
    api_key: Option<credentials::ApiKey>,
    last_refresh: Timestamp,
) -> NewSignIn {
    let Tokens { id_token, access_token, refresh_token, .. } = tokens;
    NewSignIn { id_token, access_token, refresh_token, account_id, api_key, last_refresh }
}
