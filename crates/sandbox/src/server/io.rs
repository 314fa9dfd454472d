use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// How a fault ends a connection.
#[derive(Default)]
pub(super) struct Ending {
    decided: Notify,
    by_reset: AtomicBool,
    garbled: AtomicBool,
}

impl Ending {
    pub(super) fn close(&self) {
        self.decided.notify_one();
    }

    pub(super) fn reset(&self) {
        self.by_reset.store(true, Ordering::Relaxed);
        self.decided.notify_one();
    }

    /// Garbles the output, so that the client closes the connection.
    pub(super) fn garble(&self) {
        self.garbled.store(true, Ordering::Relaxed);
    }

    pub(super) async fn decided(&self) {
        self.decided.notified().await;
    }
}

/// A socket that ends with a reset, or garbles what is written, when a fault says so.
pub(super) struct Socket {
    stream: TcpStream,
    ending: Arc<Ending>,
}

impl Socket {
    pub(super) fn new(stream: TcpStream, ending: Arc<Ending>) -> Self {
        Self { stream, ending }
    }
}

impl Drop for Socket {
    /// A socket with a linger time of zero is reset on close.
    fn drop(&mut self) {
        if self.ending.by_reset.load(Ordering::Relaxed) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.ending.garbled.load(Ordering::Relaxed) {
            let garbled: Vec<u8> = buf.iter().map(|byte| !byte).collect();
            return Pin::new(&mut self.stream).poll_write(cx, &garbled);
        }
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
