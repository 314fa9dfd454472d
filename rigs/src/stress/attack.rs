//! F8, F9 and F10: sign-ins while a thousand slow clients stand at the server, alone and with a
//! flood on top.
//!
//! Each sign-in has a process of its own, so the crowd comes anew each time: probes and the callback
//! are sent when every slow client has been let in at this very server. Since it holds 512
//! connections, about half of the crowd is inside at any time, and the others come back as soon as
//! they are sent away.
//!
//! Two things are timed, both from before the browser connects until the first byte of its answer is
//! there: a *probe* is a callback with another `state`, which takes no more than the server; the
//! *callback* is the real one, whose redirect comes when the code and the key were exchanged at the
//! sandbox and the credentials were written to the disk with `fsync`.

use std::error::Error;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::Numbers;
use super::browser::exchange;
use super::crowd::Crowd;
use super::flood::{Flood, Form};
use super::stage::{SignIn, Stage};
use super::vitals::{Vitals, Watch};
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
    let stage = Stage::set(program, Vec::new())?;
    let quiet = series(&stage, Siege::default(), numbers.sign_ins.min(20))?;
    report.note("callback without load, median", in_words(median(quiet.callbacks)));

    let crowd = Crowd::gather(numbers.slow_clients)?;
    let mut most = under_slow_clients(&stage, &crowd, numbers.sign_ins, report)?;
    for form in [Form::NewConnections, Form::KeepAlive] {
        let flooded = under_a_flood(&stage, &crowd, form, numbers.sign_ins / 2, report)?;
        most.take_most(&flooded);
    }
    report.time("a slow client is held", Some(crowd.longest()), Duration::from_secs(6));
    report.most("threads", most.vitals.threads, 8);
    report.most("file descriptors", most.vitals.descriptors, MOST_DESCRIPTORS);
    report.most("lines on stderr", most.lines, 20);
    Ok(())
}

fn under_slow_clients(
    stage: &Stage<'_>,
    crowd: &Crowd,
    sign_ins: usize,
    report: &mut Report,
) -> Result<Tally, Box<dyn Error>> {
    progress("sign-ins under slow clients");
    let tally = series(stage, Siege { crowd: Some(crowd), flood: None }, sign_ins)?;
    tally.report("slow clients", Duration::from_millis(50), report);
    Ok(tally)
}

fn under_a_flood(
    stage: &Stage<'_>,
    crowd: &Crowd,
    form: Form,
    sign_ins: usize,
    report: &mut Report,
) -> Result<Tally, Box<dyn Error>> {
    progress("sign-ins under slow clients and a flood");
    let mut flood = Flood::gather(form)?;
    let siege = Siege { crowd: Some(crowd), flood: Some(&mut flood) };
    let tally = series(stage, siege, sign_ins)?;
    let under = match form {
        Form::NewConnections => "and a flood, new connections",
        Form::KeepAlive => "and a flood, kept connections",
    };
    tally.report(under, Duration::from_millis(250), report);
    report.note("  answers a second to the flood", flood.rate().to_string());
    Ok(tally)
}

fn in_words(time: Option<Duration>) -> String {
    time.map(milliseconds).unwrap_or_default()
}

/// Who is at the server while somebody signs in.
#[derive(Default)]
struct Siege<'a> {
    crowd: Option<&'a Crowd>,
    flood: Option<&'a mut Flood>,
}

impl Siege<'_> {
    /// Returns when everybody is there.
    fn lay(&mut self, sign_in: &SignIn) -> Result<(), Box<dyn Error>> {
        // Time for a flood to be one.
        const RISE: Duration = Duration::from_millis(200);
        if let Some(crowd) = self.crowd {
            crowd.besiege(sign_in.address)?;
        }
        if let Some(flood) = &mut self.flood {
            flood.release_on(sign_in.address);
            thread::sleep(RISE);
        }
        Ok(())
    }

    fn lift(&mut self) {
        if let Some(flood) = &mut self.flood {
            flood.stop();
        }
        if let Some(crowd) = self.crowd {
            crowd.leave();
        }
    }
}

/// What came of some sign-ins.
#[derive(Default)]
struct Tally {
    begun: usize,
    completed: usize,
    /// Each of those that were not completed, in words.
    failures: Vec<String>,
    callbacks: Vec<Duration>,
    probes: Vec<Duration>,
    lost_probes: usize,
    vitals: Vitals,
    lines: u64,
}

fn series(
    stage: &Stage<'_>,
    mut siege: Siege<'_>,
    sign_ins: usize,
) -> Result<Tally, Box<dyn Error>> {
    let mut tally = Tally::default();
    for _ in 0..sign_ins {
        let mut sign_in = stage.begin()?;
        let watch = Watch::begin(sign_in.running.id());
        siege.lay(&sign_in)?;
        tally.probe(&sign_in);
        tally.finish(&mut sign_in);
        siege.lift();
        tally.vitals = tally.vitals.most(watch.end());
    }
    Ok(tally)
}

impl Tally {
    fn probe(&mut self, sign_in: &SignIn) {
        const PROBES: usize = 5;
        let probe = sign_in.wrong_callback();
        for _ in 0..PROBES {
            match exchange(sign_in.address, &probe) {
                Ok(answer) if answer.status() == Some(400) => self.probes.push(answer.first_byte),
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
                let lines = sign_in.more_lines().unwrap_or(usize::MAX);
                self.lines = self.lines.max(u64::try_from(lines).unwrap_or(u64::MAX));
            }
            Err(error) => self.failures.push(error.to_string()),
        }
    }

    fn take_most(&mut self, other: &Self) {
        self.vitals = self.vitals.most(other.vitals);
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
        report.memory("  resident at the most", self.vitals.memory, 32 << 20);
    }
}
