use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::thread;

use crate::support::TEST_TIMEOUT;

/// A server on loopback that does one thing to whoever connects.
pub(super) struct Server {
    listener: TcpListener,
    pub(super) port: u16,
    serving: Option<thread::JoinHandle<Vec<Seen>>>,
}

/// What a server does with a connection, to its end.
pub(super) type Conduct = Box<dyn FnMut(TcpStream) -> Seen + Send>;

/// What a client sent over one connection.
#[derive(Default)]
pub(super) struct Seen {
    /// As it came over the wire.
    pub(super) wire: Vec<u8>,
    /// What of it is for the application, deciphered where the server has the keys.
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

    /// What every client sent, once they are all gone.
    pub(super) fn finish(mut self) -> Vec<Seen> {
        let mut seen = self.stop().unwrap();
        seen.retain(|seen| !seen.wire.is_empty());
        seen
    }

    /// One more client ends the wait for one. It sends nothing, and is the last: whoever came
    /// before is ahead of it.
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
    /// Of a server that cannot decipher anything, since no handshake with it was completed.
    pub(super) fn on_the_wire(wire: Vec<u8>) -> Self {
        Self { application: beyond_the_handshake(&wire), wire }
    }
}

/// The records that hold data of the application up to TLS 1.2, and whatever is not TLS at all
/// (RFC 5246 §6.2.1).
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

/// Everything that comes until the other side has nothing more to say, or goes.
pub(super) fn drain(mut from: impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    let _ = from.read_to_end(&mut all);
    all
}
