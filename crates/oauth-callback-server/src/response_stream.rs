use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::connection::Connection;
use crate::head_watch::HeadWatch;

/// The stream as hyper sees it. What hyper would say by itself, to a request that it cannot parse,
/// goes nowhere, because it lacks the headers that every answer of ours has.
pub(crate) struct ResponseStream<'a, S> {
    pub(crate) stream: S,
    pub(crate) watch: HeadWatch,
    connection: &'a Connection,
}

impl<'a, S> ResponseStream<'a, S> {
    pub(crate) fn new(stream: S, connection: &'a Connection) -> Self {
        Self { stream, watch: HeadWatch::default(), connection }
    }

    fn is_open(&self) -> bool {
        self.connection.is_answered()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for ResponseStream<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        std::task::ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        self.watch.see(&buffer.filled()[before..]);
        Poll::Ready(match self.watch.is_broken() || self.watch.is_tls() {
            true => Err(io::ErrorKind::InvalidData.into()),
            false => Ok(()),
        })
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ResponseStream<'_, S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if !self.is_open() {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    /// Passed on, so that hyper does not copy a page that is to be wiped into a buffer of its own.
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.is_open() {
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.is_open() {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
