use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::status::Status;

/// The clock of this machine, compared with a server's.
#[derive(Debug)]
pub enum ClockFinding {
    /// No server responded.
    NoServer,
    /// The response has no `Date`.
    NoDate {
        /// The server.
        host: String,
    },
    /// The difference between the clocks.
    Offset {
        /// The server.
        host: String,
        /// How far the clock of this machine is ahead; negative if it is behind. The resolution is a second.
        ahead: SignedDuration,
    },
}

/// The `Date` of a response, and the local time of the response.
pub(crate) struct ClockReading {
    pub(crate) host: String,
    pub(crate) server_time: Option<Timestamp>,
    pub(crate) local_time: Timestamp,
}

/// Tokens and certificates are issued by the clock of a server, and checked by the local clock.
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
    fn offset_over_one_minute_is_a_warning_and_over_five_a_problem() {
        assert_status("2026-11-22T12:00:01.9Z", Status::Ok);
        assert_status("2026-11-22T11:59:00Z", Status::Ok);
        assert_status("2026-11-22T12:01:01Z", Status::Warning);
        assert_status("2026-11-22T11:55:00Z", Status::Warning);
        assert_status("2026-11-22T12:05:01Z", Status::Problem);
        assert_status("2016-11-22T12:00:00Z", Status::Problem);
    }

    #[test]
    fn missing_date_is_a_note() {
        let silent = reading(None, "2026-11-22T12:00:00Z");
        assert_eq!(check(Some(silent)).0, Status::Note);
        assert_eq!(check(None).0, Status::Note);
    }
}
