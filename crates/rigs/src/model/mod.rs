//! A model of the refresh protocol, small enough that every schedule of a few processes is checked.
//!
//! Four processes share a stored sign-in: two or three of ours, and Codex CLI, which takes no lock while it refreshes.
//! Ours crash, run out of disk space, lose requests and responses, and find their lock file removed.
//!
//! A sign-in may be lost, without a fault of the protocol, in these cases; the model calls them excused:
//!
//! - The process that has received the new tokens crashes or cannot write them, or the response never arrives.
//! - The issuer ends a sign-in when a refresh token is used twice, and Codex CLI or the owner of a removed lock file
//!   has used it.
//! - Codex CLI overwrites what is stored.
//! - The person logs out, and the issuer ends all sign-ins of the person.
//! - A sign-in of a person begins or is stored in the moment in which tokens of that person are revoked. No process
//!   knows of it when it checks what its revocation could end.

mod issuer;
mod process;
mod world;

use std::error::Error;
use std::io::{self, Write};
use std::thread;

use clap::{Args, ValueEnum};
use stateright::{Checker, HasDiscoveries, Model, Path, Property};

use issuer::{Person, Policy};
use process::{CodexCli, Discard, LogOut, Process, Refresh, SignIn, Step};
use world::{Pid, Promise, World};

/// Which part of the model to check.
#[derive(Debug, Args)]
pub struct Options {
    /// Only schedules with at most N faults
    #[arg(long, value_name = "N", default_value_t = u8::MAX, hide_default_value = true)]
    faults: u8,
    /// Without a rule of the protocol; this has to fail
    #[arg(long, value_name = "RULE", num_args = 0..=1, default_missing_value = "read-again")]
    broken: Option<Rule>,
}

/// A rule of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Rule {
    /// The sign-in is read again under the lock
    ReadAgain,
    /// New tokens replace only the token that was sent
    Compare,
    /// Nothing is revoked that could end a stored sign-in
    CheckBeforeRevocation,
}

/// Checks every schedule for each policy of an issuer, and prints the number of states.
///
/// # Errors
///
/// The first policy for which a property does not hold, with a shortest schedule.
pub(crate) fn run(options: &Options, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    writeln!(out, "{:>9}  policy of the issuer", "states")?;
    let mut states = 0;
    for policy in Policy::ALL {
        let protocol = Protocol { policy, faults: options.faults, without: options.broken };
        // With one thread, a counterexample is a shortest one.
        let threads = match options.broken {
            Some(_) => 1,
            None => thread::available_parallelism()?.get(),
        };
        let checker = protocol.checker().threads(threads);
        let checker = checker.finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
        if let Some((property, path)) = checker.discoveries().into_iter().next() {
            writeln!(out, "\nIf {policy}, this does not hold: {property}")?;
            print_schedule(path, out)?;
            return Err(format!("the protocol breaks a promise: {property}").into());
        }
        writeln!(out, "{:>9}  {policy}", checker.unique_state_count())?;
        states += checker.unique_state_count();
    }
    writeln!(out, "{states:>9}  unique states\n\nIn each of them:")?;
    for property in Protocol::all_properties() {
        writeln!(out, "- {}", property.name)?;
    }
    Ok(())
}

fn print_schedule(path: Path<State, Action>, out: &mut impl Write) -> io::Result<()> {
    for (before, action) in path.into_vec() {
        match action {
            Some(Action::Process(pid, step)) => {
                writeln!(out, "  {:<12} {step}", before.processes[pid].name(pid))?;
            }
            Some(Action::TokenIsDue) => writeln!(out, "  time passes; the access token is due")?,
            Some(Action::LockIsLost) => writeln!(out, "  somebody removes the lock file")?,
            None => writeln!(out, "  at the end, stored: {:?}", before.world.store)?,
        }
    }
    Ok(())
}

/// One state of everything.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    world: World,
    processes: Vec<Process>,
}

impl State {
    fn is_over(&self) -> bool {
        self.processes.iter().all(|process| *process == Process::Ended)
    }

    /// The process that revokes a token does not know of a sign-in of the same person that begins or is stored in the
    /// same moment.
    fn excuse_concurrent_sign_in(&mut self, pid: Pid, step: Step) {
        let issuer = &self.world.issuer;
        let any =
            |is_concurrent: &dyn Fn(&Process) -> bool| self.processes.iter().any(is_concurrent);
        let person = match (self.processes[pid], step) {
            (Process::Discard(Discard::Checked(token)), Step::Revoke) => {
                let person = issuer.person(token);
                any(&|it| it.has_unstored_tokens_of(person)).then_some(person)
            }
            (Process::SignIn(person, SignIn::Locked(_)), Step::Write) => {
                any(&|it| it.revokes_token_of(person, issuer)).then_some(person)
            }
            _ => None,
        };
        if let Some(person) = person {
            self.world.issuer.excuse_person(person);
        }
    }
}

/// The protocol, with one issuer.
struct Protocol {
    policy: Policy,
    faults: u8,
    without: Option<Rule>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    Process(Pid, Step),
    TokenIsDue,
    LockIsLost,
}

impl Protocol {
    fn all_properties() -> Vec<Property<Self>> {
        vec![
            Property::always("one process sends a refresh token", |_, it| {
                keeps(it, Promise::OneRefresh)
            }),
            Property::always("no live token is replaced by a dead one", |_, it| {
                keeps(it, Promise::LiveTokenStays)
            }),
            Property::always("no refresh brings back a sign-in after a logout", |_, it| {
                keeps(it, Promise::LogoutIsFinal)
            }),
            Property::always("signing in signs nobody out", |_, it| {
                keeps(it, Promise::SigningInEndsNothing)
            }),
            Property::always(
                "what is stored at the end works, or its loss is excused",
                |_, it: &State| !it.is_over() || it.world.is_stored_usable(),
            ),
            Property::eventually("every process ends", |_, it: &State| it.is_over()),
        ]
    }
}

fn keeps(state: &State, promise: Promise) -> bool {
    state.world.broken != Some(promise)
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let refresh = Process::Refresh(Refresh::Started);
        let roles = [
            refresh,
            Process::LogOut(LogOut::Started),
            Process::SignIn(Person::Owner, SignIn::Started),
            Process::SignIn(Person::Other, SignIn::Started),
        ];
        let mut states = Vec::new();
        for (index, second) in roles.into_iter().enumerate() {
            for third in &roles[index..] {
                for has_other_profile in [false, true] {
                    let codex = Process::CodexCli(CodexCli::Started);
                    let processes = vec![refresh, second, *third, codex];
                    let world = World::new(has_other_profile, self.policy, self.faults);
                    states.push(State { world, processes });
                }
            }
        }
        states
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let State { world, processes } = state;
        if state.is_over() {
            return;
        }
        for (pid, process) in processes.iter().enumerate() {
            let steps = process.steps(world).into_iter();
            let possible = steps.filter(|step| world.faults > 0 || !step.is_fault());
            actions.extend(possible.map(|step| Action::Process(pid, step)));
        }
        if world.expiries > 0 && world.store.is_some_and(|it| !it.is_due) {
            actions.push(Action::TokenIsDue);
        }
        if world.faults > 0 && world.lock.is_some() {
            actions.push(Action::LockIsLost);
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Process(pid, step) => {
                state.excuse_concurrent_sign_in(pid, step);
                let world = &mut state.world;
                world.faults -= u8::from(step.is_fault());
                state.processes[pid] = state.processes[pid].after(step, pid, world, self);
            }
            Action::TokenIsDue => state.world.make_token_due(),
            Action::LockIsLost => state.world.lose_lock(),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        Self::all_properties()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_missing_rule_has_a_counterexample() {
        for rule in [Rule::ReadAgain, Rule::Compare, Rule::CheckBeforeRevocation] {
            let mut out = Vec::new();
            run(&Options { faults: 0, broken: Some(rule) }, &mut out).unwrap_err();
            let text = String::from_utf8(out).unwrap();
            assert!(text.contains("this does not hold"), "{text}");
        }
    }
}
