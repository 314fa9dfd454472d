use std::time::Duration;

/// How long a process waits for the lock of a store. Another process that refreshes holds it while the
/// server answers: at most ten seconds to connect, thirty for the rest, and the save.
pub const LOCK_TIMEOUT: Duration = Duration::from_secs(45);

/// How a process waits for the lock of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitPolicy {
    /// The first pause. Each of the next ones is twice as long. A store that is far away chooses a
    /// random one, so that many processes do not ask it at the same time.
    pub shortest_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// When the process gives up.
    pub timeout: Duration,
    /// What a process does whose access token is due, but has not expired.
    pub while_held: WhileHeld,
}

/// What a process does while another one refreshes a token that still works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhileHeld {
    /// It waits for the new token.
    Wait,
    /// It uses the old one.
    UseOldToken,
}

/// For a file on this machine: between 2 and 50 ms, until [`LOCK_TIMEOUT`], for the new token.
impl Default for WaitPolicy {
    fn default() -> Self {
        Self {
            shortest_pause: Duration::from_millis(2),
            longest_pause: Duration::from_millis(50),
            timeout: LOCK_TIMEOUT,
            while_held: WhileHeld::Wait,
        }
    }
}
