//! Servers that complete no handshake, and hold no key.

use std::io::Write as _;
use std::net::{Shutdown, TcpStream};
use std::thread;

use super::server::{Conduct, Seen, drain};

/// Answers the first bytes of the client with these, and then says that there will be no more.
pub(super) fn respond(answer: impl Into<Vec<u8>>) -> Conduct {
    let answer = answer.into();
    Box::new(move |stream| {
        record_client(&stream, |mut stream| {
            // The client may go before it has heard all of it.
            let _ = stream.write_all(&answer);
            let _ = stream.shutdown(Shutdown::Write);
        })
    })
}

/// Answers with the same again and again, for as long as the client stays.
pub(super) fn respond_endlessly(what: impl Into<Vec<u8>>) -> Conduct {
    let what = what.into();
    Box::new(move |stream| {
        record_client(&stream, |mut stream| while stream.write_all(&what).is_ok() {})
    })
}

/// Ends the connection, without a word.
pub(super) fn close() -> Conduct {
    respond("")
}

/// Ends it with a reset, which is what happens to bytes that nobody has read.
pub(super) fn reset() -> Conduct {
    Box::new(|stream| {
        let mut first = vec![0; 4096];
        let count = stream.peek(&mut first).unwrap_or_default();
        first.truncate(count);
        Seen::on_the_wire(first)
    })
}

/// One record of the record layer (RFC 8446 §5.1).
pub(super) fn record(kind: u8, fragment: &[u8]) -> Vec<u8> {
    let length = u16::try_from(fragment.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3], &length[..], fragment].concat()
}

/// A record with the whole of an alert in it (RFC 8446 §6).
pub(super) fn alert(level: u8, description: u8) -> Vec<u8> {
    record(21, &[level, description])
}

/// A record with the whole of a `ServerHello` in it that picks this version and cipher suite
/// (RFC 5246 §7.4.1.3).
pub(super) fn server_hello(version: [u8; 2], suite: [u8; 2], random: [u8; 32]) -> Vec<u8> {
    let body = [&version[..], &random, &[0], &suite, &[0]].concat();
    let length = u8::try_from(body.len()).unwrap();
    record(22, &[&[2, 0, 0, length], &body[..]].concat())
}

/// What the client sends from its first byte on, while the server does its part.
fn record_client(stream: &TcpStream, part: impl FnOnce(TcpStream)) -> Seen {
    let _ = stream.peek(&mut [0]);
    let listening = stream.try_clone().unwrap();
    let heard = thread::spawn(move || drain(listening));
    part(stream.try_clone().unwrap());
    Seen::on_the_wire(heard.join().unwrap())
}
