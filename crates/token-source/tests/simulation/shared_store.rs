use std::time::Duration;

use credentials::RefreshToken;
use jiff::Timestamp;
use token_source::{
    Clock as _, Commit, Holder, RefreshedTokens, SharedStore, StoreGuard, TryLock, WaitPolicy,
    WhileHeld,
};

use super::world::{DiskError, Hold, LIFETIME, Stored, Token, World};

/// How long a claim lasts.
const CLAIM: Duration = Duration::from_secs(90);

/// What a claim must outlast the request by.
const MARGIN: Duration = Duration::from_secs(5);

/// The lock, and what was read when it was taken.
pub(crate) struct Guard {
    world: World,
    hold: Hold,
    claimed: Option<Stored>,
    version: u64,
    is_reserved: bool,
}

impl Drop for Guard {
    /// The system releases a lock. Nothing releases a claim.
    fn drop(&mut self) {
        if !self.world.0.has_claims {
            self.world.0.lock.set(None);
        }
    }
}

impl SharedStore for World {
    type SignIn = Stored;
    type Guard = Guard;
    type Error = DiskError;

    async fn load(&self) -> Result<Option<Stored>, DiskError> {
        self.0.schedule.step().await;
        self.disk()?;
        Ok(self.stored())
    }

    async fn try_lock(&self) -> Result<TryLock<Guard>, DiskError> {
        let (claimed, version) = (self.stored(), self.version());
        self.0.schedule.step().await;
        let now = self.0.schedule.now();
        let holder = |hold: Hold| Holder {
            name: hold.task.to_string(),
            held_for: now.duration_since(hold.since).unsigned_abs(),
        };
        let held = self.0.lock.get().filter(|hold| hold.until.is_none_or(|until| until >= now));
        if held.is_some() {
            return Ok(TryLock::Held(held.map(holder)));
        }
        if self.0.has_claims && version != self.version() && !self.0.is_broken {
            return Ok(TryLock::Held(None));
        }
        let until = self.0.has_claims.then(|| now + CLAIM);
        let hold = Hold { task: self.0.schedule.current(), since: now, until };
        let is_lost = self.fails();
        // The database may have claimed it, and its answer is lost.
        if !is_lost || self.0.has_claims && self.0.schedule.once_in(2) {
            self.take_over(hold);
        }
        match is_lost {
            true => Err(DiskError),
            false => {
                let world = self.clone();
                Ok(TryLock::Locked(Guard { world, hold, claimed, version, is_reserved: false }))
            }
        }
    }

    fn wait_policy(&self) -> WaitPolicy {
        match self.0.has_claims {
            false => WaitPolicy::default(),
            true => WaitPolicy {
                shortest_pause: Duration::from_millis(80 + self.0.schedule.below(160)),
                longest_pause: Duration::from_millis(1500),
                timeout: Duration::from_secs(100),
                while_held: WhileHeld::UseOldToken,
            },
        }
    }
}

impl World {
    /// A process that was stopped for longer than its claim, after it had sent its token, may lose it.
    fn take_over(&self, hold: Hold) {
        if let Some(before) = self.0.lock.replace(Some(hold)) {
            self.count(|it| it.taken_over += 1);
            self.excuse_in_flight(before.task);
        }
    }
}

impl StoreGuard for Guard {
    type SignIn = Stored;
    type Error = DiskError;

    async fn load(&mut self) -> Result<Option<Stored>, DiskError> {
        self.world.0.schedule.step().await;
        if self.world.0.has_claims || self.world.0.is_broken {
            return Ok(self.claimed.clone());
        }
        self.world.disk()?;
        Ok(self.world.stored())
    }

    async fn reserve(&mut self, deadline: Duration) -> Result<(), DiskError> {
        self.world.0.schedule.step().await;
        self.world.disk()?;
        let end = self.world.0.schedule.now() + deadline + MARGIN;
        if self.hold.until.is_some_and(|until| until < end) {
            return Err(DiskError);
        }
        self.is_reserved = true;
        Ok(())
    }

    async fn release(self) {
        self.world.0.schedule.step().await;
        if self.is_own() && self.world.disk().is_ok() {
            self.world.0.lock.set(None);
        }
    }

    async fn commit(
        self,
        sign_in: Stored,
        tokens: RefreshedTokens,
        spent: RefreshToken,
    ) -> Result<Commit<Stored>, DiskError> {
        assert!(self.is_reserved, "a token was sent without room for its successor");
        let spent: Token = spent.expose().parse().unwrap();
        let renewed = renewed(sign_in, &tokens);
        let committed = match self.world.0.has_claims {
            false => self.commit_once(renewed, spent).await,
            true => Ok(self.commit_claimed(renewed, spent).await),
        };
        self.world.finish();
        committed
    }
}

impl Guard {
    fn is_own(&self) -> bool {
        self.world.0.lock.get() == Some(self.hold)
    }

    async fn commit_once(
        &self,
        renewed: Stored,
        spent: Token,
    ) -> Result<Commit<Stored>, DiskError> {
        let world = &self.world;
        world.0.schedule.step().await;
        if let Err(error) = world.disk() {
            world.excuse(spent);
            return Err(error);
        }
        match world.stored() {
            Some(stored) if stored.refresh == spent => Ok(self.store(renewed, spent)),
            stored => Ok(superseded(world, stored, renewed)),
        }
    }

    /// Repeats what was lost, until this or something else is stored.
    async fn commit_claimed(&self, renewed: Stored, spent: Token) -> Commit<Stored> {
        let world = &self.world;
        loop {
            world.0.schedule.step().await;
            let is_lost = world.fails();
            let stored = world.stored();
            if world.version() != self.version {
                return match stored == Some(renewed.clone()) {
                    true => Commit::Stored(renewed),
                    false => superseded(world, stored, renewed),
                };
            }
            if !is_lost {
                return self.store(renewed, spent);
            }
            if world.0.schedule.once_in(2) {
                self.store(renewed.clone(), spent);
            }
            world.0.schedule.pause(200).await;
        }
    }

    fn store(&self, renewed: Stored, spent: Token) -> Commit<Stored> {
        self.world.store(Some(renewed.clone()));
        self.world.0.issued.borrow_mut()[spent].is_spent_by_us = true;
        self.world.0.lock.set(None);
        Commit::Stored(renewed)
    }
}

fn superseded(world: &World, stored: Option<Stored>, discarded: Stored) -> Commit<Stored> {
    world.count(|it| it.superseded += 1);
    Commit::Superseded { stored, discarded }
}

fn renewed(mut stored: Stored, tokens: &RefreshedTokens) -> Stored {
    if let Some(refresh) = &tokens.refresh_token {
        stored.refresh = refresh.expose().parse().unwrap();
    }
    if let Some(access) = &tokens.access_token {
        let expires_at: Timestamp = access.expose().parse().unwrap();
        (stored.expires_at, stored.issued_at) = (expires_at, expires_at - LIFETIME);
    }
    stored
}
