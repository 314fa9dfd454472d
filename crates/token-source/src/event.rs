/// What happens during a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Another process has held the lock for two seconds.
    WaitingForLock,
    /// The refresh token is about to be sent. Stopping now may lose the sign-in.
    Refreshing,
    /// The refresh has ended: its tokens are stored, it returned none, or it was not sent after all.
    Refreshed,
}
