use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One connection, as the rest of the server sees it.
pub(crate) struct Connection {
    /// Whether another user of this machine has the other end, as far as the system reports it. Looked up at the start
    /// of the connection: later, the peer's socket may be closed.
    pub(crate) is_other_user: bool,
    pending: Mutex<Option<PendingResponse>>,
}

/// The response that a connection waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum PendingResponse {
    /// The outcome of the sign-in.
    Outcome,
    /// The page after a redirect.
    RedirectPage,
}

impl Connection {
    pub(crate) fn new(local: SocketAddr, peer: SocketAddr) -> Self {
        Self { is_other_user: is_other_user(local, peer), pending: Mutex::default() }
    }

    /// Reserves a response. Returns the number of additional pending responses: 0 or 1.
    pub(crate) fn reserve(&self, pending: PendingResponse) -> usize {
        usize::from(self.pending().replace(pending).is_none())
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.pending().is_some()
    }

    /// Takes the reservation, once the response is sent or the connection is closed.
    pub(crate) fn take_pending(&self) -> Option<PendingResponse> {
        self.pending().take()
    }

    fn pending(&self) -> MutexGuard<'_, Option<PendingResponse>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(target_os = "linux")]
use crate::peer::is_other_user;

/// Other systems do not report it.
#[cfg(not(target_os = "linux"))]
fn is_other_user(_: SocketAddr, _: SocketAddr) -> bool {
    false
}
