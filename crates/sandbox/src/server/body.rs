use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

/// The body of an answer, and how it ends.
pub(super) struct AnswerBody {
    bytes: Option<Bytes>,
    end: End,
    flushed: bool,
}

/// What comes after the bytes of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Its end.
    Proper,
    /// The end of the connection.
    CutOff,
    /// Nothing, and no end.
    Stall,
    /// Spaces, and no end.
    Endless,
}

impl AnswerBody {
    pub(super) fn new(bytes: Vec<u8>, end: End) -> Self {
        Self { bytes: Some(Bytes::from(bytes)), end, flushed: false }
    }

    /// The server writes what it holds when a body is not ready, and drops it when a body fails:
    /// so the failure waits for one turn.
    fn cut_off(&mut self, cx: &Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.flushed {
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        self.flushed = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        static SPACES: [u8; 16 * 1024] = [b' '; 16 * 1024];
        if let Some(bytes) = self.bytes.take().filter(|bytes| !bytes.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.end {
            End::Proper => Poll::Ready(None),
            End::CutOff => self.cut_off(cx),
            End::Stall => Poll::Pending,
            End::Endless => {
                let spaces = Frame::data(Bytes::from_static(&SPACES));
                Poll::Ready(Some(Ok(spaces)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        let left = self.bytes.as_ref().is_some_and(|bytes| !bytes.is_empty());
        self.end == End::Proper && !left
    }

    /// The length of a body that ends properly becomes its `Content-Length`.
    fn size_hint(&self) -> SizeHint {
        let left = self.bytes.as_ref().map_or(0, Bytes::len) as u64;
        match self.end {
            End::Proper => SizeHint::with_exact(left),
            _ => SizeHint::default(),
        }
    }
}
