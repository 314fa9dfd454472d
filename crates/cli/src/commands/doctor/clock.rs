//! This machine's clock against a server's.

use std::time::Duration;

use jiff::Timestamp;

use super::check::{Check, Verdict};
use terminal_ui::roughly;

const AREA: &str = "clock";

/// What a server said the time was, and when that was heard.
pub(super) struct Reading {
    pub(super) host: String,
    pub(super) theirs: Option<Timestamp>,
    pub(super) ours: Timestamp,
}

/// Tokens and certificates are begun and ended by the server's clock, and judged by this one.
const NOTICEABLE: Duration = Duration::from_secs(60);
const HARMFUL: Duration = Duration::from_secs(300);

const REMEDY: &str = if cfg!(target_os = "linux") {
    "set the clock, for example with: sudo timedatectl set-ntp true"
} else {
    "set the clock, or have the system set it"
};

pub(super) fn check(reading: Option<&Reading>) -> Check {
    let Some(Reading { host, theirs, ours }) = reading else {
        return time(Verdict::Note, "no server could be asked for the time".to_owned());
    };
    let Some(theirs) = theirs else {
        return time(Verdict::Note, format!("{host} does not say what time it is"));
    };
    let ahead = ours.duration_since(*theirs);
    let off = ahead.unsigned_abs();
    // The server says it in whole seconds.
    let Some(words) = roughly(off).filter(|_| off >= Duration::from_secs(2)) else {
        return time(Verdict::Good, format!("as {host} has it"));
    };
    let side = if ahead.is_negative() { "behind" } else { "ahead of" };
    let found = format!("{words} {side} {host}");
    match off {
        _ if off > HARMFUL => time(Verdict::Problem, found).remedy(REMEDY),
        _ if off > NOTICEABLE => time(Verdict::Warning, found).remedy(REMEDY),
        _ => time(Verdict::Good, found),
    }
}

fn time(verdict: Verdict, found: String) -> Check {
    Check::new(AREA, "time", verdict, found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn judged(ours: &str, verdict: Verdict, found: &str) {
        let theirs = Some("2026-11-22T12:00:00Z".parse().unwrap());
        let reading = Reading { host: "auth.test".to_owned(), theirs, ours: ours.parse().unwrap() };
        let check = check(Some(&reading));
        assert_eq!((check.verdict, check.found.as_str()), (verdict, found));
        assert_eq!(!check.remedy.is_empty(), verdict >= Verdict::Warning);
    }

    #[test]
    fn a_clock_is_off_by_more_than_a_minute_and_wrong_by_more_than_five() {
        judged("2026-11-22T12:00:01.9Z", Verdict::Good, "as auth.test has it");
        judged("2026-11-22T11:59:00Z", Verdict::Good, "1 minute behind auth.test");
        judged("2026-11-22T12:01:01Z", Verdict::Warning, "1 minute ahead of auth.test");
        judged("2026-11-22T11:55:00Z", Verdict::Warning, "5 minutes behind auth.test");
        judged("2026-11-22T12:05:01Z", Verdict::Problem, "5 minutes ahead of auth.test");
        judged("2016-11-22T12:00:00Z", Verdict::Problem, "3652 days behind auth.test");
    }

    #[test]
    fn a_server_may_say_nothing() {
        let ours = "2026-11-22T12:00:00Z".parse().unwrap();
        let silent = Reading { host: "auth.test".to_owned(), theirs: None, ours };
        assert_eq!(check(Some(&silent)).verdict, Verdict::Note);
        assert_eq!(check(None).verdict, Verdict::Note);
    }
}
