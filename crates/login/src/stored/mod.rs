//! A stored sign-in: a valid access token for any number of processes, import and logout.
//!
//! The refresh protocol is in [`token_source`]. This module has its token endpoint, and decides which
//! tokens are sent where and which are revoked.

mod endpoint;
mod import;
mod log_out;
mod refresh;
mod replaced;
mod revocation;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use auth_store::{AuthDocument, AuthStore};
use http_client::HttpClient;
use jiff::Timestamp;
use token_client::TokenClient;

use crate::error::Error;
use crate::openai::{Claims, ISSUER, SIGN_IN_CLIENT_ID};

pub use crate::event::AffectedSignIns;
pub use import::{Imported, ImportedCredential, Restrictions};
pub use log_out::{LogOutScope, LoggedOut};
pub use replaced::ReplacedSignIn;
pub use revocation::{OtherStore, Revocation};
pub use token_source::{has_ended, is_due};

pub(crate) use import::check_workspace;
pub(crate) use replaced::Replaced;
pub(crate) use revocation::DiscardedTokens;

use revocation::FindStores;

/// The sign-in of a store, and its client.
#[derive(Clone)]
pub struct StoredSignIn {
    pub(crate) store: AuthStore,
    pub(crate) client: TokenClient,
    /// Whether a sign-in of another client is an error.
    requires_client: bool,
    other_stores: Option<Arc<FindStores>>,
    now: fn() -> Timestamp,
}

/// The timeout of a revocation. Nothing else depends on its response.
const REVOCATION_TIMEOUT: Duration = Duration::from_secs(5);

impl StoredSignIn {
    /// A sign-in that exists, or that [`sign_in`](crate::sign_in) will store. Reads nothing. Requests use the client
    /// id in the store, by default the registered one. That of `client` counts only if it is
    /// [required](Self::require_client).
    #[must_use]
    pub fn new(store: AuthStore, client: TokenClient, now: fn() -> Timestamp) -> Self {
        Self { store, client, requires_client: false, other_stores: None, now }
    }

    /// Makes a sign-in of another client an error ([`Error::OtherClient`]).
    #[must_use]
    pub fn require_client(self) -> Self {
        Self { requires_client: true, ..self }
    }

    /// Finds the other stores of this machine, whose sign-ins a revocation must not end. It runs before a
    /// revocation, because there may be new stores by then, and may block.
    #[must_use]
    pub fn with_other_stores(
        self,
        find: impl Fn() -> Vec<OtherStore> + Send + Sync + 'static,
    ) -> Self {
        Self { other_stores: Some(Arc::new(find)), ..self }
    }

    /// The HTTP client of its requests.
    #[must_use]
    pub fn http(&self) -> &HttpClient {
        self.client.http()
    }

    pub(crate) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// The client of the tokens, by default the registered one. Tokens are sent only to their issuer.
    fn client_for(&self, document: &AuthDocument) -> Result<TokenClient, Error> {
        self.check_issuer(document)?;
        let (stored, asked) = (client_id_of(document), self.client.client_id());
        if stored != asked && self.requires_client {
            let (stored, asked) = (stored.to_owned(), asked.to_owned());
            return Err(Error::OtherClient { stored, asked });
        }
        Ok(self.client.clone().with_client_id(stored))
    }
}

impl fmt::Debug for StoredSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredSignIn").field("store", &self.store).finish_non_exhaustive()
    }
}

/// The document, if it is a sign-in: `{}` is not.
///
/// # Errors
///
/// [`Error::NotSignedIn`].
pub fn signed_in(document: Option<AuthDocument>, store: &AuthStore) -> Result<AuthDocument, Error> {
    let document = document.filter(AuthDocument::is_signed_in);
    document.ok_or_else(|| Error::NotSignedIn(store.location()))
}

/// Checks that the sign-in [has not ended](has_ended).
///
/// # Errors
///
/// [`Error::SignInExpired`].
pub fn check_not_ended(
    document: &AuthDocument,
    store: &AuthStore,
    now: Timestamp,
) -> Result<(), Error> {
    match document.access_token_expires_at() {
        Some(expired_at) if has_ended(document, now) => Err(Error::SignInExpired {
            location: store.location(),
            expired_at,
            has_api_key: document.api_key().is_some(),
            other_mode: document.other_mode(),
        }),
        _ => Ok(()),
    }
}

/// The claims of the stored ID token, if it is valid. The signature is not verified: any program that can
/// write the document can change it.
#[must_use]
pub fn claims_without_verifying(document: &AuthDocument) -> Option<Claims> {
    let id_token = document.id_token()?;
    Claims::decode_id_token_without_verifying(&id_token).ok()
}

/// The claims of the ID token, or of the access token if there is no ID token.
#[must_use]
pub fn identity_without_verifying(document: &AuthDocument) -> Option<Claims> {
    claims_without_verifying(document).or_else(|| {
        let mut claims: Claims = document.access_token_claims_without_verifying()?;
        claims.email = claims.email.or_else(|| claims.additional.profile.email.clone());
        Some(claims)
    })
}

/// The issuer of the stored tokens, by their claims or by the document. By default it is the registered
/// one, so that its tokens are sent to no other issuer.
#[must_use]
pub fn issuer_of(document: &AuthDocument) -> String {
    let of_id_token = claims_without_verifying(document).and_then(|claims| claims.iss);
    let of_access_token = || {
        let claims: Option<credentials::Claims> = document.access_token_claims_without_verifying();
        claims?.iss
    };
    let written = || document.issuer().map(|issuer| issuer.trim_end_matches('/').to_owned());
    of_id_token.or_else(of_access_token).or_else(written).unwrap_or_else(|| ISSUER.to_owned())
}

/// The client of the tokens.
fn client_id_of(document: &AuthDocument) -> &str {
    document.client_id().unwrap_or(SIGN_IN_CLIENT_ID)
}
