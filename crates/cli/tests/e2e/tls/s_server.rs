//! Servers that use the `openssl` command, which supports outdated protocols.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;

use super::authority::KeyPair;
use super::server::{ClientData, ConnectionHandler};

/// `openssl s_server` with these options and this certificate. It holds the keys, so application
/// data is detected by its record type, which needs TLS 1.2 or earlier.
pub(super) fn s_server(key_pair: &KeyPair, options: &[&str]) -> ConnectionHandler {
    let server = Process::start(key_pair, options);
    Box::new(move |client| {
        let behind = server.connect();
        let (from, to) = (client.try_clone().unwrap(), behind.try_clone().unwrap());
        let received = thread::spawn(move || {
            let received = forward(from, &to);
            let _ = to.shutdown(Shutdown::Write);
            received
        });
        forward(behind, &client);
        let _ = client.shutdown(Shutdown::Write);
        ClientData::undecrypted(received.join().unwrap())
    })
}

/// Forwards everything until the end and keeps a copy.
fn forward(mut from: impl Read, mut to: impl Write) -> Vec<u8> {
    let mut all = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        all.extend_from_slice(&buffer[..count]);
        let _ = to.write_all(&buffer[..count]);
    }
    all
}

struct Process {
    child: Child,
    port: u16,
}

impl Process {
    /// Reads the port from its output. Its standard input stays open, so that it keeps running.
    fn start(key_pair: &KeyPair, options: &[&str]) -> Self {
        let mut openssl = Command::new("openssl");
        openssl.args(["s_server", "-accept", "127.0.0.1:0"]).args(options);
        openssl.arg("-cert").arg(&key_pair.certificate).arg("-key").arg(&key_pair.key);
        openssl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = openssl.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| line.strip_prefix("ACCEPT 127.0.0.1:")?.parse().ok());
        // Drains the remaining output.
        thread::spawn(|| lines.for_each(drop));
        Self { child, port: port.unwrap_or_else(|| panic!("{openssl:?} does not listen")) }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
