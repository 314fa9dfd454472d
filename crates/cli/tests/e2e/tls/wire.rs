use std::io::{self, Read, Write};
use std::net::TcpStream;

use super::raw::record;

/// The transport below TLS, which records the client's data and can send single bytes.
pub(super) struct Wire {
    stream: TcpStream,
    received: Vec<u8>,
    trickle: Option<Trickle>,
}

/// The unsent part of a record, and whether records are encrypted.
#[derive(Default)]
struct Trickle {
    unsent: Vec<u8>,
    is_ciphered: bool,
}

const CHANGE_CIPHER_SPEC: u8 = 20;
const HANDSHAKE: u8 = 22;

impl Wire {
    pub(super) fn new(stream: TcpStream, trickles: bool) -> Self {
        stream.set_nodelay(true).unwrap();
        Self { stream, received: Vec::new(), trickle: trickles.then(Trickle::default) }
    }

    pub(super) fn into_heard(self) -> Vec<u8> {
        self.received
    }
}

impl Trickle {
    /// Splits complete records. A handshake message can be spread over several records before
    /// encryption starts (RFC 8446 §5.1).
    fn pieces(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.unsent.extend_from_slice(bytes);
        let mut pieces = Vec::new();
        while let [kind, _, _, high, low, rest @ ..] = &self.unsent[..] {
            let (kind, length) = (*kind, usize::from(u16::from_be_bytes([*high, *low])));
            let Some(fragment) = rest.get(..length) else { break };
            if kind == HANDSHAKE && !self.is_ciphered {
                fragment.iter().for_each(|byte| pieces.extend(record(HANDSHAKE, &[*byte])));
            } else {
                pieces.extend_from_slice(&self.unsent[..5 + length]);
            }
            self.is_ciphered |= kind == CHANGE_CIPHER_SPEC;
            self.unsent.drain(..5 + length);
        }
        pieces
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.stream.read(buffer)?;
        self.received.extend_from_slice(&buffer[..count]);
        Ok(count)
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(trickle) = &mut self.trickle else { return self.stream.write(bytes) };
        let pieces = trickle.pieces(bytes);
        // Each byte is a separate segment.
        pieces.iter().try_for_each(|byte| self.stream.write_all(&[*byte]))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
