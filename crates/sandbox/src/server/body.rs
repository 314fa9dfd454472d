use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::{Instant, Interval, interval, interval_at};

use super::io::Ending;

/// The body of an answer, how fast it comes, and how it ends.
pub(super) struct AnswerBody {
    bytes: Bytes,
    end: End,
    /// What each byte waits for, or the end if that is a reset.
    clock: Option<Interval>,
    flushed: bool,
    ending: Arc<Ending>,
}

/// What comes after the bytes of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Its end.
    Proper,
    /// Its end, after one byte at a time.
    Slow(Duration),
    /// The end of the connection.
    CutOff,
    /// The reset of the connection.
    Reset,
    /// Nothing, and no end.
    Stall,
    /// Spaces, and no end.
    Endless,
}

impl End {
    fn clock(self) -> Option<Interval> {
        /// What was written is on its way by then; a reset takes back what is not.
        const BREATH: Duration = Duration::from_millis(10);
        match self {
            // No time at all is no interval.
            Self::Slow(every) => Some(interval(every.max(Duration::from_nanos(1)))),
            Self::Reset => Some(interval_at(Instant::now() + BREATH, BREATH)),
            _ => None,
        }
    }

    fn is_an_end(self) -> bool {
        matches!(self, Self::Proper | Self::Slow(_))
    }
}

type Next = Poll<Option<io::Result<Frame<Bytes>>>>;

impl AnswerBody {
    pub(super) fn new(bytes: Vec<u8>, end: End, ending: &Arc<Ending>) -> Self {
        let (bytes, clock) = (Bytes::from(bytes), end.clock());
        Self { bytes, end, clock, flushed: false, ending: Arc::clone(ending) }
    }

    fn more(&mut self, cx: &mut Context<'_>) -> Next {
        let mut count = self.bytes.len();
        if let (End::Slow(_), Some(clock)) = (self.end, &mut self.clock) {
            ready!(clock.poll_tick(cx));
            count = 1;
        }
        Poll::Ready(Some(Ok(Frame::data(self.bytes.split_to(count)))))
    }

    /// The server writes what it holds when a body is not ready, and drops it when a body fails:
    /// so the failure waits for one turn.
    fn cut_off(&mut self, cx: &Context<'_>) -> Next {
        if self.flushed {
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        self.flushed = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn reset(&mut self, cx: &mut Context<'_>) -> Next {
        if let Some(clock) = &mut self.clock {
            ready!(clock.poll_tick(cx));
        }
        self.ending.reset();
        Poll::Pending
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Next {
        static SPACES: [u8; 16 * 1024] = [b' '; 16 * 1024];
        if !self.bytes.is_empty() {
            return self.more(cx);
        }
        match self.end {
            End::Proper | End::Slow(_) => Poll::Ready(None),
            End::CutOff => self.cut_off(cx),
            End::Reset => self.reset(cx),
            End::Stall => Poll::Pending,
            End::Endless => {
                let spaces = Frame::data(Bytes::from_static(&SPACES));
                Poll::Ready(Some(Ok(spaces)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.end.is_an_end() && self.bytes.is_empty()
    }

    /// The length of a body that ends properly becomes its `Content-Length`.
    fn size_hint(&self) -> SizeHint {
        if self.end.is_an_end() {
            SizeHint::with_exact(self.bytes.len() as u64)
        } else {
            SizeHint::default()
        }
    }
}
