//! The round trips from the callback to the exit, and the peak memory.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use super::delay_proxy::measured;
use super::remote_servers::{Deciding, Flow, RemoteServers};
use crate::report::{Report, milliseconds};
use crate::statistics::median;

struct Case {
    what: &'static str,
    flow: Flow,
    /// The limit, in round trips.
    most: f64,
}

const fn keys(organizations: usize, decided_by: Deciding) -> Flow {
    Flow::CreateKey { organizations, decided_by }
}

const CASES: [Case; 4] = [
    Case { what: "flow A", flow: Flow::SignIn, most: 2.2 },
    Case { what: "flow B, 1 organization", flow: keys(1, Deciding::First), most: 5.3 },
    Case { what: "flow B, 20, the first decides", flow: keys(20, Deciding::First), most: 6.0 },
    Case { what: "flow B, 20, the last decides", flow: keys(20, Deciding::Last), most: 6.0 },
];

/// Callback to exit with the servers `away`, and without a distance, which is the time of the
/// programs themselves.
pub(super) fn round_trips(
    program: &Path,
    away: Duration,
    rounds: usize,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    let unit = measured(away)?;
    report.note("callback to exit, in round trips over TLS", "");
    for Case { what, flow, most } in CASES {
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
    let servers = RemoteServers::start(flow, away)?;
    let times: Result<Vec<_>, _> = (0..rounds).map(|_| servers.time(program)).collect();
    median(times?).ok_or_else(|| "nothing was run".into())
}

/// The peak memory of a few runs.
pub(super) fn memory(
    program: &Path,
    rounds: usize,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    for Case { what, flow, .. } in CASES {
        let servers = RemoteServers::start(flow, Duration::ZERO)?;
        let peaks: Result<Vec<_>, _> = (0..rounds).map(|_| servers.peak(program)).collect();
        let peak = peaks?.into_iter().max().unwrap_or_default();
        report.bytes(&format!("peak memory, {what}"), peak, 10_000_000);
    }
    Ok(())
}
