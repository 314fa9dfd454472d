use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// One connection, as the rest of the server sees it.
pub(crate) struct Connection {
    ours: SocketAddr,
    theirs: SocketAddr,
    pending: Mutex<Option<Pending>>,
    answered: AtomicBool,
    answering: Notify,
    /// Where the system could be asked when it came: the answer is lost once the other end is closed.
    is_stranger: Option<bool>,
}

/// What a connection was promised.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pending {
    /// What became of the code.
    Answer,
    /// The page that an answer sent the browser to.
    RedirectPage,
}

impl Connection {
    pub(crate) fn new(ours: SocketAddr, theirs: SocketAddr) -> Self {
        Self {
            ours,
            theirs,
            pending: Mutex::default(),
            answered: AtomicBool::new(false),
            answering: Notify::new(),
            is_stranger: ask_whether_stranger(ours, theirs),
        }
    }

    /// Takes a pending on, and says by how many there are more now.
    pub(crate) fn reserve(&self, pending: Pending) -> usize {
        usize::from(self.pending().replace(pending).is_none())
    }

    pub(crate) fn is_pending(&self) -> bool {
        self.pending().is_some()
    }

    /// What is still promised, when the connection has it or leaves without it.
    pub(crate) fn take_pending(&self) -> Option<Pending> {
        self.pending().take()
    }

    fn pending(&self) -> MutexGuard<'_, Option<Pending>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An answer was decided: from now on the bytes that go out are ours.
    pub(crate) fn begin_answer(&self) {
        self.answered.store(true, Ordering::Relaxed);
        self.answering.notify_one();
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Waits for [`Connection::begin_answer`].
    pub(crate) async fn answering(&self) {
        self.answering.notified().await;
    }

    /// Whether it belongs to another user of this machine, as far as the system tells: what is meant for the
    /// person neither goes to them nor comes from them.
    pub(crate) fn is_stranger(&self) -> bool {
        self.is_stranger.unwrap_or_else(|| look_up_whether_stranger(self.ours, self.theirs))
    }
}

#[cfg(target_os = "linux")]
use crate::peer::{ask_whether_stranger, look_up_whether_stranger};

/// The system does not tell.
#[cfg(not(target_os = "linux"))]
fn ask_whether_stranger(_: SocketAddr, _: SocketAddr) -> Option<bool> {
    Some(false)
}

#[cfg(not(target_os = "linux"))]
fn look_up_whether_stranger(_: SocketAddr, _: SocketAddr) -> bool {
    false
}
