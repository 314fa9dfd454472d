use std::error::Error as StdError;

use credentials::{AccessToken, RefreshToken};
use jiff::Timestamp;

use crate::RefreshedTokens;

/// A stored sign-in, as far as a refresh has to understand it.
///
/// The times are the token's own claims where it has any; without a verified signature they decide
/// nothing but when to refresh.
pub trait SignIn {
    /// The refresh token, if there is one.
    fn refresh_token(&self) -> Option<RefreshToken>;

    /// The access token that a refresh would replace, if there is one.
    fn access_token(&self) -> Option<AccessToken>;

    /// When the access token expires, if it says so.
    fn expires_at(&self) -> Option<Timestamp>;

    /// When the access token was issued, if it says so.
    fn issued_at(&self) -> Option<Timestamp>;

    /// When the tokens were stored as new, by the clock of this machine.
    fn last_refresh(&self) -> Option<Timestamp>;

    /// Whether a program like this one could ever refresh it.
    fn can_be_refreshed(&self) -> bool;
}

/// A place that holds one sign-in and that several processes share.
pub trait SharedStore {
    /// What is stored.
    type SignIn: SignIn;
    /// What holds the lock.
    type Guard: StoreGuard<SignIn = Self::SignIn, Error = Self::Error>;
    /// Why the store cannot be used.
    type Error: StdError + 'static;

    /// Reads the sign-in without the lock; `None` if there is none.
    fn load(&self) -> impl Future<Output = Result<Option<Self::SignIn>, Self::Error>>;

    /// Takes the lock; `None` if another process holds it.
    fn try_lock(&self) -> impl Future<Output = Result<Option<Self::Guard>, Self::Error>>;
}

/// The lock of a [`SharedStore`]. Dropping it releases the lock, as does the end of the process.
pub trait StoreGuard: Sized {
    /// What is stored.
    type SignIn: SignIn;
    /// Why the store cannot be used.
    type Error: StdError + 'static;

    /// Reads the sign-in; `None` if there is none.
    fn load(&mut self) -> impl Future<Output = Result<Option<Self::SignIn>, Self::Error>>;

    /// Makes sure that [`commit`](Self::commit) will work, before the refresh token is sent: space on
    /// the disk, time left on a lease.
    fn reserve(&mut self) -> impl Future<Output = Result<(), Self::Error>>;

    /// Stores the new tokens and releases the lock. If a program that takes no lock has replaced the
    /// sign-in since it was [loaded](Self::load), what that program stored stays, unless it still
    /// has the refresh token that is `spent`. Repeats what can be repeated: the new tokens exist
    /// nowhere else.
    ///
    /// Dropping the future must not stop a commit that has begun.
    fn commit(
        self,
        sign_in: Self::SignIn,
        tokens: RefreshedTokens,
        spent: RefreshToken,
    ) -> impl Future<Output = Result<Commit<Self::SignIn>, Self::Error>>;
}

/// The result of a commit.
#[derive(Debug)]
pub enum Commit<S> {
    /// The sign-in with its new tokens is stored.
    Stored(S),
    /// Another program has stored something else.
    Superseded {
        /// What is stored now; `None` if the sign-in was removed.
        stored: Option<S>,
        /// The sign-in with its new tokens, which nothing stores.
        discarded: S,
    },
}
