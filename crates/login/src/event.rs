use std::time::Duration;

use auth_store::Location;

use crate::error::{Error, RevocationError};
use crate::search_summary::SearchSummary;

/// The progress of a sign-in, a refresh or a logout. No event ends the wait.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// An event of the wait for the person.
    OAuth(native_oauth::Event<'a>),
    /// The code is being exchanged for tokens. From now on the sign-in ends by its
    /// [cancellation](crate::sign_in::Options::cancellation), so that no token is left behind.
    ExchangingCode,
    /// The callback arrived, by browser or as a pasted URL, or the person approved on another device.
    CallbackReceived,
    /// The account has no default project yet, or the platform did not respond.
    WaitingForProject {
        /// What the last search found.
        seen: SearchSummary,
        /// Why the last search failed, if it did.
        failure: Option<&'a platform_api::Error>,
        /// The pause before the next search.
        again_in: Duration,
    },
    /// An API key is being created. If the program stops now, an unused key may remain.
    CreatingApiKey {
        /// The name of the key on the platform.
        name: &'a str,
    },
    /// The credentials are stored. If the program stops now, only the last page is missing.
    Stored {
        /// The store.
        location: &'a Location,
    },
    /// An event of a refresh, or of the wait for the lock of the store. If the program stops between
    /// [`Refreshing`](token_source::Event::Refreshing) and [`Refreshed`](token_source::Event::Refreshed),
    /// the sign-in may be lost.
    Refresh(token_source::Event),
    /// The refresh failed, and the old access token is still valid.
    RefreshPostponed(&'a Error),
    /// The code was sent, and the response was lost: the issuer may have issued tokens.
    TokensLost,
    /// The sign-in is being stored. The save finishes even if the future is dropped.
    Storing,
    /// The stored tokens are revoked. If the program stops now, useless credentials remain.
    Revoked,
    /// The stored sign-in is removed.
    Removed,
    /// Tokens that are no longer stored may still be valid.
    NotRevoked(&'a RevocationError),
    /// Tokens of a failed sign-in were not revoked, because that could end a stored sign-in of the same
    /// person.
    RevocationWithheld(&'a AffectedSignIns),
    /// The sign-in to remove belongs to another program. It is not revoked.
    OtherProgramsSignIn {
        /// Its `auth_mode`.
        auth_mode: &'a str,
    },
}

/// The stored sign-ins that a revocation could end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AffectedSignIns {
    /// Whether the one of this store is among them.
    pub this: bool,
    /// The names of the others.
    pub others: Vec<String>,
}

/// Receives events. It is a shared reference because concurrent tasks report.
pub type Events<'a> = &'a (dyn Fn(Event<'_>) + Sync);
