use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::sync::Arc;

use credentials::{AccessToken, RefreshToken};
use jiff::{SignedDuration, Timestamp};
use token_source::{Clock as _, RefreshError, RefreshErrorKind, Refreshable};

use super::cell::{Cell, RefCell};
use super::executor::Schedule;

/// How long an access token lives. It is due for the last five minutes.
pub(crate) const LIFETIME: SignedDuration = SignedDuration::from_mins(10);

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
#[derive(Clone, Copy)]
pub(crate) struct Issued {
    /// All tokens of a sign-in are one family.
    family: usize,
    pub(crate) is_live: bool,
    /// A process of ours has sent it, and knows that the answer was stored.
    pub(crate) is_spent_by_us: bool,
    /// Something that no protocol can prevent has happened to it: the end of a process, a lost answer,
    /// a full disk, a program that takes no lock.
    pub(crate) is_excused: bool,
}

/// What happened, in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) refreshes: u64,
    pub(crate) crashes: u64,
    pub(crate) superseded: u64,
    pub(crate) postponed: u64,
    pub(crate) rejected: u64,
    /// Claims of processes that had ended, or were stopped for too long.
    pub(crate) taken_over: u64,
    pub(crate) rollbacks: u64,
    /// Uses of a token that was due while another process refreshed it.
    pub(crate) old_tokens: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.refreshes += other.refreshes;
        self.crashes += other.crashes;
        self.superseded += other.superseded;
        self.postponed += other.postponed;
        self.rejected += other.rejected;
        self.taken_over += other.taken_over;
        self.rollbacks += other.rollbacks;
        self.old_tokens += other.old_tokens;
    }
}

/// Everything that the processes share.
#[derive(Clone)]
pub(crate) struct World(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) schedule: Schedule,
    stored: RefCell<Option<Stored>>,
    /// How often something else was stored.
    version: Cell<u64>,
    pub(crate) lock: Cell<Option<Hold>>,
    /// Whether the lock is a claim, which ends by itself and not with its process.
    pub(crate) has_claims: bool,
    /// Whether the database has lost its newest changes, and a claim with them.
    pub(crate) is_rolled_back: Cell<bool>,
    /// The tokens that tasks have sent, until their successors are stored.
    in_flight: RefCell<BTreeMap<usize, Token>>,
    pub(crate) issued: RefCell<Vec<Issued>>,
    counts: Cell<Counts>,
    /// How often something fails: once in so many times.
    trouble: u64,
    /// Whether the server ends a sign-in when one of its refresh tokens is used twice.
    ends_reused: bool,
    /// Leaves out the rule that what is stored is read again under the lock.
    pub(crate) is_broken: bool,
}

/// Who has the lock, and until when if it is a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) task: usize,
    pub(crate) since: Timestamp,
    pub(crate) until: Option<Timestamp>,
}

#[derive(Debug, thiserror::Error)]
#[error("the disk failed")]
pub(crate) struct DiskError;

#[derive(Debug, thiserror::Error)]
#[error("{0:?}")]
pub(crate) struct ServerError(pub(crate) RefreshErrorKind);

impl RefreshError for ServerError {
    fn kind(&self) -> RefreshErrorKind {
        self.0
    }
}

impl World {
    pub(crate) fn new(schedule: &Schedule, is_broken: bool) -> Self {
        let world = Self(Arc::new(Inner {
            schedule: schedule.clone(),
            stored: RefCell::default(),
            version: Cell::default(),
            lock: Cell::default(),
            has_claims: schedule.once_in(2),
            is_rolled_back: Cell::default(),
            in_flight: RefCell::default(),
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

    pub(crate) fn version(&self) -> u64 {
        self.0.version.get()
    }

    pub(crate) fn store(&self, stored: Option<Stored>) {
        self.0.version.set(self.version() + 1);
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
    pub(crate) fn excuse(&self, token: Token) {
        self.0.issued.borrow_mut()[token].is_excused = true;
    }

    /// A process has sent this token. The answer is only in that process until it is stored.
    pub(crate) fn send(&self, token: Token) {
        self.0.in_flight.borrow_mut().insert(self.0.schedule.current(), token);
    }

    /// There is no answer, or it is stored.
    pub(crate) fn finish(&self) {
        self.0.in_flight.borrow_mut().remove(&self.0.schedule.current());
    }

    /// If the server has used the token that this task sent, nothing can save the answer.
    pub(crate) fn excuse_in_flight(&self, task: usize) {
        let sent = self.0.in_flight.borrow().get(&task).copied();
        if let Some(sent) = sent.filter(|it| !self.is_live(*it)) {
            self.excuse(sent);
        }
    }

    /// A process ends.
    pub(crate) fn crash(&self, task: usize) {
        self.count(|it| it.crashes += 1);
        self.excuse_in_flight(task);
        self.0.in_flight.borrow_mut().remove(&task);
    }

    /// A database continues with an older copy of its data. What was stored since is lost, and so is
    /// who has the claim.
    pub(crate) fn roll_back(&self, older: Option<Stored>) {
        let lost = self.stored().into_iter().chain(older.clone());
        lost.for_each(|stored| self.excuse(stored.refresh));
        self.0.lock.set(None);
        self.0.is_rolled_back.set(true);
        self.count(|it| it.rollbacks += 1);
        self.store(older);
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
    pub(crate) fn fails(&self) -> bool {
        self.0.trouble != u64::MAX && self.0.schedule.once_in(self.0.trouble)
    }

    pub(crate) fn disk(&self) -> Result<(), DiskError> {
        if self.fails() { Err(DiskError) } else { Ok(()) }
    }
}

/// How a sign-in was lost.
pub(crate) struct Lost {
    pub(crate) is_excused: bool,
}

impl Refreshable for Stored {
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
