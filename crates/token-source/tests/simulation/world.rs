use std::cell::{Cell, RefCell};
use std::ops::AddAssign;
use std::rc::Rc;

use credentials::{AccessToken, RefreshToken};
use jiff::{SignedDuration, Timestamp};
use token_source::{
    Clock as _, Commit, RefreshError, RefreshErrorKind, RefreshedTokens, SharedStore, SignIn,
    StoreGuard, TokenEndpoint, TokenResponse,
};

use super::executor::Schedule;

/// How long an access token lives. It is due for the last five minutes.
const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

/// The number of a refresh token.
pub(crate) type Token = usize;

/// What is stored. A refresh token is its number, and an access token is when it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) refresh: Token,
    pub(crate) expires_at: Timestamp,
    pub(crate) issued_at: Timestamp,
}

/// What the server knows of a refresh token.
struct Issued {
    /// All tokens of a sign-in are one family.
    family: usize,
    is_live: bool,
    /// A process of ours has sent it, and knows that the answer was stored.
    is_spent_by_us: bool,
    /// Something that no protocol can prevent has happened to it: the end of a process, a lost answer,
    /// a full disk, a program that takes no lock.
    is_excused: bool,
}

/// What happened, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) refreshes: u64,
    pub(crate) crashes: u64,
    pub(crate) superseded: u64,
    pub(crate) postponed: u64,
    pub(crate) rejected: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.refreshes += other.refreshes;
        self.crashes += other.crashes;
        self.superseded += other.superseded;
        self.postponed += other.postponed;
        self.rejected += other.rejected;
    }
}

/// Everything that the processes share.
#[derive(Clone)]
pub(crate) struct World(Rc<Inner>);

struct Inner {
    schedule: Schedule,
    stored: RefCell<Option<Stored>>,
    lock: Cell<Option<usize>>,
    issued: RefCell<Vec<Issued>>,
    counts: Cell<Counts>,
    /// How often something fails: once in so many times.
    trouble: u64,
    /// Whether the server ends a sign-in when one of its refresh tokens is used twice.
    ends_reused: bool,
    /// Leaves out the rule that what is stored is read again under the lock.
    is_broken: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the disk failed")]
pub(crate) struct DiskError;

#[derive(Debug, thiserror::Error)]
#[error("{0:?}")]
pub(crate) struct ServerError(RefreshErrorKind);

impl RefreshError for ServerError {
    fn kind(&self) -> RefreshErrorKind {
        self.0
    }
}

impl World {
    pub(crate) fn new(schedule: &Schedule, is_broken: bool) -> Self {
        let world = Self(Rc::new(Inner {
            schedule: schedule.clone(),
            stored: RefCell::default(),
            lock: Cell::default(),
            issued: RefCell::default(),
            counts: Cell::default(),
            trouble: [10, 40, u64::MAX][schedule.below(3) as usize],
            ends_reused: schedule.once_in(2),
            is_broken,
        }));
        world.sign_in();
        world
    }

    pub(crate) fn counts(&self) -> Counts {
        self.0.counts.get()
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Counts)) {
        let mut counts = self.0.counts.get();
        change(&mut counts);
        self.0.counts.set(counts);
    }

    pub(crate) fn stored(&self) -> Option<Stored> {
        self.0.stored.borrow().clone()
    }

    pub(crate) fn store(&self, stored: Option<Stored>) {
        *self.0.stored.borrow_mut() = stored;
    }

    /// A new sign-in takes the place of what is stored.
    pub(crate) fn sign_in(&self) {
        let family = self.0.issued.borrow().len();
        self.store(Some(self.issue(family)));
    }

    /// What is stored is removed, and nothing may bring it back.
    pub(crate) fn sign_out(&self) {
        if let Some(stored) = self.stored() {
            let family = self.0.issued.borrow()[stored.refresh].family;
            self.end(family);
        }
        self.store(None);
    }

    fn issue(&self, family: usize) -> Stored {
        let mut issued = self.0.issued.borrow_mut();
        issued.push(Issued { family, is_live: true, is_spent_by_us: false, is_excused: false });
        let issued_at = self.0.schedule.now();
        Stored { refresh: issued.len() - 1, expires_at: issued_at + LIFETIME, issued_at }
    }

    fn end(&self, family: usize) {
        let mut issued = self.0.issued.borrow_mut();
        issued.iter_mut().filter(|it| it.family == family).for_each(|it| it.is_live = false);
    }

    /// The loss of this token, or of what comes of it, is not the protocol's.
    fn excuse(&self, token: Token) {
        self.0.issued.borrow_mut()[token].is_excused = true;
    }

    /// A process ends. If it had sent the stored token, nothing can save the answer.
    pub(crate) fn crash(&self, task: usize) {
        self.count(|it| it.crashes += 1);
        let spent = self.stored().map(|it| it.refresh).filter(|it| !self.is_live(*it));
        if let Some(spent) = spent.filter(|_| self.0.lock.get() == Some(task)) {
            self.excuse(spent);
        }
    }

    /// A program that takes no lock may use a token at the same time as we do.
    pub(crate) fn excuse_reuse(&self, token: Token) {
        if self.0.ends_reused {
            self.excuse(token);
        }
    }

    fn is_live(&self, token: Token) -> bool {
        self.0.issued.borrow()[token].is_live
    }

    /// Whether the sign-in that is stored has ended at the server, without an excuse.
    pub(crate) fn has_lost(&self) -> Option<Lost> {
        let stored = self.stored()?;
        let issued = self.0.issued.borrow();
        let family = issued[stored.refresh].family;
        let is_excused = issued.iter().any(|it| it.family == family && it.is_excused);
        (!issued[stored.refresh].is_live).then_some(Lost { is_excused })
    }

    /// The server's side of a refresh: rotation, and the end of the family when a token is used twice.
    pub(crate) fn refresh_at_server(&self, token: Token) -> Result<Stored, ServerError> {
        let (is_live, family) = {
            let issued = &mut self.0.issued.borrow_mut()[token];
            (std::mem::replace(&mut issued.is_live, false), issued.family)
        };
        if is_live {
            return Ok(self.issue(family));
        }
        if self.0.ends_reused {
            self.end(family);
        }
        Err(ServerError(RefreshErrorKind::AlreadyUsed))
    }

    /// Once in a while, where the seed wants trouble.
    fn fails(&self) -> bool {
        self.0.trouble != u64::MAX && self.0.schedule.once_in(self.0.trouble)
    }

    fn disk(&self) -> Result<(), DiskError> {
        if self.fails() { Err(DiskError) } else { Ok(()) }
    }
}

/// How a sign-in was lost.
pub(crate) struct Lost {
    pub(crate) is_excused: bool,
}

impl SignIn for Stored {
    fn refresh_token(&self) -> Option<RefreshToken> {
        RefreshToken::new(self.refresh.to_string()).ok()
    }

    fn access_token(&self) -> Option<AccessToken> {
        AccessToken::new(self.expires_at.to_string()).ok()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(self.expires_at)
    }

    fn issued_at(&self) -> Option<Timestamp> {
        Some(self.issued_at)
    }

    fn last_refresh(&self) -> Option<Timestamp> {
        Some(self.issued_at)
    }

    fn can_be_refreshed(&self) -> bool {
        true
    }
}

/// The lock, and what was read before it was taken.
pub(crate) struct Guard {
    world: World,
    stale: Option<Stored>,
    is_reserved: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.world.0.lock.set(None);
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

    async fn try_lock(&self) -> Result<Option<Guard>, DiskError> {
        let stale = self.stored();
        self.0.schedule.step().await;
        self.disk()?;
        if self.0.lock.get().is_some() {
            return Ok(None);
        }
        self.0.lock.set(Some(self.0.schedule.current()));
        Ok(Some(Guard { world: self.clone(), stale, is_reserved: false }))
    }
}

impl StoreGuard for Guard {
    type SignIn = Stored;
    type Error = DiskError;

    async fn load(&mut self) -> Result<Option<Stored>, DiskError> {
        self.world.0.schedule.step().await;
        self.world.disk()?;
        let is_broken = self.world.0.is_broken;
        Ok(if is_broken { self.stale.clone() } else { self.world.stored() })
    }

    async fn reserve(&mut self) -> Result<(), DiskError> {
        self.world.0.schedule.step().await;
        self.world.disk()?;
        self.is_reserved = true;
        Ok(())
    }

    async fn commit(
        self,
        sign_in: Stored,
        tokens: RefreshedTokens,
        spent: RefreshToken,
    ) -> Result<Commit<Stored>, DiskError> {
        assert!(self.is_reserved, "a token was sent without room for its successor");
        let world = &self.world;
        let spent: Token = spent.expose().parse().unwrap();
        world.0.schedule.step().await;
        if let Err(error) = world.disk() {
            world.excuse(spent);
            return Err(error);
        }
        let renewed = renewed(sign_in, &tokens);
        match world.stored() {
            Some(stored) if stored.refresh == spent => {
                world.store(Some(renewed.clone()));
                world.0.issued.borrow_mut()[spent].is_spent_by_us = true;
                Ok(Commit::Stored(renewed))
            }
            stored => {
                world.count(|it| it.superseded += 1);
                Ok(Commit::Superseded { stored, discarded: renewed })
            }
        }
    }
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

/// The server, which may not answer, or with half of what it should.
impl TokenEndpoint<Stored> for World {
    type Error = ServerError;

    fn refresh_token(&self, sign_in: &Stored) -> Result<RefreshToken, ServerError> {
        Ok(sign_in.refresh_token().unwrap())
    }

    async fn refresh(
        &self,
        _: &Stored,
        token: &RefreshToken,
    ) -> Result<TokenResponse<ServerError>, ServerError> {
        let token: Token = token.expose().parse().unwrap();
        assert_eq!(self.0.lock.get(), Some(self.0.schedule.current()), "sent without the lock");
        let was_stored = self.0.issued.borrow()[token].is_spent_by_us;
        assert!(!was_stored, "token {token} was sent again after its successor was stored");
        self.count(|it| it.refreshes += 1);
        self.0.schedule.pause(self.0.schedule.below(3_000)).await;
        if self.fails() {
            return Err(ServerError(RefreshErrorKind::Unavailable));
        }
        let issued = self.refresh_at_server(token).inspect_err(|_| {
            self.count(|it| it.rejected += 1);
        })?;
        self.0.schedule.pause(self.0.schedule.below(3_000)).await;
        if self.fails() {
            self.excuse(token);
            return Err(ServerError(RefreshErrorKind::Unavailable));
        }
        Ok(self.response(&issued))
    }

    async fn discard(&self, sign_in: Stored) {
        self.0.schedule.step().await;
        self.0.issued.borrow_mut()[sign_in.refresh].is_live = false;
    }
}

impl World {
    /// Whole, without an access token, or with one that is of no use.
    fn response(&self, issued: &Stored) -> TokenResponse<ServerError> {
        let is_whole = !self.fails();
        let tokens = RefreshedTokens {
            access_token: issued.access_token().filter(|_| is_whole),
            refresh_token: issued.refresh_token(),
            ..RefreshedTokens::default()
        };
        let is_defect = !is_whole && self.0.schedule.once_in(2);
        let defect = is_defect.then_some(ServerError(RefreshErrorKind::InvalidResponse));
        TokenResponse { tokens, defect }
    }
}
