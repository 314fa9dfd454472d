use std::io;
use std::time::Duration;

/// `ERROR_ACCESS_DENIED` and `ERROR_SHARING_VIOLATION`: another program has the file open, for example
/// a virus scanner or a backup.
const IN_USE: [i32; 2] = [5, 32];

/// Two seconds in total.
const RETRIES: usize = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// Repeats `attempt` while another program uses the file. `pause` sleeps.
pub(crate) fn while_in_use<T>(
    mut attempt: impl FnMut() -> io::Result<T>,
    mut pause: impl FnMut(Duration),
) -> io::Result<T> {
    for _ in 0..RETRIES {
        match attempt() {
            Err(error) if error.raw_os_error().is_some_and(|code| IN_USE.contains(&code)) => {
                pause(PAUSE);
            }
            other => return other,
        }
    }
    attempt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether it worked, the number of attempts, and the total pause.
    fn tries(refusals: usize, code: i32) -> (bool, usize, Duration) {
        let (mut tried, mut paused) = (0, Duration::ZERO);
        let attempt = || {
            tried += 1;
            if tried > refusals { Ok(()) } else { Err(io::Error::from_raw_os_error(code)) }
        };
        let works = while_in_use(attempt, |length| paused += length).is_ok();
        (works, tried, paused)
    }

    #[test]
    fn retries_while_a_file_is_in_use() {
        for code in IN_USE {
            assert_eq!(tries(0, code), (true, 1, Duration::ZERO));
            assert_eq!(tries(2, code), (true, 3, Duration::from_millis(100)));
        }
    }

    #[test]
    fn gives_up_after_two_seconds() {
        assert_eq!(tries(usize::MAX, 32), (false, 41, Duration::from_secs(2)));
    }

    /// `ERROR_FILE_NOT_FOUND`.
    #[test]
    fn other_errors_are_not_retried() {
        assert_eq!(tries(usize::MAX, 2), (false, 1, Duration::ZERO));
    }
}
