use std::sync::Arc;

use auth_store::{AuthDocument, ErrorKind, LockedStore, SignIn as NewSignIn, uninterrupted_commit};
use http_client::DecodeError;
use jiff::Timestamp;
use native_oauth::{CodeGrant, Error as OAuthError};
use oauth_callback_server::{BrowserResponder, RedirectPage};
use token_client::{Error as TokenError, TokenResponse};
use tokio::{join, select};

use super::identity::read_claims;
use super::redirect_page::redirect_page;
use super::{ApiKeyOutcome, Options, SignedIn};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::openai::SIGN_IN_CLIENT_ID;
use crate::pages;
use crate::stored::{DiscardedTokens, Replaced, StoredSignIn};

/// Exchanges a code, and stores the credentials.
pub(super) struct Completion<'a> {
    pub(super) options: &'a Options,
    pub(super) sign_in: &'a StoredSignIn,
    pub(super) events: Events<'a>,
}

impl Completion<'_> {
    /// Exchanges the code, stores the tokens, and shows the outcome in the browser, if there is one.
    pub(super) async fn finish(
        &self,
        grant: &CodeGrant,
        browser: Option<BrowserResponder>,
    ) -> Result<SignedIn, Error> {
        (self.events)(Event::CallbackReceived);
        match self.complete(grant).await {
            Ok((signed_in, page, replaced)) => {
                let last_page = async {
                    if let Some(browser) = browser {
                        browser.redirect(page).await;
                    }
                };
                let revoke = self.sign_in.revoke_replaced(replaced, self.events);
                let ((), replaced) = join!(last_page, revoke);
                Ok(SignedIn { replaced, ..signed_in })
            }
            Err(error) => {
                if let Some(browser) = browser {
                    browser.respond_error(pages::SIGN_IN_FAILED).await;
                }
                Err(error)
            }
        }
    }

    /// The code is exchanged only after the store is locked and has reserved disk space.
    async fn complete(
        &self,
        grant: &CodeGrant,
    ) -> Result<(SignedIn, RedirectPage, Replaced), Error> {
        let mut locked = self.sign_in.lock(self.events).await?;
        let reserved_at = self.sign_in.now();
        locked.reserve_for_sign_in(reserved_at)?;
        let mut new = self.exchange(grant).await?;
        let prepared = select! {
            biased;
            () = self.options.cancellation.cancelled() => Err(Error::Cancelled),
            prepared = self.prepare(&mut new) => prepared,
        };
        match prepared {
            Ok((mut signed_in, page)) => {
                let replaced = self.store(locked, reserved_at, new, &mut signed_in).await?;
                Ok((signed_in, page, replaced))
            }
            Err(error) => {
                drop(locked);
                self.discard(&new).await;
                Err(error)
            }
        }
    }

    async fn exchange(&self, grant: &CodeGrant) -> Result<NewSignIn, Error> {
        (self.events)(Event::ExchangingCode);
        let tokens = self.sign_in.client.exchange_code(&grant.code_exchange()).await;
        let new = tokens.and_then(|tokens| new_sign_in(tokens, self.sign_in.now()));
        let new = new.inspect_err(|error| {
            // An error response has no tokens.
            if error.error_response().is_none() && error.may_have_taken_effect() {
                (self.events)(Event::TokensLost);
            }
        });
        Ok(new.map_err(OAuthError::CodeExchange)?)
    }

    /// Checks the tokens and requests an API key.
    async fn prepare(&self, new: &mut NewSignIn) -> Result<(SignedIn, RedirectPage), Error> {
        let client = &self.sign_in.client;
        let (claims, plan) = read_claims(new, client, &self.options.workspaces)?;
        let account = &claims.additional.auth;
        new.account_id.clone_from(&account.chatgpt_account_id);
        let api_key = self.options.api_key.request(client, new, account, self.events).await?;
        let location = self.sign_in.store.location();
        let (backup, replaced) = (None, None);
        let signed_in = SignedIn { claims, plan, api_key, location, backup, replaced };
        let page = redirect_page(&signed_in, &new.id_token, client.issuer().as_str());
        Ok((signed_in, page))
    }

    /// Replaces the stored sign-in. Tokens that cannot be stored are discarded.
    async fn store(
        &self,
        mut locked: LockedStore,
        reserved_at: Timestamp,
        new: NewSignIn,
        signed_in: &mut SignedIn,
    ) -> Result<Replaced, Error> {
        (self.events)(Event::Storing);
        let new = Arc::new(new);
        let (client, stored) = (self.sign_in.client.clone(), Arc::clone(&new));
        let change = move |document: &mut AuthDocument| {
            document.set_sign_in(&stored);
            if client.client_id() != SIGN_IN_CLIENT_ID {
                document.set_oauth_provenance(client.issuer().as_str(), client.client_id());
            }
        };
        let save = move || {
            locked.update_with_backup(reserved_at, |document| Replaced::apply(document, &change))
        };
        let source = match uninterrupted_commit(save).await {
            Ok((replaced, backup)) => {
                (self.events)(Event::Stored { location: &signed_in.location });
                signed_in.backup = backup;
                return Ok(replaced);
            }
            // The sign-in is stored, or may be: a revocation would end it.
            Err(source)
                if matches!(source.kind(), ErrorKind::NotDurable | ErrorKind::MayBeStored) =>
            {
                return Err(source.into());
            }
            Err(source) => source,
        };
        self.discard(&new).await;
        Err(match &signed_in.api_key {
            ApiKeyOutcome::Created { name } => {
                let (name, source) = (name.clone(), source.into());
                Error::NotStored { name, delivered: false, source }
            }
            _ => source.into(),
        })
    }

    /// Revokes tokens that were not stored, unless that could end a stored sign-in.
    async fn discard(&self, unstored: &NewSignIn) {
        let tokens = DiscardedTokens::not_stored(unstored, &self.sign_in.client);
        self.sign_in.discard(tokens, self.events).await;
    }
}

/// A sign-in needs all three tokens. The error names the one that is missing.
fn new_sign_in(tokens: TokenResponse, last_refresh: Timestamp) -> Result<NewSignIn, TokenError> {
    let missing = |field: &str| DecodeError::Shape { field: field.to_owned() };
    Ok(NewSignIn {
        id_token: tokens.id_token.ok_or_else(|| missing("id_token"))?,
        access_token: tokens.access_token,
        refresh_token: tokens.refresh_token.ok_or_else(|| missing("refresh_token"))?,
        account_id: None,
        api_key: None,
        last_refresh,
    })
}
