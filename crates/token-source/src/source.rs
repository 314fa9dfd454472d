use std::time::Duration;

use credentials::{AccessToken, RefreshToken};

use crate::expiry::{has_ended, has_expired, is_due, still_works};
use crate::lock::Wait;
use crate::{
    Clock, Commit, Error, Event, RefreshError, RefreshErrorKind, Refreshable, SharedStore,
    StoreGuard, TokenEndpoint, TokenResponse, TryLock, WhileHeld,
};

/// A commit may block the thread. After it, the runtime delivers a signal that came meanwhile.
const SIGNAL_PAUSE: Duration = Duration::from_millis(1);

/// A stored sign-in that is kept valid, in any number of processes at once.
#[derive(Clone, Debug)]
pub struct TokenSource<S, E, C> {
    store: S,
    endpoint: E,
    clock: C,
}

/// A sign-in whose access token is valid.
#[derive(Debug)]
#[non_exhaustive]
pub struct Valid<S, Error> {
    /// The sign-in.
    pub sign_in: S,
    /// Why it was not refreshed although it is due. Its access token works for a little longer.
    pub postponed: Option<Error>,
}

/// What a process finds once it can act.
enum Turn<S, G, E> {
    /// It holds the lock, and this sign-in has yet to be refreshed.
    Refresh(S, G),
    /// Another process has refreshed it.
    Refreshed(S),
    /// Others still hold the lock.
    Busy(S, E),
}

type TurnOf<S, E> = Turn<<S as SharedStore>::SignIn, <S as SharedStore>::Guard, ErrorOf<S, E>>;

type ValidOf<S, E> = Valid<<S as SharedStore>::SignIn, ErrorOf<S, E>>;

type ErrorOf<S, E> =
    Error<<S as SharedStore>::Error, <E as TokenEndpoint<<S as SharedStore>::SignIn>>::Error>;

/// The sign-in that is stored after an attempt to refresh it, and why the attempt failed, if it did.
type Attempt<S, E> = (<S as SharedStore>::SignIn, Option<ErrorOf<S, E>>);

/// How a request ends.
enum Sent<S, E> {
    /// With what is stored now.
    Done(S, Option<E>),
    /// In vain: another program has stored this sign-in meanwhile.
    Found(S),
}

type SentOf<S, E> = Sent<<S as SharedStore>::SignIn, ErrorOf<S, E>>;

impl<S, E, C> TokenSource<S, E, C>
where
    S: SharedStore,
    E: TokenEndpoint<S::SignIn>,
    C: Clock,
{
    /// Nothing is read yet.
    pub fn new(store: S, endpoint: E, clock: C) -> Self {
        Self { store, endpoint, clock }
    }

    /// The sign-in with an access token that is valid now: the stored one, or, if that is
    /// [due](is_due), the one of a refresh. If several processes ask at once, one of them refreshes, and
    /// all of them get the new token.
    ///
    /// # Errors
    ///
    /// Why there is no valid token. While the stored one has not expired, a refresh that
    /// [may work later](RefreshErrorKind::Unavailable) is [postponed](Valid::postponed) instead.
    pub async fn valid<F: Fn(Event) + ?Sized>(
        &self,
        events: &F,
    ) -> Result<ValidOf<S, E>, ErrorOf<S, E>> {
        let stored = self.load().await?;
        if !is_due(&stored, self.clock.now()) {
            return Ok(Valid { sign_in: stored, postponed: None });
        }
        let is_needed = |sign_in: &S::SignIn, while_held| {
            let now = self.clock.now();
            let waits = while_held == WhileHeld::Wait || !still_works(sign_in, now);
            is_due(sign_in, now) && waits
        };
        let may_use_old = |sign_in: &S::SignIn| !has_expired(sign_in, self.clock.now());
        match self.refresh_while(is_needed, may_use_old, events).await {
            Ok((sign_in, None)) => Ok(Valid { sign_in, postponed: None }),
            Ok((sign_in, Some(error))) => self.fall_back(sign_in, error),
            Err(error) => self.fall_back(stored, error),
        }
    }

    /// An access token that is valid now: what most programs need. A program that shows what happens
    /// calls [`valid`](Self::valid).
    ///
    /// # Errors
    ///
    /// Like [`valid`](Self::valid), or [`Error::NoAccessToken`].
    pub async fn access_token(&self) -> Result<AccessToken, ErrorOf<S, E>> {
        let valid = self.valid(&|_: Event| {}).await?;
        valid.sign_in.access_token().ok_or(Error::NoAccessToken)
    }

    /// Refreshes now, due or not. If another process refreshes at the same time, its tokens count. The access token is
    /// the same as before if the server has returned that one again, or a refresh token alone.
    ///
    /// # Errors
    ///
    /// Why the sign-in was not refreshed.
    pub async fn refresh<F: Fn(Event) + ?Sized>(
        &self,
        events: &F,
    ) -> Result<S::SignIn, ErrorOf<S, E>> {
        // A copy of this machine may be older than a refresh of another one, which would then count.
        let before = self.store.reload().await.map_err(Error::Store)?;
        let before = self.current(before)?.access_token();
        let is_unchanged = |sign_in: &S::SignIn, _| {
            is_same(&sign_in.access_token(), &before) || has_expired(sign_in, self.clock.now())
        };
        // An API may have refused the old token, which another program has stored again.
        let may_use_old = |_: &S::SignIn| false;
        let (sign_in, error) = self.refresh_while(is_unchanged, may_use_old, events).await?;
        error.map_or(Ok(sign_in), Err)
    }

    /// Another program may have stored an old sign-in meanwhile that cannot be refreshed: `may_use_old` decides then.
    async fn refresh_while<F: Fn(Event) + ?Sized>(
        &self,
        is_needed: impl Fn(&S::SignIn, WhileHeld) -> bool,
        may_use_old: impl Fn(&S::SignIn) -> bool,
        events: &F,
    ) -> Result<Attempt<S, E>, ErrorOf<S, E>> {
        let mut spent = None;
        loop {
            let (sign_in, guard) = match self.turn(&is_needed, events).await? {
                Turn::Refreshed(sign_in) => return Ok((sign_in, None)),
                Turn::Busy(sign_in, busy) => return Ok((sign_in, Some(busy))),
                Turn::Refresh(sign_in, guard) => (sign_in, guard),
            };
            let is_second = spent.is_some();
            if is_second && has_refresh_token(&sign_in, spent.as_ref()) {
                // Another program has put it back since.
                guard.release().await;
                let is_old = is_needed(&sign_in, WhileHeld::UseOldToken);
                return match is_old && !may_use_old(&sign_in) {
                    true => Err(Error::NoAccessToken),
                    false => Ok((sign_in, None)),
                };
            }
            // A copy: each request consumes its token.
            spent = sign_in.refresh_token();
            let found = match self.refresh_locked(sign_in, guard, events).await? {
                Sent::Done(sign_in, error) => return Ok((sign_in, error)),
                Sent::Found(sign_in) => sign_in,
            };
            // It may be an old one, such as that of a backup.
            let is_old = is_needed(&found, WhileHeld::UseOldToken);
            if !is_old {
                return Ok((found, None));
            }
            if found.refresh_token().is_none() || has_refresh_token(&found, spent.as_ref()) {
                return match may_use_old(&found) {
                    true => Ok((found, None)),
                    false => Err(Error::NoAccessToken),
                };
            }
            if is_second {
                return Err(Error::NoAccessToken);
            }
        }
    }

    /// Waits for the lock, or until a refresh is no longer needed: a process that waits uses the new
    /// token as soon as it is stored.
    async fn turn<F: Fn(Event) + ?Sized>(
        &self,
        is_needed: &impl Fn(&S::SignIn, WhileHeld) -> bool,
        events: &F,
    ) -> Result<TurnOf<S, E>, ErrorOf<S, E>> {
        let policy = self.store.wait_policy();
        let mut wait = Wait::new(policy, self.clock.now());
        loop {
            let holder = match self.store.try_lock().await.map_err(Error::NotWritable)? {
                TryLock::Locked(guard) => return self.turn_of(guard, is_needed).await,
                TryLock::Held(holder) => holder,
            };
            let sign_in = self.load().await?;
            if !is_needed(&sign_in, policy.while_held) {
                return Ok(Turn::Refreshed(sign_in));
            }
            if let Err(waited) = wait.pause(&self.clock, events).await {
                return Ok(Turn::Busy(sign_in, Error::Busy { waited, holder }));
            }
        }
    }

    /// Reads again under the lock.
    async fn turn_of(
        &self,
        mut guard: S::Guard,
        is_needed: &impl Fn(&S::SignIn, WhileHeld) -> bool,
    ) -> Result<TurnOf<S, E>, ErrorOf<S, E>> {
        let stored = guard.load().await.map_err(Error::Store);
        match stored.and_then(|stored| self.current(stored)) {
            Ok(sign_in) if is_needed(&sign_in, WhileHeld::Wait) => {
                Ok(Turn::Refresh(sign_in, guard))
            }
            other => {
                guard.release().await;
                other.map(Turn::Refreshed)
            }
        }
    }

    /// Sends the refresh token, and stores what comes back.
    async fn refresh_locked<F: Fn(Event) + ?Sized>(
        &self,
        sign_in: S::SignIn,
        mut guard: S::Guard,
        events: &F,
    ) -> Result<SentOf<S, E>, ErrorOf<S, E>> {
        let token = match self.endpoint.refresh_token(&sign_in) {
            Ok(token) => token,
            Err(error) => {
                guard.release().await;
                return Ok(Sent::Done(sign_in, Some(Error::Refresh(error))));
            }
        };
        // The event comes first: a claim gets older while its reader is slow.
        events(Event::Refreshing);
        if let Err(error) = guard.reserve(self.endpoint.deadline()).await {
            guard.release().await;
            events(Event::Refreshed);
            return Ok(Sent::Done(sign_in, Some(Error::NotWritable(error))));
        }
        match self.endpoint.refresh(&sign_in, &token).await {
            Ok(response) => self.keep(sign_in, token, response, guard, events).await,
            Err(error) => {
                match error.kind() {
                    // Until a claim ends, nobody else sends this token.
                    RefreshErrorKind::OutcomeUnknown | RefreshErrorKind::InvalidResponse => {
                        drop(guard);
                    }
                    _ => guard.release().await,
                }
                events(Event::Refreshed);
                self.successor(sign_in, &token, error).await
            }
        }
    }

    /// Stores the new tokens.
    async fn keep<F: Fn(Event) + ?Sized>(
        &self,
        sign_in: S::SignIn,
        token: RefreshToken,
        TokenResponse { tokens, defect }: TokenResponse<E::Error>,
        guard: S::Guard,
        events: &F,
    ) -> Result<SentOf<S, E>, ErrorOf<S, E>> {
        let is_new = tokens.access_token.is_some();
        let outcome = guard.commit(sign_in, tokens, token).await;
        self.clock.sleep(SIGNAL_PAUSE).await;
        events(Event::Refreshed);
        match (outcome.map_err(Error::NotStored)?, defect) {
            (Commit::Stored(sign_in), Some(defect)) => {
                Ok(Sent::Done(sign_in, Some(Error::Refresh(defect))))
            }
            (Commit::Stored(sign_in), None) if is_new => Ok(Sent::Done(sign_in, None)),
            (Commit::Stored(sign_in), None) => Ok(Sent::Done(self.unexpired(sign_in)?, None)),
            // Another program has stored a sign-in first, maybe an old one.
            (Commit::Superseded { stored, discarded }, _) => {
                self.endpoint.discard(discarded).await;
                Ok(Sent::Found(stored.ok_or(Error::NotSignedIn)?))
            }
        }
    }

    /// A sign-in that may have an old access token.
    fn unexpired(&self, sign_in: S::SignIn) -> Result<S::SignIn, ErrorOf<S, E>> {
        match has_expired(&sign_in, self.clock.now()) {
            true => Err(Error::NoAccessToken),
            false => Ok(sign_in),
        }
    }

    /// After the server has rejected the refresh token: the sign-in that another program has stored in
    /// the meantime. A program that takes no lock, such as Codex CLI, may have used the token, and be
    /// about to store its successor, for which it may need the lock that was just released.
    async fn successor(
        &self,
        before: S::SignIn,
        rejected: &RefreshToken,
        error: E::Error,
    ) -> Result<SentOf<S, E>, ErrorOf<S, E>> {
        let attempts = match error.kind() {
            RefreshErrorKind::Rejected => 1,
            RefreshErrorKind::AlreadyUsed => SUCCESSOR_ATTEMPTS,
            _ => return Ok(Sent::Done(before, Some(Error::Refresh(error)))),
        };
        for attempt in 1..=attempts {
            let sign_in = self.current(self.store.reload().await.map_err(Error::Store)?)?;
            let is_other = |token: RefreshToken| token.expose() != rejected.expose();
            let has_other = || !is_same(&sign_in.access_token(), &before.access_token());
            // A server may have sent that program a refresh token alone.
            if sign_in.refresh_token().map_or_else(has_other, is_other) {
                return Ok(Sent::Found(sign_in));
            }
            if attempt < attempts {
                self.clock.sleep(SUCCESSOR_INTERVAL).await;
            }
        }
        Err(Error::Rejected(error))
    }

    /// A sign-in in spite of an error, if its access token still works.
    fn fall_back(
        &self,
        sign_in: S::SignIn,
        error: ErrorOf<S, E>,
    ) -> Result<ValidOf<S, E>, ErrorOf<S, E>> {
        let now = self.clock.now();
        let kind = match &error {
            Error::Refresh(error) => error.kind(),
            Error::Store(_) | Error::NotWritable(_) | Error::Busy { .. } => {
                RefreshErrorKind::Unavailable
            }
            _ => return Err(error),
        };
        match kind {
            RefreshErrorKind::NotRefreshable if !has_expired(&sign_in, now) => {
                Ok(Valid { sign_in, postponed: None })
            }
            RefreshErrorKind::Unavailable | RefreshErrorKind::OutcomeUnknown
                if still_works(&sign_in, now) =>
            {
                Ok(Valid { sign_in, postponed: Some(error) })
            }
            _ => Err(error),
        }
    }

    async fn load(&self) -> Result<S::SignIn, ErrorOf<S, E>> {
        self.current(self.store.load().await.map_err(Error::Store)?)
    }

    /// The sign-in, if there is one that has not ended.
    fn current(&self, sign_in: Option<S::SignIn>) -> Result<S::SignIn, ErrorOf<S, E>> {
        let sign_in = sign_in.ok_or(Error::NotSignedIn)?;
        match has_ended(&sign_in, self.clock.now()) {
            true => Err(Error::Expired),
            false => Ok(sign_in),
        }
    }
}

/// Two seconds, which is longer than a program takes from an answer to its file.
const SUCCESSOR_ATTEMPTS: u32 = 40;
const SUCCESSOR_INTERVAL: Duration = Duration::from_millis(50);

fn is_same(one: &Option<AccessToken>, other: &Option<AccessToken>) -> bool {
    one.as_ref().map(AccessToken::expose) == other.as_ref().map(AccessToken::expose)
}

fn has_refresh_token(sign_in: &impl Refreshable, token: Option<&RefreshToken>) -> bool {
    let stored = sign_in.refresh_token();
    stored.as_ref().map(RefreshToken::expose) == token.map(RefreshToken::expose)
}
