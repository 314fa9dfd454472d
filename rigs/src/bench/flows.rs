//! How many round trips lie between the callback and the end, and how much memory it takes.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use super::course::{Course, Deciding, Flow};
use super::delay_proxy::measured;
use crate::report::{Report, milliseconds};
use crate::statistics::median;

struct Race {
    what: &'static str,
    flow: Flow,
    /// So many round trips are expected at most.
    most: f64,
}

const fn keys(organizations: usize, decided_by: Deciding) -> Flow {
    Flow::CreateKey { organizations, decided_by }
}

const RACES: [Race; 4] = [
    Race { what: "flow A", flow: Flow::SignIn, most: 2.2 },
    Race { what: "flow B, 1 organization", flow: keys(1, Deciding::First), most: 5.3 },
    Race { what: "flow B, 20, the first decides", flow: keys(20, Deciding::First), most: 6.0 },
    Race { what: "flow B, 20, the last decides", flow: keys(20, Deciding::Last), most: 6.0 },
];

/// Callback to exit with the servers `away`; and the same with no way at all, which is what the
/// programs on both sides need for themselves.
pub(super) fn round_trips(
    program: &Path,
    away: Duration,
    rounds: usize,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    let unit = measured(away)?;
    report.note("callback to exit, in round trips over TLS", "");
    for Race { what, flow, most } in RACES {
        let far = time(flow, away, program, rounds)?;
        let near = time(flow, Duration::ZERO, program, rounds)?;
        report.ratio(&format!("  {what}"), far, unit, Some(most));
        report.note("    of it without any distance", milliseconds(near));
    }
    Ok(())
}

fn time(
    flow: Flow,
    away: Duration,
    program: &Path,
    rounds: usize,
) -> Result<Duration, Box<dyn Error>> {
    let course = Course::lay(flow, away)?;
    let times: Result<Vec<_>, _> = (0..rounds).map(|_| course.time(program)).collect();
    median(times?).ok_or_else(|| "nothing was run".into())
}

/// The most memory that a flow needs, of a few runs.
pub(super) fn memory(
    program: &Path,
    rounds: usize,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    for Race { what, flow, .. } in RACES {
        let course = Course::lay(flow, Duration::ZERO)?;
        let peaks: Result<Vec<_>, _> = (0..rounds).map(|_| course.peak(program)).collect();
        let peak = peaks?.into_iter().max().unwrap_or_default();
        report.bytes(&format!("peak memory, {what}"), peak, 10_000_000);
    }
    Ok(())
}
