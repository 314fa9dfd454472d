use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One connection, as the rest of the server sees it.
pub(crate) struct Connection {
    local: SocketAddr,
    peer: SocketAddr,
    pending: Mutex<Option<PendingResponse>>,
    /// Looked up at the start of the connection: later, the peer's socket may be closed.
    is_other_user: Option<bool>,
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
        Self { local, peer, pending: Mutex::default(), is_other_user: is_other_user(local, peer) }
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

    /// Whether another user of this machine has the other end, as far as the system reports it.
    pub(crate) fn is_other_user(&self) -> bool {
        self.is_other_user.unwrap_or_else(|| is_other_user_in_table(self.local, self.peer))
    }
}

#[cfg(target_os = "linux")]
use crate::peer::{is_other_user, is_other_user_in_table};

/// Other systems do not report it.
#[cfg(not(target_os = "linux"))]
fn is_other_user(_: SocketAddr, _: SocketAddr) -> Option<bool> {
    Some(false)
}

#[cfg(not(target_os = "linux"))]
fn is_other_user_in_table(_: SocketAddr, _: SocketAddr) -> bool {
    false
}
