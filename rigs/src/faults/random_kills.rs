//! Rows 151 and 172: saves that are killed at any moment, while somebody reads.

use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::content::{self, Goal, State};
use super::home::Home;
use super::random::Random;
use super::scene::{Ended, feed};
use super::{Numbers, Outcome, parallel};
use crate::program;
use crate::progress;
use crate::report::Report;
use crate::statistics::median;

/// How many saves are killed before one is let through.
const BETWEEN: usize = 10;

/// What came of some kills.
#[derive(Default)]
struct Tally {
    /// Kills that came before the end of the save.
    killed: usize,
    torn: usize,
    /// Kills after which a file was there that is no part of a sign-in, and how many of them after
    /// which there were more than there are names for: what is written, and what is tried before.
    left: usize,
    left_more: usize,
    saves: usize,
    failed_saves: usize,
    orphans: usize,
    reads: usize,
    torn_reads: usize,
}

pub(super) fn run(program: &Path, numbers: &Numbers, report: &mut Report) -> Outcome<()> {
    progress("kills at random moments");
    let threads = parallel::threads();
    let shares: Vec<(usize, usize)> =
        (0..threads).map(|it| (it, (numbers.random_kills + it) / threads)).collect();
    let tallies =
        parallel::each(&shares, |(thread, share)| in_one_folder(program, *thread, *share))?;
    let sum = |field: fn(&Tally) -> usize| tallies.iter().map(field).sum::<usize>();

    report.count("killed at a random moment of a save", sum(|it| it.killed), numbers.random_kills);
    report.count("  neither the old content nor the new", sum(|it| it.torn), 0);
    report.count("  torn or absent for somebody who reads", sum(|it| it.torn_reads), 0);
    report.count("  more than two files left behind by kills in a row", sum(|it| it.left_more), 0);
    report.count("  next saves that fail", sum(|it| it.failed_saves), 0);
    report.count("  files left behind by a next save", sum(|it| it.orphans), 0);
    report.note("  kills that left a file behind", sum(|it| it.left).to_string());
    report.note("  saves in between", sum(|it| it.saves).to_string());
    report.note("  reads", sum(|it| it.reads).to_string());
    Ok(())
}

fn in_one_folder(program: &Path, thread: usize, kills: usize) -> Outcome<Tally> {
    let saver = Saver { program, home: Home::empty()? };
    let (mut current, typical) = saver.warm_up()?;
    let mut random = Random::new(thread);
    let mut tally = Tally::default();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| saver.read_until(&done));
        let outcome = saver.kill(kills, &mut current, typical, &mut random, &mut tally);
        done.store(true, Ordering::Relaxed);
        (tally.reads, tally.torn_reads) = reader.join().map_err(|_| "the reader gave up")?;
        outcome
    })?;
    Ok(tally)
}

/// Who saves keys in one folder.
struct Saver<'a> {
    program: &'a Path,
    home: Home,
}

impl Saver<'_> {
    /// The first saves: what is then stored, and how long one takes.
    fn warm_up(&self) -> Outcome<(Vec<u8>, Duration)> {
        let mut times = Vec::new();
        for number in 0..BETWEEN {
            let begun = Instant::now();
            let ended = Ended::wait(self.begin(&key(number, 0))?)?;
            times.push(begun.elapsed());
            if ended.code != Some(0) {
                return Err(ended.in_words().into());
            }
        }
        let content = self.home.content()?.ok_or("nothing was saved")?;
        Ok((content, median(times).unwrap_or_default()))
    }

    fn begin(&self, key: &str) -> Outcome<std::process::Child> {
        let mut command = program::untouched(self.program, self.home.path());
        command.args(["login", "--with-api-key"]).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        feed(&mut child, key);
        Ok(child)
    }

    fn kill(
        &self,
        kills: usize,
        current: &mut Vec<u8>,
        typical: Duration,
        random: &mut Random,
        tally: &mut Tally,
    ) -> Outcome<()> {
        for number in 0.. {
            if tally.killed == kills {
                break;
            }
            let key = key(number, random.below(200));
            let mut child = self.begin(&key)?;
            let is_killed = number % BETWEEN != 0;
            if is_killed {
                thread::sleep(typical.mul_f64(random.fraction() * 1.1));
                child.kill()?;
            }
            let ended = Ended::wait(child)?;
            let now = self.home.content()?;
            match content::judge(Some(current), now.as_deref(), &Goal::Key(key)) {
                State::Torn => tally.torn += 1,
                State::Old if ended.code == Some(0) => tally.failed_saves += 1,
                State::Old => {}
                State::New => *current = now.unwrap_or_default(),
            }
            tally.count(&ended, is_killed, self.home.leftovers()?.len());
        }
        Ok(())
    }

    /// Reads all the time: how often, and how often it was not a whole document.
    fn read_until(&self, done: &AtomicBool) -> (usize, usize) {
        let (mut reads, mut torn) = (0, 0);
        while !done.load(Ordering::Relaxed) {
            let content = self.home.content().ok().flatten().unwrap_or_default();
            let is_whole =
                |it: Value| it["OPENAI_API_KEY"].is_string() && it["auth_mode"].is_string();
            reads += 1;
            torn += usize::from(!serde_json::from_slice(&content).is_ok_and(is_whole));
            // It must not keep the processor from those who write.
            thread::sleep(Duration::from_micros(100));
        }
        (reads, torn)
    }
}

impl Tally {
    fn count(&mut self, ended: &Ended, is_killed: bool, left: usize) {
        match ended.code {
            None if is_killed => self.killed += 1,
            code => {
                self.saves += 1;
                self.failed_saves += usize::from(code != Some(0));
                self.orphans += left;
                return;
            }
        }
        self.left += usize::from(left > 0);
        self.left_more += usize::from(left > 2);
    }
}

/// Keys of all lengths, so that no two documents have their ends at the same place.
fn key(number: usize, length: usize) -> String {
    format!("sk-faults-{number:012}-{}", "x".repeat(length))
}
