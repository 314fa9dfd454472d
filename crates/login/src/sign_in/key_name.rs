use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use native_oauth::Error as OAuthError;
use rand::TryRng as _;
use rand::rngs::SysRng;

use crate::error::Error;

/// The name of the key on the platform: the date, and six random bytes that distinguish two keys of one
/// day.
pub(super) fn key_name(now: Timestamp) -> Result<String, Error> {
    let mut random_id = [0; 6];
    SysRng
        .try_fill_bytes(&mut random_id)
        .map_err(|error| OAuthError::NoRandomness(error.into()))?;
    Ok(format_key_name(now, random_id))
}

fn format_key_name(now: Timestamp, random_id: [u8; 6]) -> String {
    let date = now.to_zoned(TimeZone::UTC).date();
    let mut name = format!("Codex CLI [auto-generated] ({date}) [");
    for byte in random_id {
        // Writing to a `String` cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name.push(']');
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_name(time: &str, random_id: [u8; 6], name: &str) {
        assert_eq!(format_key_name(time.parse().unwrap(), random_id), name);
    }

    // threats 210
    #[test]
    fn key_name_has_the_utc_date_and_twelve_hex_digits() {
        let zeros = "Codex CLI [auto-generated] (2026-11-21) [000000000000]";
        assert_name("2026-11-21T23:59:59.999999Z", [0; 6], zeros);
        let next = "Codex CLI [auto-generated] (2026-11-22) [0102030a0bff]";
        assert_name("2026-11-22T00:00:00Z", [1, 2, 3, 10, 11, 255], next);
        assert_name("2026-11-22T01:30:00+02:00", [0; 6], zeros);
        assert_name(
            "9999-12-30T22:00:00Z",
            [0; 6],
            "Codex CLI [auto-generated] (9999-12-30) [000000000000]",
        );
        assert_name(
            "2028-02-29T12:00:00Z",
            [0; 6],
            "Codex CLI [auto-generated] (2028-02-29) [000000000000]",
        );
    }
}
