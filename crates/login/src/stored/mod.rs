//! The life of a stored sign-in: a valid access token for everybody who asks, one refresh for all of
//! them, and its end.
//!
//! ```text
//! valid ── not due ── the document
//!   └─ due ── the locks ── read again ── still due ── room is reserved ── refresh ── commit
//! ```
//!
//! # What a crash can lose
//!
//! At this issuer a refresh token works once. From the moment when the issuer has spent it until the
//! answer is on this disk, the only copy of its successor is in the answer: on the wire, then in this
//! program. Who kills the program or the machine in that window, a round trip and a few milliseconds
//! for the disk, has to sign in again; nothing on this side can close it. Dropping the future in that
//! window, as Ctrl-C does, is the same; a caller waits for [`Event::Refreshed`](crate::Event) as long as
//! it can bear. Everywhere else a crash leaves the sign-in as it was, or as it became.

mod brought;
mod due;
mod log_out;
mod other_stores;
mod refresh;
mod refreshed;
mod revocation;
mod turn;

use std::time::Duration;

use auth_store::{AuthDocument, AuthStore};
use credentials::Claims;
use jiff::Timestamp;
use token_client::TokenClient;

use crate::error::Error;
use crate::registered::{ISSUER, SIGN_IN_CLIENT_ID};

pub use brought::{Imported, Restrictions};
pub use due::{expires_at, is_due, is_over};
pub use log_out::{LogOutScope, LoggedOut};
pub use other_stores::{OtherStore, OtherStores};
pub use revocation::{AtRisk, ReplacedSignIn, Revocation, StillValid};

pub(crate) use revocation::{DiscardedTokens, Replaced, Revoker};
pub(crate) use turn::locked;

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

/// How long is waited for a program that holds the locks of the store. One that refreshes does so for as
/// long as the issuer takes to answer: ten seconds at most to connect, thirty for the rest, and the save.
pub(crate) const WORTH_WAITING: Duration = Duration::from_secs(45);

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

    /// The document, if it is a sign-in that is not over.
    fn current(&self, document: Option<AuthDocument>) -> Result<AuthDocument, Error> {
        let document = signed_in(document, &self.store)?;
        check_not_over(&document, &self.store, (self.now)())?;
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

/// Finds out whether the sign-in [is over](is_over).
///
/// # Errors
///
/// [`Error::SignInOver`].
pub fn check_not_over(
    document: &AuthDocument,
    store: &AuthStore,
    now: Timestamp,
) -> Result<(), Error> {
    match expires_at(document) {
        Some(expired_at) if is_over(document, now) => Err(Error::SignInOver {
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
        let mut claims = access_claims_without_verifying(document)?;
        claims.email = claims.email.or_else(|| claims.profile_email.clone());
        Some(claims)
    })
}

/// The issuer that the stored tokens are from, as they say themselves, or as is written beside them.
/// Where neither says, they are taken for the registered one's, so that a token of its is sent to
/// nobody else.
pub(crate) fn issuer_of(document: &AuthDocument) -> String {
    let of_id_token = claims_without_verifying(document).and_then(|claims| claims.iss);
    let of_access_token = || access_claims_without_verifying(document)?.iss;
    let written = || document.issuer().map(|issuer| issuer.trim_end_matches('/').to_owned());
    of_id_token.or_else(of_access_token).or_else(written).unwrap_or_else(|| ISSUER.to_owned())
}

/// The client that the tokens were issued to.
fn client_id_of(document: &AuthDocument) -> &str {
    document.client_id().unwrap_or(SIGN_IN_CLIENT_ID)
}

/// The claims of the stored access token, as far as it is a JWT.
#[must_use]
pub fn access_claims_without_verifying(document: &AuthDocument) -> Option<Claims> {
    let access_token = document.access_token()?;
    Claims::of_access_token_without_verifying(&access_token).ok()
}
