use std::io;

use super::{Peer, Server, Tls};

/// The frames of RFC 9113 section 6.
pub(crate) mod kind {
    pub(crate) const DATA: u8 = 0;
    pub(crate) const HEADERS: u8 = 1;
    pub(crate) const PRIORITY: u8 = 2;
    pub(crate) const RST_STREAM: u8 = 3;
    pub(crate) const SETTINGS: u8 = 4;
    pub(crate) const PUSH_PROMISE: u8 = 5;
    pub(crate) const PING: u8 = 6;
    pub(crate) const GOAWAY: u8 = 7;
    pub(crate) const WINDOW_UPDATE: u8 = 8;
    pub(crate) const CONTINUATION: u8 = 9;
}

pub(crate) const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
pub(crate) const PADDED: u8 = 8;

/// The stream of a client's first request.
pub(crate) const FIRST: u32 = 1;

/// A frame with any payload.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A header without indexing (RFC 7541 section 6.2.2).
pub(crate) fn header(name: &str, value: &str) -> Vec<u8> {
    [vec![0], string(name), string(value)].concat()
}

/// A header with indexing (section 6.2.1).
pub(crate) fn indexed_header(name: &str, value: &str) -> Vec<u8> {
    [vec![0x40], string(name), string(value)].concat()
}

/// The header that was added to the table last (section 6.1).
pub(crate) const LAST_INDEXED: u8 = 0x80 | 62;

/// `:status: 200` of the static table.
pub(crate) const STATUS_200: u8 = 0x88;

/// A string without Huffman coding (section 5.2), whose length is an integer with a prefix of seven bits.
fn string(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.len();
    if rest < 127 {
        bytes.push(u8::try_from(rest).unwrap());
    } else {
        bytes.push(127);
        rest -= 127;
        while rest >= 128 {
            bytes.push(u8::try_from(rest % 128).unwrap() | 128);
            rest /= 128;
        }
        bytes.push(u8::try_from(rest).unwrap());
    }
    bytes.extend(text.as_bytes());
    bytes
}

/// The complete head of the first response.
pub(crate) fn headers(block: &[&[u8]]) -> Vec<u8> {
    frame(kind::HEADERS, END_HEADERS, FIRST, block.concat())
}

/// The first frame of a head.
pub(crate) fn open(block: &[u8]) -> Vec<u8> {
    frame(kind::HEADERS, 0, FIRST, block)
}

/// The next frame of a head.
pub(crate) fn more(flags: u8, block: &[u8]) -> Vec<u8> {
    frame(kind::CONTINUATION, flags, FIRST, block)
}

/// A part of the body of that response.
pub(crate) fn data(flags: u8, bytes: &str) -> Vec<u8> {
    frame(kind::DATA, flags, FIRST, bytes)
}

/// The head of a valid response.
pub(crate) fn head() -> Vec<u8> {
    headers(&[&[STATUS_200]])
}

/// The complete body.
pub(crate) fn body() -> Vec<u8> {
    data(END_STREAM, "{\"ok\":true}")
}

/// Ends that request.
pub(crate) fn reset(code: u32) -> Vec<u8> {
    frame(kind::RST_STREAM, 0, FIRST, code.to_be_bytes())
}

/// Ends the connection. Requests up to this one may have been processed.
pub(crate) fn goaway(last: u32, code: u32) -> Vec<u8> {
    frame(kind::GOAWAY, 0, 0, [last.to_be_bytes(), code.to_be_bytes()].concat())
}

impl Server {
    /// An HTTP/2 server that responds to the first request of each connection with these bytes.
    pub(crate) fn http2(response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Self::secure(Tls::offering(&["h2"]), move |peer| {
            peer.http2_request()?;
            peer.send(&response)?;
            peer.wait_for_close();
            Ok(())
        })
    }

    /// The same, and closes the connection.
    pub(crate) fn http2_closing(response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Self::secure(Tls::offering(&["h2"]), move |peer| {
            peer.http2_request()?;
            peer.send(&response)?;
            peer.end()
        })
    }

    /// The same, and then sends the rest repeatedly.
    pub(crate) fn http2_flooding(beginning: impl Into<Vec<u8>>, rest: impl Into<Vec<u8>>) -> Self {
        let (beginning, rest) = (beginning.into(), rest.into());
        Self::secure(Tls::offering(&["h2"]), move |peer| {
            peer.http2_request()?;
            peer.send(&beginning)?;
            peer.flood(&rest)
        })
    }
}

impl Peer {
    /// Sends the settings, and waits until the first request is complete.
    pub(crate) fn http2_request(&mut self) -> io::Result<()> {
        self.send(frame(kind::SETTINGS, 0, 0, ""))?;
        assert_eq!(&self.read::<24>()?, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        loop {
            let (kind, flags, stream) = self.frame()?;
            match kind {
                kind::SETTINGS if flags & ACK == 0 => {
                    self.send(frame(kind::SETTINGS, ACK, 0, ""))?;
                }
                kind::HEADERS | kind::DATA if flags & END_STREAM != 0 => {
                    self.record(format!("stream {stream}"));
                    return Ok(());
                }
                _ => {}
            }
        }
    }

    /// The kind, the flags and the stream of the next frame, of which nothing else matters.
    fn frame(&mut self) -> io::Result<(u8, u8, u32)> {
        let [a, b, c, kind, flags, stream @ ..] = self.read::<9>()?;
        for _ in 0..u32::from_be_bytes([0, a, b, c]) {
            self.read::<1>()?;
        }
        Ok((kind, flags, u32::from_be_bytes(stream)))
    }
}
