//! Rows 151 and 172: saves are killed at random moments while a thread reads the file.

use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::Value;

use super::case::{Ended, write_stdin};
use super::content::{self, Goal, State};
use super::home::Home;
use super::{Numbers, Outcome};
use crate::parallel;
use crate::program;
use crate::progress;
use crate::report::Report;
use crate::statistics::median;

/// One save of so many is not killed.
const BETWEEN: usize = 10;

/// The results in one folder.
#[derive(Default)]
struct Counts {
    /// Kills before the end of the save.
    killed: usize,
    torn: usize,
    /// Kills that left a temporary file, and those that left more than two.
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
    let all_counts =
        parallel::each(&shares, |(thread, share)| in_one_folder(program, *thread, *share))?;
    let sum = |field: fn(&Counts) -> usize| all_counts.iter().map(field).sum::<usize>();

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

fn in_one_folder(program: &Path, thread: usize, kills: usize) -> Outcome<Counts> {
    let saver = Saver { program, home: Home::empty()? };
    let (mut current, typical) = saver.warm_up()?;
    let mut random = Rng::with_seed(thread as u64);
    let mut counts = Counts::default();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| saver.read_until(&done));
        let outcome = saver.kill(kills, &mut current, typical, &mut random, &mut counts);
        done.store(true, Ordering::Relaxed);
        (counts.reads, counts.torn_reads) = reader.join().map_err(|_| "the reader gave up")?;
        outcome
    })?;
    Ok(counts)
}

/// Saves keys in one folder.
struct Saver<'a> {
    program: &'a Path,
    home: Home,
}

impl Saver<'_> {
    /// Saves some keys; returns the content and the median time of a save.
    fn warm_up(&self) -> Outcome<(Vec<u8>, Duration)> {
        let mut times = Vec::new();
        for number in 0..BETWEEN {
            let begun = Instant::now();
            let ended = Ended::wait(self.begin(&key(number, 0))?)?;
            times.push(begun.elapsed());
            if ended.code != Some(0) {
                return Err(ended.summary().into());
            }
        }
        let content = self.home.content()?.ok_or("nothing was saved")?;
        Ok((content, median(times).unwrap_or_default()))
    }

    fn begin(&self, key: &str) -> Outcome<std::process::Child> {
        let mut command = program::command_without_user_settings(self.program, self.home.path());
        command.args(["login", "--with-api-key"]).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        write_stdin(&mut child, key);
        Ok(child)
    }

    fn kill(
        &self,
        kills: usize,
        current: &mut Vec<u8>,
        typical: Duration,
        random: &mut Rng,
        counts: &mut Counts,
    ) -> Outcome<()> {
        for number in 0.. {
            if counts.killed == kills {
                break;
            }
            let key = key(number, random.usize(..200));
            let mut child = self.begin(&key)?;
            let is_killed = number % BETWEEN != 0;
            if is_killed {
                thread::sleep(typical.mul_f64(random.f64() * 1.1));
                child.kill()?;
            }
            let ended = Ended::wait(child)?;
            let now = self.home.content()?;
            match content::classify(Some(current), now.as_deref(), &Goal::Key(key)) {
                State::Torn => counts.torn += 1,
                State::Old if ended.code == Some(0) => counts.failed_saves += 1,
                State::Old => {}
                State::New => *current = now.unwrap_or_default(),
            }
            counts.count(&ended, is_killed, self.home.leftovers()?.len());
        }
        Ok(())
    }

    /// Counts reads, and reads that returned no whole document.
    fn read_until(&self, done: &AtomicBool) -> (usize, usize) {
        let (mut reads, mut torn) = (0, 0);
        while !done.load(Ordering::Relaxed) {
            let content = self.home.content().ok().flatten().unwrap_or_default();
            let is_whole =
                |it: Value| it["OPENAI_API_KEY"].is_string() && it["auth_mode"].is_string();
            reads += 1;
            torn += usize::from(!serde_json::from_slice(&content).is_ok_and(is_whole));
            // Leaves the processor to the program.
            thread::sleep(Duration::from_micros(100));
        }
        (reads, torn)
    }
}

impl Counts {
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

/// Keys of different lengths, so that a mix of two documents is invalid JSON.
fn key(number: usize, length: usize) -> String {
    format!("sk-faults-{number:012}-{}", "x".repeat(length))
}
