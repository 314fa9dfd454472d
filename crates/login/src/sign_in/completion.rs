use std::path::PathBuf;

use auth_store::{
    AuthDocument, AuthStore, Error as StoreError, LockedStore, SignIn, uninterrupted_commit,
};
use jiff::Timestamp;
use native_oauth::{Error as OAuthError, Grant};
use oauth_callback_server::RedirectPage;
use token_client::{Error as TokenError, TokenClient};
use tokio::{join, select};

use super::api_key::{ApiKeyOutcome, NewApiKey};
use super::identity::Identity;
use super::redirect_page::redirect_page;
use super::{Options, SignedIn};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::openai::{DeviceGrant, SIGN_IN_CLIENT_ID, Tokens};
use crate::pages;
use crate::stored::{DiscardedTokens, Replaced, Revoker, lock_store};

/// Exchanges a grant, and stores the credentials.
pub(super) struct Completion<'a> {
    pub(super) options: &'a Options,
    pub(super) client: &'a TokenClient,
    pub(super) store: &'a AuthStore,
    pub(super) events: Events<'a>,
}

/// Stored credentials, and what remains to be done.
struct Completed {
    signed_in: SignedIn,
    landing: RedirectPage,
    replaced: Replaced,
}

/// A sign-in that is ready to be stored.
struct Prepared {
    /// Without the replaced sign-in and the backup.
    signed_in: SignedIn,
    landing: RedirectPage,
    new_key: Option<NewApiKey>,
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
        match completed {
            Ok(Completed { signed_in, landing, replaced }) => {
                let last_page = async {
                    if let Some(browser) = browser {
                        browser.redirect(landing).await;
                    }
                };
                let revoker = self.revoker();
                let ((), replaced) =
                    join!(last_page, revoker.revoke_replaced(replaced, self.events));
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

    /// The grant is exchanged only after the store is locked and has reserved disk space.
    async fn complete(&self, grant: &Grant<DeviceGrant>) -> Result<Completed, Error> {
        let mut locked = lock_store(self.store, self.options.now, self.events).await?;
        let reserved_at = (self.options.now)();
        locked.reserve_for_sign_in(reserved_at)?;
        (self.events)(Event::ExchangingCode);
        let tokens = exchange(self.client, grant).await.inspect_err(|error| {
            if may_have_issued_tokens(error) {
                (self.events)(Event::TokensLost);
            }
        })?;
        let now = (self.options.now)();
        let Prepared { mut signed_in, landing, new_key } = match self.prepare(&tokens, now).await {
            Ok(prepared) => prepared,
            Err(error) => {
                drop(locked);
                self.discard(sign_in(tokens, None, None, now)).await;
                return Err(error);
            }
        };
        let (key_name, key) = new_key.map(|new| (new.name, new.key)).unzip();
        let account_id = signed_in.claims.additional.auth.chatgpt_account_id.clone();
        let new = sign_in(tokens, account_id, key, now);
        (self.events)(Event::Storing);
        let (unstored, stored) = store(locked, new, self.provenance(), reserved_at).await;
        match stored {
            Ok((replaced, backup)) => {
                (self.events)(Event::Stored { location: &signed_in.location });
                signed_in.backup = backup;
                Ok(Completed { signed_in, landing, replaced })
            }
            // The sign-in is stored, or may be: a revocation would end it.
            Err(source @ (StoreError::NotDurable { .. } | StoreError::MayBeStored { .. })) => {
                Err(Error::Store(source))
            }
            Err(source) => {
                self.discard(unstored).await;
                Err(not_stored_error(key_name, source))
            }
        }
    }

    /// Checks the tokens and requests an API key, unless the sign-in is cancelled.
    async fn prepare(&self, tokens: &Tokens, now: Timestamp) -> Result<Prepared, Error> {
        let prepared = async {
            let identity = Identity::read(tokens, self.options, now)?;
            let mode = self.options.api_key;
            let (api_key, new_key) = mode.obtain(self.client, &identity, now, self.events).await?;
            let landing = redirect_page(&identity, &api_key, &self.options.issuer);
            Ok(Prepared { signed_in: self.signed_in(identity, api_key), landing, new_key })
        };
        select! {
            biased;
            () = self.options.cancellation.cancelled() => Err(Error::Cancelled),
            prepared = prepared => prepared,
        }
    }

    fn signed_in(&self, identity: Identity<'_>, api_key: ApiKeyOutcome) -> SignedIn {
        let (needs_setup, location) = (identity.needs_setup(), self.store.location());
        let Identity { claims, plan, .. } = identity;
        let (backup, replaced) = (None, None);
        SignedIn { claims, plan, api_key, needs_setup, location, backup, replaced }
    }

    /// Revokes tokens that were not stored, unless that could end a stored sign-in.
    async fn discard(&self, unstored: SignIn) {
        let tokens = DiscardedTokens::from_sign_in(unstored, &self.options.issuer);
        self.revoker().discard(tokens, self.events).await;
    }

    /// `None` for the registered client, which is the default.
    fn provenance(&self) -> Option<Provenance> {
        let Options { issuer, client_id, .. } = self.options;
        let (issuer, client_id) = (issuer.as_str().to_owned(), client_id.clone());
        (client_id != SIGN_IN_CLIENT_ID).then_some(Provenance { issuer, client_id })
    }

    fn revoker(&self) -> Revoker<'_> {
        let Self { client, store, .. } = *self;
        Revoker { client, store, others: &self.options.other_stores }
    }
}

async fn exchange(client: &TokenClient, grant: &Grant<DeviceGrant>) -> Result<Tokens, Error> {
    let tokens = match grant {
        Grant::Code(grant, _) => client.exchange_code(&grant.code_exchange()).await,
        Grant::Device(grant) => grant.exchange(client).await,
    };
    Ok(tokens.and_then(Tokens::try_from).map_err(OAuthError::CodeExchange)?)
}

/// Whether the issuer may have issued tokens whose response was lost or is invalid.
fn may_have_issued_tokens(error: &Error) -> bool {
    match error {
        Error::OAuth(OAuthError::CodeExchange(TokenError::Http(error))) => {
            !error.provably_not_sent()
        }
        Error::OAuth(OAuthError::CodeExchange(TokenError::InvalidResponse(_))) => true,
        _ => false,
    }
}

fn sign_in(
    tokens: Tokens,
    account_id: Option<String>,
    api_key: Option<credentials::ApiKey>,
    last_refresh: Timestamp,
) -> SignIn {
    let Tokens { id_token, access_token, refresh_token, .. } = tokens;
    SignIn { id_token, access_token, refresh_token, account_id, api_key, last_refresh }
}

/// The client that a later refresh and revocation have to name.
struct Provenance {
    issuer: String,
    client_id: String,
}

type Stored = Result<(Replaced, Option<PathBuf>), StoreError>;

/// Replaces the stored sign-in. Returns `sign_in` too, because the save may fail.
async fn store(
    mut locked: LockedStore,
    sign_in: SignIn,
    provenance: Option<Provenance>,
    reserved_at: Timestamp,
) -> (SignIn, Stored) {
    let save = move || {
        let change = |document: &mut AuthDocument| {
            document.set_sign_in(&sign_in);
            if let Some(Provenance { issuer, client_id }) = &provenance {
                document.set_oauth_provenance(issuer, client_id);
            }
        };
        let stored =
            locked.update_with_backup(reserved_at, |document| Replaced::by(document, change));
        (sign_in, stored)
    };
    uninterrupted_commit(save).await
}

/// Names a key that was created and is not stored.
fn not_stored_error(key_name: Option<String>, source: StoreError) -> Error {
    match key_name {
        Some(name) => Error::NotStored { name, handed_over: false, source: source.into() },
        None => Error::Store(source),
    }
}
