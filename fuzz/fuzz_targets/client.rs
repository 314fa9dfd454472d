//! A client in memory: it sends a request in parts and collects the response.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// What the client does after its request.
#[derive(Clone, Copy, PartialEq)]
pub enum AfterRequest {
    /// It waits until the server closes the connection.
    Wait,
    /// It closes its side at once.
    Close,
}

pub struct Client<'a> {
    unsent: &'a [u8],
    /// The size of each part.
    step: usize,
    closed: bool,
    response: &'a mut Vec<u8>,
}

impl<'a> Client<'a> {
    pub fn new(
        request: &'a [u8],
        step: usize,
        after: AfterRequest,
        response: &'a mut Vec<u8>,
    ) -> Self {
        Self { unsent: request, step, closed: after == AfterRequest::Close, response }
    }
}

impl AsyncRead for Client<'_> {
    /// No task is woken when nothing is left to read: only a timeout ends the read.
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
        self.response.extend(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.closed = true;
        Poll::Ready(Ok(()))
    }
}
