use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::status::Status;

/// This machine's clock against a server's.
#[derive(Debug)]
pub enum ClockFinding {
    /// No server has answered.
    NoServer,
    /// The server does not say what time it is.
    NoDate {
        /// The server.
        host: String,
    },
    /// The clocks differ by so much.
    Offset {
        /// The server.
        host: String,
        /// How far this machine's clock is ahead; negative if it is behind. A server says whole
        /// seconds.
        ahead: SignedDuration,
    },
}

/// What a server said the time was, and when that was heard.
pub(crate) struct ClockReading {
    pub(crate) host: String,
    pub(crate) server_time: Option<Timestamp>,
    pub(crate) local_time: Timestamp,
}

/// The validity of tokens and certificates follows the server's clock, and is checked by this one.
const NOTICEABLE: Duration = Duration::from_secs(60);
const HARMFUL: Duration = Duration::from_secs(300);

pub(crate) fn check(reading: Option<ClockReading>) -> (Status, ClockFinding) {
    let Some(ClockReading { host, server_time, local_time }) = reading else {
        return (Status::Note, ClockFinding::NoServer);
    };
    let Some(server_time) = server_time else {
        return (Status::Note, ClockFinding::NoDate { host });
    };
    let ahead = local_time.duration_since(server_time);
    let status = match ahead.unsigned_abs() {
        offset if offset > HARMFUL => Status::Problem,
        offset if offset > NOTICEABLE => Status::Warning,
        _ => Status::Ok,
    };
    (status, ClockFinding::Offset { host, ahead })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(server_time: Option<&str>, local_time: &str) -> ClockReading {
        let server_time = server_time.map(|time| time.parse().unwrap());
        let local_time = local_time.parse().unwrap();
        ClockReading { host: "auth.test".to_owned(), server_time, local_time }
    }

    #[track_caller]
    fn assert_status(local_time: &str, status: Status) {
        let check = check(Some(reading(Some("2026-11-22T12:00:00Z"), local_time)));
        assert_eq!(check.0, status);
    }

    #[test]
    fn more_than_a_minute_is_a_warning_and_more_than_five_a_problem() {
        assert_status("2026-11-22T12:00:01.9Z", Status::Ok);
        assert_status("2026-11-22T11:59:00Z", Status::Ok);
        assert_status("2026-11-22T12:01:01Z", Status::Warning);
        assert_status("2026-11-22T11:55:00Z", Status::Warning);
        assert_status("2026-11-22T12:05:01Z", Status::Problem);
        assert_status("2016-11-22T12:00:00Z", Status::Problem);
    }

    #[test]
    fn a_server_may_say_nothing() {
        let silent = reading(None, "2026-11-22T12:00:00Z");
        assert_eq!(check(Some(silent)).0, Status::Note);
        assert_eq!(check(None).0, Status::Note);
    }
}
