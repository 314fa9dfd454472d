//! What the processes share: the store, its lock, and the authorization server.

use super::issuer::{Issuer, Person, Policy, Token};

/// The number of a process.
pub(super) type Pid = usize;

/// A stored sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Stored {
    pub(super) token: Token,
    /// Its access token is about to expire.
    pub(super) is_due: bool,
}

/// A promise of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Promise {
    OneRefresh,
    LiveTokenStays,
    LogoutIsFinal,
    SigningInEndsNothing,
}

/// Everything that the processes share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    pub(super) store: Option<Stored>,
    /// The sign-in of the same person in another profile. Nobody refreshes it.
    pub(super) other_profile: Option<Token>,
    pub(super) lock: Option<Pid>,
    /// Somebody has removed the lock file while it was locked, so that two processes can hold a lock.
    pub(super) lock_was_lost: bool,
    pub(super) issuer: Issuer,
    /// How many faults can still happen.
    pub(super) faults: u8,
    /// How often the access token can still become due.
    pub(super) expiries: u8,
    pub(super) broken: Option<Promise>,
}

impl World {
    pub(super) fn new(has_other_profile: bool, policy: Policy, faults: u8) -> Self {
        let mut issuer = Issuer::default();
        let token = issuer.sign_in(Person::Owner, policy);
        let other_profile = has_other_profile.then(|| issuer.sign_in(Person::Owner, policy));
        Self {
            store: Some(Stored { token, is_due: true }),
            other_profile,
            lock: None,
            lock_was_lost: false,
            issuer,
            faults,
            expiries: 1,
            broken: None,
        }
    }

    /// Time passes.
    pub(super) fn make_token_due(&mut self) {
        self.expiries -= 1;
        self.store = self.store.map(|it| Stored { is_due: true, ..it });
    }

    /// Somebody removes the lock file.
    pub(super) fn lose_lock(&mut self) {
        self.faults -= 1;
        self.lock = None;
        self.lock_was_lost = true;
    }

    pub(super) fn unlock(&mut self, pid: Pid) {
        self.lock.take_if(|holder| *holder == pid);
    }

    pub(super) fn stored_token(&self) -> Option<Token> {
        self.store.map(|it| it.token)
    }

    /// The tokens of both profiles.
    pub(super) fn stored_tokens(&self) -> impl Iterator<Item = Token> {
        self.stored_token().into_iter().chain(self.other_profile)
    }

    /// A process of ours writes a sign-in.
    pub(super) fn write(&mut self, token: Token) {
        let replaced = self.stored_token();
        let was_live = replaced.is_some_and(|it| self.issuer.is_live(it));
        let is_loss = was_live && !self.issuer.is_live(token) && !self.issuer.is_excused(token);
        self.expect(Promise::LiveTokenStays, !is_loss);
        self.store = Some(Stored { token, is_due: false });
    }

    /// Whether revoking this token could end a stored sign-in of the same person.
    pub(super) fn may_end_stored(&self, token: Token) -> bool {
        let person = self.issuer.person(token);
        self.stored_tokens().any(|it| it == token || self.issuer.person(it) == person)
    }

    /// Revokes a token that nothing stores.
    pub(super) fn revoke_discarded(&mut self, token: Token, policy: Policy) {
        let live: Vec<Token> = self.stored_tokens().filter(|it| self.issuer.is_live(*it)).collect();
        self.issuer.revoke(token, policy);
        let ended =
            live.into_iter().any(|it| !self.issuer.is_live(it) && !self.issuer.is_excused(it));
        self.expect(Promise::SigningInEndsNothing, !ended);
    }

    pub(super) fn expect(&mut self, promise: Promise, holds: bool) {
        if !holds {
            self.broken.get_or_insert(promise);
        }
    }

    /// Whether each stored sign-in works, or has ended for a reason that no protocol can prevent.
    pub(super) fn is_stored_usable(&self) -> bool {
        self.stored_tokens().all(|it| self.issuer.is_live(it) || self.issuer.is_excused(it))
    }
}
