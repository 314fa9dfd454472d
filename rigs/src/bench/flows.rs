//! How many round trips lie between the callback and the end, and how much memory it takes.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use super::course::{Course, Deciding, Flow};
use super::delay_proxy::measured;
use crate::statistics::median;
use crate::table::{Figure, Row};

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
) -> Result<Vec<Row>, Box<dyn Error>> {
    let unit = measured(away)?;
    let mut rows = vec![Row::figure("callback to exit, in round trips over TLS", String::new())];
    for Race { what, flow, most } in RACES {
        let far = time(flow, away, program, rounds)?;
        let near = time(flow, Duration::ZERO, program, rounds)?;
        let ratio = millis(far) / millis(unit);
        let row = Row::ratio(&format!("  {what}"), figure(far), figure(unit));
        rows.push(row.expect(&format!("at most {most}"), ratio <= most));
        rows.push(Row::figure("    of it without any distance", figure(near).0));
    }
    Ok(rows)
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

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn figure(time: Duration) -> Figure {
    (format!("{:.1} ms", millis(time)), millis(time))
}

/// The most memory that a flow needs, of a few runs.
pub(super) fn memory(program: &Path, rounds: usize) -> Result<Vec<Row>, Box<dyn Error>> {
    const MOST: f64 = 10.0;
    let mut rows = Vec::new();
    for Race { what, flow, .. } in RACES {
        let course = Course::lay(flow, Duration::ZERO)?;
        let peaks: Result<Vec<_>, _> = (0..rounds).map(|_| course.peak(program)).collect();
        let what = format!("peak memory, {what}");
        rows.push(match peaks?.into_iter().flatten().max() {
            Some(bytes) => megabytes(&what, bytes, MOST),
            None => Row::figure(&what, "not known here".to_owned()),
        });
    }
    Ok(rows)
}

/// A size, and its ratio to what it should stay under.
pub(super) fn megabytes(what: &str, bytes: u64, most: f64) -> Row {
    #[expect(clippy::cast_precision_loss, reason = "sizes of programs are far below 2^52")]
    let size = bytes as f64 / 1e6;
    let row = Row::ratio(what, (format!("{size:.2} MB"), size), (format!("{most} MB"), most));
    row.expect(&format!("under {most} MB"), size < most)
}
