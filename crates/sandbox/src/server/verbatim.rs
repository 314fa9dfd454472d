use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hyper::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::io::Ending;

/// Bytes that take the place of whatever HTTP would write.
pub(super) struct Verbatim {
    left: Bytes,
    /// What follows them for ever, if anything.
    again: Bytes,
}

impl Verbatim {
    pub(super) fn once(bytes: Vec<u8>) -> Self {
        Self::endless(bytes, Vec::new())
    }

    pub(super) fn endless(first: Vec<u8>, again: Vec<u8>) -> Self {
        Self { left: first.into(), again: again.into() }
    }

    fn poll_write(
        &mut self,
        mut stream: impl AsyncWrite + Unpin,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.left.is_empty() {
                self.left = self.again.clone();
            }
            if self.left.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let count = ready!(Pin::new(&mut stream).poll_write(cx, &self.left))?;
            drop(self.left.split_to(count));
        }
    }
}

/// What HTTP reads from and writes to: the stream, until a fault writes in its place. It lies above
/// TLS, so that such bytes are encrypted like any others, and the end after them is as orderly.
pub(super) struct Wire<S> {
    stream: S,
    ending: Arc<Ending>,
}

impl<S> Wire<S> {
    pub(super) fn new(stream: S, ending: Arc<Ending>) -> Self {
        Self { stream, ending }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Wire<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { stream, ending } = &mut *self;
        let Some(verbatim) = &mut *ending.verbatim() else {
            return Pin::new(stream).poll_write(cx, buf);
        };
        ready!(verbatim.poll_write(stream, cx))?;
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
