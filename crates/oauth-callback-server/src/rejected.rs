//! What looks like the callback and is not taken for it: told to the caller once each, because the
//! person sees a page that leads nowhere.

use tokio::sync::watch;

use crate::classify::Refusal;

/// Why something that looks like the callback was not taken. The wait goes on.
///
/// What scanners, other pages and odd programs send is answered and not told: it has neither a code nor
/// an error in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectedCallback {
    /// A TLS handshake instead of a request: the browser insists on `https`, because of an earlier
    /// `Strict-Transport-Security` of a server on this host
    /// ([RFC 6797](https://www.rfc-editor.org/rfc/rfc6797)), or because its owner has set it so. There may be a
    /// callback in it, which cannot be read.
    #[error("the browser insists on https")]
    Https,
    /// The `state` of another sign-in.
    #[error("its state is that of another sign-in")]
    StateMismatch,
    /// No `state` at all: some servers refuse so.
    #[error("it has no state")]
    MissingState,
    /// A parameter occurs twice, or is not encoded as one.
    #[error("it is damaged")]
    Malformed,
    /// A page or a program has asked for it, and says so in its header fields; a person's browser
    /// navigates.
    #[error("it is no navigation of a browser")]
    NotNavigation,
    /// It was meant for another host or port, as where a port is forwarded under another number.
    #[error("it came to another host or port")]
    OtherHost,
    /// Another user of this machine has sent it.
    #[error("it comes from another user of this machine")]
    OtherUser,
    /// It has more than 16 KiB of header fields, as where other servers on this host have set many cookies.
    #[error("its header fields are too large")]
    HeaderTooLarge,
}

use RejectedCallback::{
    HeaderTooLarge, Https, Malformed, MissingState, NotNavigation, OtherHost, OtherUser,
    StateMismatch,
};

impl RejectedCallback {
    const ALL: [Self; 8] = [
        Https,
        StateMismatch,
        MissingState,
        Malformed,
        NotNavigation,
        OtherHost,
        OtherUser,
        HeaderTooLarge,
    ];

    /// Nothing where a person would not wonder.
    pub(crate) fn from_refusal(refusal: Refusal) -> Option<Self> {
        Some(match refusal {
            Refusal::Tls => Https,
            Refusal::StateMismatch => StateMismatch,
            Refusal::MissingState => MissingState,
            Refusal::BadRequest => Malformed,
            Refusal::NotNavigation => NotNavigation,
            Refusal::OtherHost => OtherHost,
            Refusal::OtherUser => OtherUser,
            Refusal::HeadTooLarge => HeaderTooLarge,
            _ => return None,
        })
    }
}

/// Some of them, each once however many there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kinds(u8);

impl Kinds {
    fn bit(kind: RejectedCallback) -> u8 {
        1 << kind as u8
    }

    fn contains(self, kind: RejectedCallback) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// False where it was in it already.
    fn insert(&mut self, kind: RejectedCallback) -> bool {
        let is_new = !self.contains(kind);
        self.0 |= Self::bit(kind);
        is_new
    }
}

/// Where they are noted.
#[derive(Default)]
pub(crate) struct Noted(watch::Sender<Kinds>);

impl Noted {
    pub(crate) fn note(&self, kind: RejectedCallback) {
        self.0.send_if_modified(|kinds| kinds.insert(kind));
    }

    pub(crate) fn all(&self) -> Vec<RejectedCallback> {
        let noted = *self.0.borrow();
        RejectedCallback::ALL.into_iter().filter(|kind| noted.contains(*kind)).collect()
    }

    pub(crate) fn told(&self) -> Rejections {
        Rejections { noted: self.0.subscribe(), told: Kinds::default() }
    }
}

/// What is not taken for the callback, each kind once: from [`RunningServer::rejections`](crate::RunningServer::rejections).
#[derive(Clone, Debug)]
pub struct Rejections {
    noted: watch::Receiver<Kinds>,
    told: Kinds,
}

impl Rejections {
    /// Waits for the next kind; `None` once the server is gone.
    pub async fn next(&mut self) -> Option<RejectedCallback> {
        let told = self.told;
        let is_new = |noted: &Kinds| noted.0 & !told.0 != 0;
        let noted = *self.noted.wait_for(is_new).await.ok()?;
        let is_next = |kind: &RejectedCallback| noted.contains(*kind) && !told.contains(*kind);
        let next = RejectedCallback::ALL.into_iter().find(is_next)?;
        self.told.insert(next);
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // threats 219
    #[tokio::test]
    async fn each_kind_is_told_once_however_often_it_comes() {
        let noted = Noted::default();
        let mut told = noted.told();
        for kind in [Https, OtherUser, Https, Https] {
            noted.note(kind);
        }
        assert_eq!(told.next().await, Some(Https));
        assert_eq!(told.next().await, Some(OtherUser));
        noted.note(Https);
        noted.note(StateMismatch);
        assert_eq!(told.next().await, Some(StateMismatch));
        assert_eq!(noted.all(), [Https, StateMismatch, OtherUser]);
        drop(noted);
        assert_eq!(told.next().await, None);
    }

    #[test]
    fn every_kind_is_listed_with_a_bit_of_its_own() {
        for (place, kind) in RejectedCallback::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
        }
    }
}
