//! The other end of a connection, in memory: it sends a request in pieces and keeps the answer.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the client does when its request is sent.
#[derive(Clone, Copy, PartialEq)]
pub enum Patience {
    /// It waits until the server has closed its side.
    Waits,
    /// It closes its own side at once.
    Leaves,
}

pub struct Client<'a> {
    unsent: &'a [u8],
    /// How many bytes come at once.
    step: usize,
    closed: bool,
    answer: &'a mut Vec<u8>,
}

impl<'a> Client<'a> {
    pub fn new(
        request: &'a [u8],
        step: usize,
        patience: Patience,
        answer: &'a mut Vec<u8>,
    ) -> Self {
        Self { unsent: request, step, closed: patience == Patience::Leaves, answer }
    }
}

impl AsyncRead for Client<'_> {
    /// Nobody is woken when there is nothing left to read: then only a deadline can end the reading.
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.unsent.is_empty() && !self.closed {
            return Poll::Pending;
        }
        let length = self.step.min(buffer.remaining()).min(self.unsent.len());
        let (now, later) = self.unsent.split_at(length);
        buffer.put_slice(now);
        self.unsent = later;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Client<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.answer.extend(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    /// As a socket does it, so that hyper writes to it as it writes to one.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let before = self.answer.len();
        slices.iter().for_each(|slice| self.answer.extend_from_slice(slice));
        Poll::Ready(Ok(self.answer.len() - before))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.closed = true;
        Poll::Ready(Ok(()))
    }
}
