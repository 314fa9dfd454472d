/// What kind of [`BindError`](crate::BindError) or [`WaitError`](crate::WaitError) it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Each port is in use.
    PortInUse,
    /// The authorization server, or the user, denied the request.
    Denied,
    /// The callback has no code, or another issuer.
    InvalidCallback,
    /// There was no callback in time.
    TimedOut,
    /// The address or the path cannot be used, or the system cannot watch sockets.
    System,
}
