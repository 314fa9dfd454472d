use std::error::Error as StdError;
use std::time::Duration;

use credentials::{AccessToken, RefreshToken};
use jiff::Timestamp;

use crate::{RefreshedTokens, WaitPolicy};

/// A stored sign-in, as far as a refresh has to understand it.
///
/// The times are the token's own claims where it has any; without a verified signature they decide
/// nothing but when to refresh.
pub trait Refreshable: Send + Sync {
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
///
/// Its lock is one of two things. A lock of the system ends with the process that holds it. A claim is
/// an entry in the store with the time of its end: it is for a store that cannot see whether a process
/// still runs, such as a database.
pub trait SharedStore: Send + Sync {
    /// What is stored.
    type SignIn: Refreshable;
    /// What holds the lock.
    type Guard: StoreGuard<SignIn = Self::SignIn, Error = Self::Error>;
    /// Why the store cannot be used.
    type Error: StdError + Send + Sync + 'static;

    /// Reads the sign-in without the lock; `None` if there is none.
    fn load(&self) -> impl Future<Output = Result<Option<Self::SignIn>, Self::Error>> + Send;

    /// Reads the sign-in as it is stored now, not a copy that this machine keeps.
    fn reload(&self) -> impl Future<Output = Result<Option<Self::SignIn>, Self::Error>> + Send {
        self.load()
    }

    /// Takes the lock, unless another process holds it.
    fn try_lock(&self) -> impl Future<Output = Result<TryLock<Self::Guard>, Self::Error>> + Send;

    /// How a process waits for the lock. It is asked for once per wait.
    fn wait_policy(&self) -> WaitPolicy {
        WaitPolicy::default()
    }
}

/// The result of [`SharedStore::try_lock`].
#[derive(Debug)]
pub enum TryLock<G> {
    /// This process holds the lock.
    Locked(G),
    /// Another process holds it, which the store may know.
    Held(Option<Holder>),
}

/// The process that holds the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its name, such as the host and the process ID.
    pub name: String,
    /// For how long it has held the lock.
    pub held_for: Duration,
}

impl<G> TryLock<G> {
    /// The lock, if this process holds it.
    pub fn locked(self) -> Option<G> {
        match self {
            Self::Locked(guard) => Some(guard),
            Self::Held(_) => None,
        }
    }
}

impl<G> From<Option<G>> for TryLock<G> {
    /// For a store that does not know who holds its lock.
    fn from(guard: Option<G>) -> Self {
        guard.map_or(Self::Held(None), Self::Locked)
    }
}

/// The lock of a [`SharedStore`]. Dropping it releases a lock of the system, as does the end of the
/// process. A claim that is dropped after [`reserve`](Self::reserve) stays until its end, because the
/// refresh token may have been used.
pub trait StoreGuard: Send + Sized {
    /// What is stored.
    type SignIn: Refreshable;
    /// Why the store cannot be used.
    type Error: StdError + Send + Sync + 'static;

    /// Reads the sign-in; `None` if there is none.
    fn load(&mut self) -> impl Future<Output = Result<Option<Self::SignIn>, Self::Error>> + Send;

    /// Makes sure that [`commit`](Self::commit) will work, before the refresh token is sent: space on
    /// the disk, and a claim that lasts longer than the request, which takes `deadline` at most. A lock of the system
    /// needs no time, only the space.
    /// The time of the request counts from its return: what an endpoint does before it sends is part of the deadline.
    fn reserve(
        &mut self,
        deadline: Duration,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Releases the lock without a commit. The refresh token is unused.
    fn release(self) -> impl Future<Output = ()> + Send {
        async { drop(self) }
    }

    /// Applies the new tokens to what is stored now, and releases the lock. If a program that takes no lock has replaced the
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
    ) -> impl Future<Output = Result<Commit<Self::SignIn>, Self::Error>> + Send;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lock_of_this_process_is_handed_out() {
        assert_eq!(TryLock::Locked(7).locked(), Some(7));
        assert_eq!(TryLock::<u8>::Held(None).locked(), None);
    }
}
