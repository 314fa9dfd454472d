use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::support::TEST_TIMEOUT;

/// A loopback server that treats every connection in the same way.
pub(super) struct Server {
    listener: TcpListener,
    pub(super) port: u16,
    serving: Option<thread::JoinHandle<Vec<ClientData>>>,
}

/// Handles one connection.
pub(super) type ConnectionHandler = Box<dyn FnMut(TcpStream) -> ClientData + Send>;

/// The data that a client sent over one connection.
#[derive(Default)]
pub(super) struct ClientData {
    /// The raw bytes.
    pub(super) wire: Vec<u8>,
    /// The application data, decrypted if the server has the keys.
    pub(super) application: Vec<u8>,
}

impl Server {
    pub(super) fn start(handler_fn: ConnectionHandler) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepting = listener.try_clone().unwrap();
        let serving = thread::spawn(move || serve(&accepting, handler_fn));
        Self { listener, port, serving: Some(serving) }
    }

    /// The data of all clients, after they have closed.
    pub(super) fn finish(mut self) -> Vec<ClientData> {
        let mut seen = self.stop().unwrap();
        seen.retain(|seen| !seen.wire.is_empty());
        seen
    }

    /// A last connection wakes the accepting thread.
    fn stop(&mut self) -> thread::Result<Vec<ClientData>> {
        let Some(serving) = self.serving.take() else { return Ok(Vec::new()) };
        self.listener.set_nonblocking(true).unwrap();
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        serving.join()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop();
    }
}

fn serve(listener: &TcpListener, mut handler_fn: ConnectionHandler) -> Vec<ClientData> {
    let clients = listener.incoming().map_while(Result::ok);
    let serve = |client: TcpStream| {
        client.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
        handler_fn(client)
    };
    clients.map(serve).collect()
}

impl ClientData {
    /// For a server that cannot decrypt, because no handshake was completed.
    pub(super) fn undecrypted(wire: Vec<u8>) -> Self {
        Self { application: application_records(&wire), wire }
    }
}

/// Application data records up to TLS 1.2, and all data that is not TLS (RFC 5246 §6.2.1).
fn application_records(mut wire: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    while let [kind @ 20..=23, 3, _, high, low, rest @ ..] = wire {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(rest.len());
        let (fragment, rest) = rest.split_at(length);
        if *kind == 23 {
            found.extend_from_slice(fragment);
        }
        wire = rest;
    }
    found.extend_from_slice(wire);
    found
}

/// Reads until the end or an error.
pub(super) fn drain(mut from: impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    let _ = from.read_to_end(&mut all);
    all
}
