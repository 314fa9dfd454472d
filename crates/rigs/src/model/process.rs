//! The steps of each process. A step is what happens at once: one call of the system, one request.

use std::fmt;

use super::issuer::{Issuer, Person, Policy, Token};
use super::world::{Pid, Promise, Stored, World};
use super::{Protocol, Rule};

/// A process, by how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Process {
    Refresh(Refresh),
    LogOut(LogOut),
    SignIn(Person, SignIn),
    CodexCli(CodexCli),
    /// It has a token that nothing stores.
    Discard(Discard),
    Ended,
}

/// `login-cli token`, and everything else that refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Refresh {
    Started,
    /// It has read this token without the lock.
    Due(Token),
    Locked(Token),
    /// There is room for the new tokens.
    Reserved(Token),
    /// The server has returned the second token for the first one.
    Refreshed(Token, Token),
    /// The server has refused the token; the lock is free.
    Rejected(Token),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum LogOut {
    Started,
    Locked,
    Revoked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum SignIn {
    Started,
    HasTokens(Token),
    Locked(Token),
}

/// Codex CLI refreshes without a lock, and writes what it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum CodexCli {
    Started,
    Due(Token),
    Refreshed(Token),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Discard {
    Unchecked(Token),
    /// No stored sign-in is at risk.
    Checked(Token),
}

/// What a process does next, or what happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Step {
    Read,
    Lock,
    ReadWhileWaiting,
    GiveUpWaiting,
    ReadAgainAndReserve,
    DiskIsFull,
    SendRefreshToken,
    RequestIsLost,
    ResponseIsLost,
    Commit,
    CommitFails,
    FindSuccessor,
    Revoke,
    Remove,
    GetTokens,
    Write,
    CheckStoredSignIns,
    Crash,
}

impl Step {
    /// Whether it is a fault, of which only a few happen.
    pub(super) fn is_fault(self) -> bool {
        matches!(
            self,
            Self::DiskIsFull
                | Self::RequestIsLost
                | Self::ResponseIsLost
                | Self::CommitFails
                | Self::Crash
        )
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "reads a token that is due",
            Self::Lock => "takes the lock",
            Self::ReadWhileWaiting => "reads while it waits for the lock",
            Self::GiveUpWaiting => "gives up waiting",
            Self::ReadAgainAndReserve => "reserves disk space",
            Self::DiskIsFull => "finds the disk full",
            Self::SendRefreshToken => "sends the refresh token",
            Self::RequestIsLost => "sends a request that is lost",
            Self::ResponseIsLost => "sends the refresh token; the response is lost",
            Self::Commit => "stores the new tokens",
            Self::CommitFails => "cannot store the new tokens",
            Self::FindSuccessor => "looks for the token of another program",
            Self::Revoke => "revokes",
            Self::Remove => "removes the sign-in",
            Self::GetTokens => "gets tokens for a new sign-in",
            Self::Write => "stores its tokens",
            Self::CheckStoredSignIns => "checks what a revocation could end",
            Self::Crash => "crashes",
        })
    }
}

impl Process {
    pub(super) fn name(self, pid: Pid) -> String {
        match self {
            Self::CodexCli(_) => "Codex CLI".to_owned(),
            _ => format!("process {pid}"),
        }
    }

    /// What can happen to this process now.
    pub(super) fn steps(self, world: &World) -> Vec<Step> {
        let lock = match world.lock {
            None => vec![Step::Lock],
            Some(_) => vec![Step::GiveUpWaiting],
        };
        let mut steps = match self {
            Self::Ended => return Vec::new(),
            Self::Refresh(refresh) => match refresh {
                Refresh::Started => vec![Step::Read],
                Refresh::Due(_) => [lock, vec![Step::ReadWhileWaiting]].concat(),
                Refresh::Locked(_) => vec![Step::ReadAgainAndReserve, Step::DiskIsFull],
                Refresh::Reserved(_) => {
                    vec![Step::SendRefreshToken, Step::RequestIsLost, Step::ResponseIsLost]
                }
                Refresh::Refreshed(..) => vec![Step::Commit, Step::CommitFails],
                Refresh::Rejected(_) => vec![Step::FindSuccessor, Step::GiveUpWaiting],
            },
            Self::LogOut(LogOut::Started) => lock,
            Self::LogOut(LogOut::Locked) => vec![Step::Revoke, Step::RequestIsLost],
            Self::LogOut(LogOut::Revoked) => vec![Step::Remove],
            Self::SignIn(_, SignIn::Started) => vec![Step::GetTokens],
            Self::SignIn(_, SignIn::HasTokens(_)) => lock,
            Self::SignIn(_, SignIn::Locked(_)) => vec![Step::Write, Step::DiskIsFull],
            // It is not our program, so its faults are not of interest.
            Self::CodexCli(CodexCli::Started) => return vec![Step::Read],
            Self::CodexCli(CodexCli::Due(_)) => return vec![Step::SendRefreshToken],
            Self::CodexCli(CodexCli::Refreshed(_)) => return vec![Step::Write],
            Self::Discard(Discard::Unchecked(_)) => vec![Step::CheckStoredSignIns],
            Self::Discard(Discard::Checked(_)) => vec![Step::Revoke, Step::RequestIsLost],
        };
        steps.push(Step::Crash);
        steps
    }

    /// Whether a sign-in of this person is under way, which another revocation can end.
    pub(super) fn has_unstored_tokens_of(self, person: Person) -> bool {
        matches!(self, Self::SignIn(it, SignIn::HasTokens(_) | SignIn::Locked(_)) if it == person)
    }

    /// Whether it is about to revoke a token of this person.
    pub(super) fn revokes_token_of(self, person: Person, issuer: &Issuer) -> bool {
        matches!(self, Self::Discard(Discard::Checked(token)) if issuer.person(token) == person)
    }

    /// The process after the step.
    pub(super) fn after(
        self,
        step: Step,
        pid: Pid,
        world: &mut World,
        protocol: &Protocol,
    ) -> Self {
        if step == Step::Crash {
            return self.crash(pid, world);
        }
        match self {
            Self::Refresh(refresh) => refresh.after(step, pid, world, protocol),
            Self::LogOut(log_out) => log_out.after(step, pid, world, protocol),
            Self::SignIn(person, sign_in) => sign_in.after(step, person, pid, world, protocol),
            Self::CodexCli(codex) => codex.after(world, protocol),
            Self::Discard(discard) => discard.after(step, world, protocol),
            Self::Ended => Self::Ended,
        }
    }

    /// The system releases the lock. What only this process knew is lost.
    fn crash(self, pid: Pid, world: &mut World) -> Self {
        world.unlock(pid);
        if let Self::Refresh(Refresh::Refreshed(sent, _)) = self {
            world.issuer.excuse(sent);
            world.issuer.allow_second_use(sent);
        }
        Self::Ended
    }
}

impl Refresh {
    fn after(self, step: Step, pid: Pid, world: &mut World, protocol: &Protocol) -> Process {
        match (self, step) {
            (Self::Started, _) | (Self::Due(_), Step::ReadWhileWaiting) => match world.store {
                Some(stored) if stored.is_due => Process::Refresh(Self::Due(stored.token)),
                _ => Process::Ended,
            },
            (Self::Due(seen), Step::Lock) => {
                world.lock = Some(pid);
                Process::Refresh(Self::Locked(seen))
            }
            (Self::Locked(seen), Step::ReadAgainAndReserve) => {
                let due = world.store.filter(|it| it.is_due).map(|it| it.token);
                let token =
                    if protocol.without == Some(Rule::ReadAgain) { Some(seen) } else { due };
                let Some(token) = token else { return ended(pid, world) };
                Process::Refresh(Self::Reserved(token))
            }
            (Self::Reserved(token), Step::SendRefreshToken | Step::ResponseIsLost) => {
                let is_first = world.issuer.send_ours(token);
                let is_allowed = protocol.policy == Policy::SameToken || world.lock_was_lost;
                world.expect(Promise::OneRefresh, is_first || is_allowed);
                if world.lock_was_lost && protocol.policy == Policy::ReuseEndsFamily {
                    world.issuer.excuse(token);
                }
                match world.issuer.refresh(token, protocol.policy) {
                    Some(new) if step == Step::SendRefreshToken => {
                        Process::Refresh(Self::Refreshed(token, new))
                    }
                    Some(_) => lost(token, pid, world),
                    None => {
                        world.issuer.allow_second_use(token);
                        world.unlock(pid);
                        Process::Refresh(Self::Rejected(token))
                    }
                }
            }
            (Self::Refreshed(sent, new), Step::Commit) => commit(sent, new, pid, world, protocol),
            (Self::Refreshed(sent, _), _) => lost(sent, pid, world),
            (Self::Rejected(token), Step::FindSuccessor) if world.stored_token() == Some(token) => {
                Process::Refresh(self)
            }
            _ => ended(pid, world),
        }
    }
}

/// Nobody has the next token.
fn lost(sent: Token, pid: Pid, world: &mut World) -> Process {
    world.issuer.excuse(sent);
    world.issuer.allow_second_use(sent);
    ended(pid, world)
}

/// Replaces the sent token, and nothing else. The comparison and the rename are one step here: a program without
/// a lock can come between them, which no protocol prevents.
fn commit(sent: Token, new: Token, pid: Pid, world: &mut World, protocol: &Protocol) -> Process {
    let is_current = world.stored_token() == Some(sent);
    if is_current || protocol.without == Some(Rule::Compare) {
        world.expect(Promise::LogoutIsFinal, world.store.is_some());
        world.write(new);
        return ended(pid, world);
    }
    world.unlock(pid);
    Process::Discard(Discard::Unchecked(new))
}

fn ended(pid: Pid, world: &mut World) -> Process {
    world.unlock(pid);
    Process::Ended
}

impl LogOut {
    fn after(self, step: Step, pid: Pid, world: &mut World, protocol: &Protocol) -> Process {
        match (self, step) {
            (Self::Started, Step::Lock) => {
                world.lock = Some(pid);
                Process::LogOut(Self::Locked)
            }
            (Self::Locked, Step::Revoke) => {
                if let Some(token) = world.stored_token() {
                    // The person wants this, also where it ends other sign-ins.
                    let person = world.issuer.person(token);
                    world.issuer.excuse_person(person);
                    world.issuer.revoke(token, protocol.policy);
                }
                Process::LogOut(Self::Revoked)
            }
            (Self::Locked, _) => Process::LogOut(Self::Revoked),
            (Self::Revoked, _) => {
                world.store = None;
                ended(pid, world)
            }
            _ => ended(pid, world),
        }
    }
}

impl SignIn {
    fn after(
        self,
        step: Step,
        person: Person,
        pid: Pid,
        world: &mut World,
        protocol: &Protocol,
    ) -> Process {
        match (self, step) {
            (Self::Started, _) => {
                let token = world.issuer.sign_in(person, protocol.policy);
                Process::SignIn(person, Self::HasTokens(token))
            }
            (Self::HasTokens(token), Step::Lock) => {
                world.lock = Some(pid);
                Process::SignIn(person, Self::Locked(token))
            }
            (Self::Locked(token), Step::Write) => {
                let replaced = world.stored_token();
                world.write(token);
                world.unlock(pid);
                replaced.map_or(Process::Ended, |it| Process::Discard(Discard::Unchecked(it)))
            }
            (Self::HasTokens(token) | Self::Locked(token), _) => {
                world.unlock(pid);
                Process::Discard(Discard::Unchecked(token))
            }
        }
    }
}

impl CodexCli {
    fn after(self, world: &mut World, protocol: &Protocol) -> Process {
        match self {
            Self::Started => match world.store {
                Some(stored) if stored.is_due => Process::CodexCli(Self::Due(stored.token)),
                _ => Process::Ended,
            },
            Self::Due(token) => {
                if protocol.policy == Policy::ReuseEndsFamily {
                    // Two programs that share a sign-in without a lock end it.
                    world.issuer.excuse(token);
                }
                match world.issuer.refresh(token, protocol.policy) {
                    Some(new) => Process::CodexCli(Self::Refreshed(new)),
                    None => Process::Ended,
                }
            }
            Self::Refreshed(new) => {
                // It may bring back a sign-in that was removed, or replace a newer one.
                world.issuer.excuse(new);
                world.store = Some(Stored { token: new, is_due: false });
                Process::Ended
            }
        }
    }
}

impl Discard {
    fn after(self, step: Step, world: &mut World, protocol: &Protocol) -> Process {
        match (self, step) {
            (Self::Unchecked(token), _) => {
                if world.may_end_stored(token)
                    && protocol.without != Some(Rule::CheckBeforeRevocation)
                {
                    return Process::Ended;
                }
                Process::Discard(Self::Checked(token))
            }
            (Self::Checked(token), Step::Revoke) => {
                world.revoke_discarded(token, protocol.policy);
                Process::Ended
            }
            _ => Process::Ended,
        }
    }
}
