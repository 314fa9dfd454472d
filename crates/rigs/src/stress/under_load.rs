//! Sign-ins while a thousand slow clients are connected, alone and with a flood.
//!
//! Each sign-in has a process of its own. Probes and the callback are sent when every slow client has
//! connected to it once. The server holds 512 connections, so about half of the clients are connected
//! at any time.
//!
//! Both times begin before the browser connects and end with the first byte of the response. A *probe*
//! is a callback with another `state`, which takes no more than the server. The *callback* is the real
//! one: its redirect comes after two exchanges with the sandbox and a write with `fsync`.

use std::error::Error;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::Numbers;
use super::flood::{Connections, Flood};
use super::harness::{Harness, SignIn};
use super::slow_clients::SlowClients;
use crate::http::exchange;
use crate::metrics::{Metrics, Watch};
use crate::progress;
use crate::report::{Report, milliseconds};
use crate::statistics::{median, percentile};

/// How many connections the server holds at once, and what it may hold beside them.
const MOST_DESCRIPTORS: u64 = 512 + 32;

pub(super) fn run(
    program: &Path,
    numbers: &Numbers,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    let harness = Harness::start(program, Vec::new())?;
    let quiet = series(&harness, Load::default(), numbers.sign_ins.min(20))?;
    report.note("callback without load, median", in_words(median(quiet.callbacks)));

    let slow = SlowClients::start(numbers.slow_clients)?;
    let mut most = under_slow_clients(&harness, &slow, numbers.sign_ins, report)?;
    for connections in [Connections::New, Connections::KeptAlive] {
        let flooded = under_a_flood(&harness, &slow, connections, numbers.sign_ins / 2, report)?;
        most.keep_maximum(&flooded);
    }
    report.time("a slow client is held", Some(slow.longest_hold()), Duration::from_secs(6));
    report.at_most("threads", most.metrics.threads, 8);
    report.at_most("file descriptors", most.metrics.descriptors, MOST_DESCRIPTORS);
    report.at_most("lines on stderr", most.lines, 20);
    Ok(())
}

fn under_slow_clients(
    harness: &Harness<'_>,
    slow: &SlowClients,
    sign_ins: usize,
    report: &mut Report,
) -> Result<Outcome, Box<dyn Error>> {
    progress("sign-ins under slow clients");
    let outcome = series(harness, Load { slow: Some(slow), flood: None }, sign_ins)?;
    outcome.report("slow clients", Duration::from_millis(50), report);
    Ok(outcome)
}

fn under_a_flood(
    harness: &Harness<'_>,
    slow: &SlowClients,
    connections: Connections,
    sign_ins: usize,
    report: &mut Report,
) -> Result<Outcome, Box<dyn Error>> {
    progress("sign-ins under slow clients and a flood");
    let mut flood = Flood::start(connections)?;
    let load = Load { slow: Some(slow), flood: Some(&mut flood) };
    let outcome = series(harness, load, sign_ins)?;
    let under = match connections {
        Connections::New => "and a flood, new connections",
        Connections::KeptAlive => "and a flood, kept connections",
    };
    outcome.report(under, Duration::from_millis(250), report);
    report.note("  responses a second to the flood", flood.rate().to_string());
    Ok(outcome)
}

fn in_words(time: Option<Duration>) -> String {
    time.map(milliseconds).unwrap_or_default()
}

/// The clients that are connected during a sign-in.
#[derive(Default)]
struct Load<'a> {
    slow: Option<&'a SlowClients>,
    flood: Option<&'a mut Flood>,
}

impl Load<'_> {
    /// Returns when all clients are connected.
    fn connect(&mut self, sign_in: &SignIn) -> Result<(), Box<dyn Error>> {
        // Time for a flood to be one.
        const RAMP_UP: Duration = Duration::from_millis(200);
        if let Some(slow) = self.slow {
            slow.connect_all(sign_in.address)?;
        }
        if let Some(flood) = &mut self.flood {
            flood.connect(sign_in.address);
            thread::sleep(RAMP_UP);
        }
        Ok(())
    }

    fn disconnect(&mut self) {
        if let Some(flood) = &mut self.flood {
            flood.stop();
        }
        if let Some(slow) = self.slow {
            slow.disconnect();
        }
    }
}

/// What came of some sign-ins.
#[derive(Default)]
struct Outcome {
    begun: usize,
    completed: usize,
    /// Each of those that were not completed, in words.
    failures: Vec<String>,
    callbacks: Vec<Duration>,
    probes: Vec<Duration>,
    lost_probes: usize,
    metrics: Metrics,
    lines: u64,
}

fn series(
    harness: &Harness<'_>,
    mut load: Load<'_>,
    sign_ins: usize,
) -> Result<Outcome, Box<dyn Error>> {
    let mut outcome = Outcome::default();
    for _ in 0..sign_ins {
        let mut sign_in = harness.start_sign_in()?;
        let watch = Watch::begin(sign_in.running.id(), Duration::from_millis(50));
        load.connect(&sign_in)?;
        outcome.probe(&sign_in);
        outcome.finish(&mut sign_in);
        load.disconnect();
        outcome.metrics = outcome.metrics.maximum(watch.end());
    }
    Ok(outcome)
}

impl Outcome {
    fn probe(&mut self, sign_in: &SignIn) {
        const PROBES: usize = 5;
        let probe = sign_in.wrong_callback();
        for _ in 0..PROBES {
            match exchange(sign_in.address, &probe) {
                Ok(response) if response.status() == Some(400) => {
                    self.probes.push(response.first_byte);
                }
                _ => self.lost_probes += 1,
            }
        }
    }

    fn finish(&mut self, sign_in: &mut SignIn) {
        self.begun += 1;
        match sign_in.finish() {
            Ok(finish) => {
                self.completed += 1;
                self.callbacks.push(finish.redirected);
                let lines = sign_in.remaining_lines().unwrap_or(usize::MAX);
                self.lines = self.lines.max(u64::try_from(lines).unwrap_or(u64::MAX));
            }
            Err(error) => self.failures.push(error.to_string()),
        }
    }

    fn keep_maximum(&mut self, other: &Self) {
        self.metrics = self.metrics.maximum(other.metrics);
        self.lines = self.lines.max(other.lines);
    }

    fn report(&self, under: &str, most: Duration, report: &mut Report) {
        report.count(&format!("sign-ins, {under}"), self.completed, self.begun);
        for failure in &self.failures {
            report.note(&format!("  {failure}"), String::new());
        }
        report.time("  callback, 99th percentile", percentile(self.callbacks.clone(), 99), most);
        report.time("  probe, 99th percentile", percentile(self.probes.clone(), 99), most);
        report.note("  callback, median", in_words(median(self.callbacks.clone())));
        report.note("  probe, median", in_words(median(self.probes.clone())));
        let probes = self.probes.len() + self.lost_probes;
        report.note("  probes that were lost", format!("{} of {probes}", self.lost_probes));
        report.bytes("  resident at the most", self.metrics.memory, 32_000_000);
    }
}
