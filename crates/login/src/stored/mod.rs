//! The life of a stored sign-in: a valid access token for everybody who asks, one refresh for all of
//! them, and its end.
//!
//! The refresh itself, and what a crash can lose, is the story of [`token_source`]; here are its
//! endpoint, and what is OpenAI's: whose tokens are sent where, and what is revoked.

mod at_risk;
mod brought;
mod clock;
mod endpoint;
mod log_out;
mod other_stores;
mod refresh;
mod revocation;

use std::time::Duration;

use auth_store::{AuthDocument, AuthStore};
use jiff::Timestamp;
use token_client::TokenClient;

use crate::error::Error;
use crate::openai::{Claims, ISSUER, SIGN_IN_CLIENT_ID};

pub use brought::{Imported, Restrictions};
pub use log_out::{LogOutScope, LoggedOut};
pub use other_stores::{OtherStore, OtherStores};
pub use token_source::{has_ended, is_due};

pub use at_risk::AtRisk;
pub use revocation::{ReplacedSignIn, Revocation, StillValid};

pub(crate) use refresh::locked;
pub(crate) use revocation::{DiscardedTokens, Replaced, Revoker};

/// The sign-in of a store, and the client that it belongs to.
#[derive(Clone, Debug)]
pub struct StoredSignIn {
    store: AuthStore,
    client: TokenClient,
    /// Whether a sign-in that names another client is refused.
    requires_client: bool,
    others: OtherStores,
    now: fn() -> Timestamp,
}

/// How long the issuer may take to revoke a token. It is asked as a courtesy to the person; what is
/// done here does not depend on the answer.
const REVOCATION_LIMIT: Duration = Duration::from_secs(5);

impl StoredSignIn {
    /// Nothing is read yet. The client id is that of the sign-in, which is the registered one where it
    /// names none; that of `client` counts once it is [required](Self::require_client).
    #[must_use]
    pub fn new(store: AuthStore, client: TokenClient, now: fn() -> Timestamp) -> Self {
        Self { store, client, requires_client: false, others: OtherStores::default(), now }
    }

    /// Refuses a sign-in of another client ([`Error::OtherClient`]).
    #[must_use]
    pub fn require_client(self) -> Self {
        Self { requires_client: true, ..self }
    }

    /// These may hold sign-ins of the same person, which must not end with tokens of this one.
    #[must_use]
    pub fn with_other_stores(self, others: OtherStores) -> Self {
        Self { others, ..self }
    }

    fn revoker(&self) -> Revoker<'_> {
        Revoker { client: &self.client, store: &self.store, others: &self.others }
    }

    fn load(&self) -> Result<AuthDocument, Error> {
        self.current(self.store.load()?)
    }

    /// The document, if it is a sign-in that has not ended.
    fn current(&self, document: Option<AuthDocument>) -> Result<AuthDocument, Error> {
        let document = signed_in(document, &self.store)?;
        check_not_ended(&document, &self.store, (self.now)())?;
        Ok(document)
    }

    /// The client that the tokens belong to: the one that they name, else the registered one.
    fn client_of(&self, document: &AuthDocument) -> Result<TokenClient, Error> {
        let (stored, asked) = (client_id_of(document), self.client.client_id());
        if stored != asked && self.requires_client {
            let (stored, asked) = (stored.to_owned(), asked.to_owned());
            return Err(Error::OtherClient { stored, asked });
        }
        Ok(self.client.clone().with_client_id(stored))
    }
}

/// The document, if it is a sign-in: `{}` is none.
///
/// # Errors
///
/// [`Error::NotSignedIn`].
pub fn signed_in(document: Option<AuthDocument>, store: &AuthStore) -> Result<AuthDocument, Error> {
    let document = document.filter(AuthDocument::is_signed_in);
    document.ok_or_else(|| Error::NotSignedIn { location: store.location() })
}

/// Finds out whether the sign-in [has ended](has_ended).
///
/// # Errors
///
/// [`Error::SignInOver`].
pub fn check_not_ended(
    document: &AuthDocument,
    store: &AuthStore,
    now: Timestamp,
) -> Result<(), Error> {
    match document.access_token_expires_at() {
        Some(expired_at) if has_ended(document, now) => Err(Error::SignInOver {
            location: store.location(),
            expired_at,
            has_api_key: document.api_key().is_some(),
            other_mode: document.other_mode(),
        }),
        _ => Ok(()),
    }
}

/// The claims of the stored ID token, as far as it is one. It came from the token endpoint once; since
/// then, whoever can write the document could have changed it.
#[must_use]
pub fn claims_without_verifying(document: &AuthDocument) -> Option<Claims> {
    let id_token = document.id_token()?;
    Claims::of_id_token_without_verifying(&id_token).ok()
}

/// Who signed in, by the claims of the ID token, or of the access token where that is all there is.
#[must_use]
pub fn identity_without_verifying(document: &AuthDocument) -> Option<Claims> {
    claims_without_verifying(document).or_else(|| {
        let mut claims: Claims = document.access_token_claims_without_verifying()?;
        claims.email = claims.email.or_else(|| claims.additional.profile_email.clone());
        Some(claims)
    })
}

/// The issuer that the stored tokens are from, as they say themselves, or as is written beside them.
/// Where neither says, they are taken for the registered one's, so that a token of its is sent to
/// nobody else.
pub(crate) fn issuer_of(document: &AuthDocument) -> String {
    let of_id_token = claims_without_verifying(document).and_then(|claims| claims.iss);
    let of_access_token = || {
        let claims: Option<credentials::Claims> = document.access_token_claims_without_verifying();
        claims?.iss
    };
    let written = || document.issuer().map(|issuer| issuer.trim_end_matches('/').to_owned());
    of_id_token.or_else(of_access_token).or_else(written).unwrap_or_else(|| ISSUER.to_owned())
}

/// The client that the tokens were issued to.
fn client_id_of(document: &AuthDocument) -> &str {
    document.client_id().unwrap_or(SIGN_IN_CLIENT_ID)
}
