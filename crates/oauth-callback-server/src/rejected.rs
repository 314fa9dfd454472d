//! Rejected callbacks: each kind is reported to the caller once, because the user sees a page that does not
//! sign them in.

use tokio::sync::watch;

/// Why a request that looks like the callback was rejected. The server still waits.
///
/// Requests without a code and without an error, such as those of scanners and other web pages, get a response
/// and are not reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectedCallback {
    /// A TLS handshake instead of an HTTP request: the browser forces https, because of an earlier
    /// `Strict-Transport-Security` header of a server on this host
    /// ([RFC 6797](https://www.rfc-editor.org/rfc/rfc6797)), or because of its settings. It may contain a
    /// callback, which cannot be read.
    #[error("the browser forces https")]
    Https,
    /// The `state` of another sign-in.
    #[error("its state belongs to another sign-in")]
    StateMismatch,
    /// No `state`: some authorization servers send errors without it.
    #[error("it has no state")]
    MissingState,
    /// A parameter occurs twice, or is not correctly encoded.
    #[error("it is malformed")]
    Malformed,
    /// Its header fields say that a web page or a program sent it, and not a navigation of the user's browser.
    #[error("it is not a navigation of a browser")]
    NotNavigation,
    /// Its `Host` names another host or port, for example the other end of a port forwarding.
    #[error("it is for another host or port")]
    OtherHost,
    /// Another user of this machine sent it.
    #[error("it comes from another user of this machine")]
    OtherUser,
    /// It has more than 16 KiB of header fields, for example because other servers on this host set many
    /// cookies.
    #[error("its header fields are too large")]
    HeaderTooLarge,
}

/// The kinds of rejected callbacks so far, each once, in the order of their first occurrence.
#[derive(Default)]
pub(crate) struct RejectionLog(watch::Sender<Vec<RejectedCallback>>);

impl RejectionLog {
    pub(crate) fn record(&self, kind: RejectedCallback) {
        self.0.send_if_modified(|kinds| {
            let is_new = !kinds.contains(&kind);
            kinds.extend(is_new.then_some(kind));
            is_new
        });
    }

    pub(crate) fn kinds(&self) -> Vec<RejectedCallback> {
        self.0.borrow().clone()
    }

    pub(crate) fn subscribe(&self) -> Rejections {
        Rejections { log: self.0.subscribe(), reported: 0 }
    }
}

/// The kinds of rejected callbacks, each once: from
/// [`RunningServer::rejections`](crate::RunningServer::rejections).
#[derive(Clone, Debug)]
pub struct Rejections {
    log: watch::Receiver<Vec<RejectedCallback>>,
    reported: usize,
}

impl Rejections {
    /// Waits for the next kind. `None` if the server has ended.
    pub async fn next(&mut self) -> Option<RejectedCallback> {
        let reported = self.reported;
        let kinds = self.log.wait_for(|kinds| kinds.len() > reported).await.ok()?;
        self.reported += 1;
        kinds.get(reported).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::RejectedCallback::{Https, OtherUser, StateMismatch};
    use super::*;

    // threats 219
    #[tokio::test]
    async fn each_kind_is_reported_once() {
        let log = RejectionLog::default();
        let mut rejections = log.subscribe();
        for kind in [Https, OtherUser, Https, Https] {
            log.record(kind);
        }
        assert_eq!(rejections.next().await, Some(Https));
        assert_eq!(rejections.next().await, Some(OtherUser));
        log.record(Https);
        log.record(StateMismatch);
        assert_eq!(rejections.next().await, Some(StateMismatch));
        assert_eq!(log.kinds(), [Https, OtherUser, StateMismatch]);
        drop(log);
        assert_eq!(rejections.next().await, None);
    }
}
