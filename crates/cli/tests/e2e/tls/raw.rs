//! Servers without a key that complete no handshake.

use std::io::Write as _;
use std::net::{Shutdown, TcpStream};
use std::thread;

use super::server::{ClientData, ConnectionHandler, drain};

/// Responds to the first bytes of the client with `answer`, then closes the write side.
pub(super) fn respond(answer: impl Into<Vec<u8>>) -> ConnectionHandler {
    let answer = answer.into();
    Box::new(move |stream| {
        record_client(&stream, |mut stream| {
            // The client can close before it reads everything.
            let _ = stream.write_all(&answer);
            let _ = stream.shutdown(Shutdown::Write);
        })
    })
}

/// Sends the same bytes until the client closes.
pub(super) fn respond_endlessly(what: impl Into<Vec<u8>>) -> ConnectionHandler {
    let what = what.into();
    Box::new(move |stream| {
        record_client(&stream, |mut stream| while stream.write_all(&what).is_ok() {})
    })
}

/// Closes the connection.
pub(super) fn close() -> ConnectionHandler {
    respond("")
}

/// Resets the connection by closing with unread data.
pub(super) fn reset() -> ConnectionHandler {
    Box::new(|stream| {
        let mut first = vec![0; 4096];
        let count = stream.peek(&mut first).unwrap_or_default();
        first.truncate(count);
        ClientData::undecrypted(first)
    })
}

/// A TLS record (RFC 8446 §5.1).
pub(super) fn record(kind: u8, fragment: &[u8]) -> Vec<u8> {
    let length = u16::try_from(fragment.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3], &length[..], fragment].concat()
}

/// A record with an alert (RFC 8446 §6).
pub(super) fn alert(level: u8, description: u8) -> Vec<u8> {
    record(21, &[level, description])
}

/// A record with a `ServerHello` for this version and cipher suite (RFC 5246 §7.4.1.3).
pub(super) fn server_hello(version: [u8; 2], suite: [u8; 2], random: [u8; 32]) -> Vec<u8> {
    let body = [&version[..], &random, &[0], &suite, &[0]].concat();
    let length = u8::try_from(body.len()).unwrap();
    record(22, &[&[2, 0, 0, length], &body[..]].concat())
}

/// Records what the client sends while the server does its part.
fn record_client(stream: &TcpStream, part: impl FnOnce(TcpStream)) -> ClientData {
    let _ = stream.peek(&mut [0]);
    let listening = stream.try_clone().unwrap();
    let received = thread::spawn(move || drain(listening));
    part(stream.try_clone().unwrap());
    ClientData::undecrypted(received.join().unwrap())
}
