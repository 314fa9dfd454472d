use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::support::TEST_TIMEOUT;

/// A loopback server that treats every connection in the same way.
pub(super) struct Server {
    listener: TcpListener,
    pub(super) port: u16,
    serving: Option<thread::JoinHandle<Vec<Seen>>>,
}

/// Handles one connection.
pub(super) type Conduct = Box<dyn FnMut(TcpStream) -> Seen + Send>;

/// The data that a client sent over one connection.
#[derive(Default)]
pub(super) struct Seen {
    /// The raw bytes.
    pub(super) wire: Vec<u8>,
    /// The application data, decrypted if the server has the keys.
    pub(super) application: Vec<u8>,
}

impl Server {
    pub(super) fn start(conduct: Conduct) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let accepting = listener.try_clone().unwrap();
        let serving = thread::spawn(move || serve(&accepting, conduct));
        Self { listener, port, serving: Some(serving) }
    }

    /// The data of all clients, after they have closed.
    pub(super) fn finish(mut self) -> Vec<Seen> {
        let mut seen = self.stop().unwrap();
        seen.retain(|seen| !seen.wire.is_empty());
        seen
    }

    /// A last connection wakes the accepting thread.
    fn stop(&mut self) -> thread::Result<Vec<Seen>> {
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

fn serve(listener: &TcpListener, mut conduct: Conduct) -> Vec<Seen> {
    let clients = listener.incoming().map_while(Result::ok);
    let serve = |client: TcpStream| {
        client.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
        conduct(client)
    };
    clients.map(serve).collect()
}

impl Seen {
    /// For a server that cannot decrypt, because no handshake was completed.
    pub(super) fn on_the_wire(wire: Vec<u8>) -> Self {
        Self { application: beyond_the_handshake(&wire), wire }
    }
}

/// Application data records up to TLS 1.2, and all data that is not TLS (RFC 5246 §6.2.1).
fn beyond_the_handshake(mut wire: &[u8]) -> Vec<u8> {
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
