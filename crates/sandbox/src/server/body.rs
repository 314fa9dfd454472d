use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use crate::faults::End;

/// The body of a response, and how it ends.
pub(super) struct ResponseBody {
    bytes: Bytes,
    end: End,
    flushed: bool,
}

type Next = Poll<Option<io::Result<Frame<Bytes>>>>;

impl ResponseBody {
    pub(super) fn new(bytes: Vec<u8>, end: End) -> Self {
        Self { bytes: bytes.into(), end, flushed: false }
    }

    /// The server flushes its buffer when a body is pending, and drops it when a body fails: so the
    /// failure is delayed by one poll.
    fn cut_off(&mut self, cx: &Context<'_>) -> Next {
        if self.flushed {
            return Poll::Ready(Some(Err(io::ErrorKind::UnexpectedEof.into())));
        }
        self.flushed = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Next {
        static SPACES: [u8; 16 * 1024] = [b' '; 16 * 1024];
        if !self.bytes.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.bytes)))));
        }
        match self.end {
            End::Proper => Poll::Ready(None),
            End::CutOff => self.cut_off(cx),
            End::Stall => Poll::Pending,
            End::Endless => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&SPACES))))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.end == End::Proper && self.bytes.is_empty()
    }

    /// The length of a body that ends properly becomes its `Content-Length`.
    fn size_hint(&self) -> SizeHint {
        match self.end {
            End::Proper => SizeHint::with_exact(self.bytes.len() as u64),
            _ => SizeHint::default(),
        }
    }
}
