use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The requests of all connections, in order.
pub(super) type Requests = Arc<Mutex<Vec<String>>>;

/// The server's side of a connection.
pub(crate) struct Peer {
    /// The number of earlier connections.
    pub(crate) number: usize,
    stream: Box<dyn Stream>,
    socket: TcpStream,
    requests: Requests,
}

trait Stream: Read + Write + Send {}

impl<S: Read + Write + Send> Stream for S {}

impl Peer {
    pub(super) fn new(
        number: usize,
        socket: TcpStream,
        tls: Option<Arc<ServerConfig>>,
        requests: Requests,
    ) -> io::Result<Self> {
        let raw = socket.try_clone()?;
        let stream: Box<dyn Stream> = match tls {
            Some(config) => {
                let connection = ServerConnection::new(config).map_err(io::Error::other)?;
                Box::new(StreamOwned::new(connection, raw))
            }
            None => Box::new(raw),
        };
        Ok(Self { number, stream, socket, requests })
    }

    /// Waits for the head of the next request; the body is not read.
    pub(crate) fn request(&mut self) -> io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.read::<1>()?[0]);
        }
        self.record(String::from_utf8_lossy(&head).into_owned());
        Ok(())
    }

    pub(super) fn record(&self, request: String) {
        self.requests.lock().unwrap().push(request);
    }

    pub(super) fn read<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.stream.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        self.stream.write_all(bytes.as_ref())?;
        self.stream.flush()
    }

    /// Sends these bytes repeatedly until the client closes the connection. Reads what the client sends, so
    /// that the client never waits.
    pub(crate) fn flood(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut unread = self.socket.try_clone()?;
        thread::spawn(move || io::copy(&mut unread, &mut io::sink()));
        // Large writes, so that the server is faster than the client.
        let bytes = bytes.repeat(64 * 1024 / bytes.len() + 1);
        loop {
            self.send(&bytes)?;
        }
    }

    /// Closes this side, and reads until the client closes its side: unread data would reset the connection,
    /// and the client could lose the response.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.socket.shutdown(Shutdown::Write)?;
        self.wait_for_close();
        Ok(())
    }

    /// Reads until the client closes the connection.
    pub(crate) fn wait_for_close(&mut self) {
        while self.stream.read(&mut [0; 1024]).is_ok_and(|read| read > 0) {}
    }

    /// Waits for this long, and reads meanwhile. An error if the client closes the connection.
    pub(crate) fn pause(&mut self, pause: Duration) -> io::Result<()> {
        self.socket.set_read_timeout(Some(pause))?;
        loop {
            match self.socket.read(&mut [0; 1024]) {
                Ok(0) => return Err(io::ErrorKind::ConnectionAborted.into()),
                Ok(_) => {}
                Err(error) if is_timeout(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

/// The error kind differs between Windows and Unix.
fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}
