//! Row 114: one refresh for any number of processes, even if some are killed.
//!
//! The issuer delays its response, so that all processes wait for it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use fastrand::Rng;
use sandbox::{Account, Endpoint, Fault, Minted, On, Sandbox, Scenario, Then};

use super::case::Ended;
use super::home::Home;
use super::{Numbers, Outcome, content};
use crate::report::Report;
use crate::{program, progress, system};

/// The delay of the issuer.
const DELAY: Duration = Duration::from_secs(1);

pub(super) fn run(program: &Path, numbers: &Numbers, report: &mut Report) -> Outcome<()> {
    let Numbers { rounds, processes, .. } = *numbers;
    progress(&format!("one refresh for {processes} processes"));
    let undisturbed = Rounds::run(program, numbers, Vec::new)?;
    let what = format!("refreshes in {rounds} rounds of {processes}");
    report.count(&what, undisturbed.sum(Round::refreshes), rounds);
    let succeeded = undisturbed.sum(Round::succeeded);
    report.count("  processes that end with 0", succeeded, rounds * processes);
    report.count(
        "  rounds in which all print the same",
        undisturbed.sum(Round::prints_one_token),
        rounds,
    );
    report.time("  a round, the longest", undisturbed.longest(), Duration::from_secs(10));

    progress("the same, while some are killed");
    let mut random = Rng::with_seed(processes as u64);
    // Around the moment of the response.
    let mut kill = || (random.usize(..processes), DELAY.mul_f64(random.f64() * 1.2));
    let killed =
        Rounds::run(program, numbers, || (0..processes.div_ceil(20)).map(|_| kill()).collect())?;
    let what = format!("{rounds} rounds of {processes} with 5 % killed: token lost for no reason");
    report.count(&what, killed.sum(Round::lost_without_excuse), 0);
    report.count("  survivors that end otherwise than they should", killed.sum(Round::wrong), 0);
    let note = |report: &mut Report, what, count: usize| report.note(what, count.to_string());
    note(report, "  killed", killed.sum(|round| round.killed));
    note(report, "  of them while they held the locks", killed.sum(|round| round.holders));
    note(report, "  rounds in which the response was lost with them", killed.sum(Round::lost));
    Ok(())
}

struct Rounds(Vec<Round>);

impl Rounds {
    /// `kills` says which processes are killed in a round, and when.
    fn run(
        program: &Path,
        numbers: &Numbers,
        mut kills: impl FnMut() -> Vec<(usize, Duration)>,
    ) -> Outcome<Self> {
        let round = |_| Round::run(program, numbers.processes, &kills());
        Ok(Self((0..numbers.rounds).map(round).collect::<Outcome<_>>()?))
    }

    fn sum(&self, count: impl Fn(&Round) -> usize) -> usize {
        self.0.iter().map(count).sum()
    }

    fn longest(&self) -> Option<Duration> {
        self.0.iter().map(|round| round.took).max()
    }
}

/// What happened when many processes wanted a token at the same moment.
struct Round {
    sandbox: Sandbox,
    survivors: Vec<Ended>,
    killed: usize,
    /// How many of the killed processes held the locks.
    holders: usize,
    /// Whether the file has new tokens.
    is_refreshed: bool,
    took: Duration,
}

impl Round {
    fn run(program: &Path, processes: usize, kills: &[(usize, Duration)]) -> Outcome<Self> {
        let slow = Fault::new(Endpoint::TokenRefresh, Then::Normal).on(On::First(1)).after(DELAY);
        let scenario = Scenario { faults: vec![slow], ..Scenario::default() };
        let sandbox = Sandbox::start_in_thread(scenario)?;
        let home = Home::empty()?;
        let tokens = sandbox.mint(Account::OWNER).ok_or("nobody to sign in")?;
        home.put(&content::sign_in(&Minted { access_token: expired(), ..tokens }))?;
        let before = home.content()?;

        let (ready, begun) = (Barrier::new(processes), Instant::now());
        let one = |number: usize| {
            let kill = kills.iter().find(|(whose, _)| *whose == number).map(|(_, after)| *after);
            ready.wait();
            get_token(program, &home, sandbox.issuer_url(), kill)
        };
        let ends: Vec<_> = thread::scope(|scope| {
            let all: Vec<_> =
                (0..processes).map(|number| scope.spawn(move || one(number))).collect();
            let ends = all.into_iter().map(|it| it.join().map_err(|_| "a thread gave up")?);
            ends.collect::<Outcome<_>>()
        })?;
        let took = begun.elapsed();
        let is_refreshed = home.content()? != before;
        let (dead, survivors): (Vec<_>, Vec<_>) =
            ends.into_iter().partition(|(_, it)| it.code.is_none());
        let holders = dead.iter().filter(|(held_locks, _)| *held_locks).count();
        let survivors = survivors.into_iter().map(|(_, ended)| ended).collect();
        Ok(Self { sandbox, survivors, killed: dead.len(), holders, is_refreshed, took })
    }

    fn refreshes(&self) -> usize {
        self.sandbox.requests_at(&Endpoint::TokenRefresh).len()
    }

    fn succeeded(&self) -> usize {
        self.survivors.iter().filter(|it| it.code == Some(0)).count()
    }

    /// 1 if every printed token is the last one that the issuer returned.
    fn prints_one_token(&self) -> usize {
        let printed: BTreeSet<&str> = self
            .survivors
            .iter()
            .filter(|it| it.code == Some(0))
            .map(|it| it.stdout.trim_end())
            .collect();
        let issued = self.sandbox.issued();
        let last = issued.access_tokens.last().map(String::as_str);
        usize::from(printed.len() == 1 && printed.first().copied() == last)
    }

    /// 1 if the refresh token is spent and its successor is not stored.
    fn lost(&self) -> usize {
        usize::from(!self.is_refreshed && self.sandbox.issued().access_tokens.len() > 1)
    }

    /// 1 if it was lost and no killed process held the locks.
    fn lost_without_excuse(&self) -> usize {
        if self.holders == 0 { self.lost() } else { 0 }
    }

    /// All print the same token. If it is lost, all ask for a new sign-in.
    fn wrong(&self) -> usize {
        let expected = if self.lost() == 1 { Some(3) } else { Some(0) };
        let otherwise = self.survivors.iter().filter(|it| it.code != expected).count();
        otherwise + usize::from(self.lost() == 0 && self.prints_one_token() == 0)
    }
}

/// Runs `token`, and kills it after a time; whether it then held the locks, and how it ended.
fn get_token(
    program: &Path,
    home: &Home,
    issuer: &str,
    kill: Option<Duration>,
) -> Outcome<(bool, Ended)> {
    use std::process::Stdio;

    let mut command = program::command_without_user_settings(program, home.path());
    command.args(["token", "--issuer", issuer]).stdin(Stdio::null());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut held_locks = false;
    if let Some(after) = kill {
        thread::sleep(after);
        // Stopped first, so that it cannot lock or unlock before it is killed.
        if child.try_wait()?.is_none() && system::stop_process(child.id()).is_ok() {
            held_locks = holds_a_lock(child.id());
        }
        child.kill()?;
    }
    Ok((held_locks, Ended::wait(child)?))
}

/// From `/proc/locks`; true on other systems, where it is unknown.
fn holds_a_lock(process: u32) -> bool {
    let Ok(locks) = fs::read_to_string("/proc/locks") else { return true };
    locks.lines().any(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields.get(1) == Some(&"FLOCK") && fields.get(4) == Some(&&*process.to_string())
    })
}

/// A token that expired in 1970.
fn expired() -> String {
    let part = |text| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.{}", part(r#"{"alg":"RS256"}"#), part(r#"{"exp":1}"#), part("signature"))
}
