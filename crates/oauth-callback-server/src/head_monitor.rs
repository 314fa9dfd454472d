use crate::classify::Refusal;

/// Reads the head of a request as it arrives, for what the HTTP parser accepts or does not report. It stores no
/// byte.
#[derive(Default)]
pub(crate) struct HeadMonitor {
    has_begun: bool,
    previous: u8,
    in_line: bool,
    lines: usize,
    is_complete: bool,
    has_bare_line_feed: bool,
    is_tls: bool,
}

/// The first byte of a TLS connection: the content type of a handshake
/// ([RFC 8446 §5.1](https://www.rfc-editor.org/rfc/rfc8446#section-5.1)). No method begins with it.
const HANDSHAKE: u8 = 22;

impl HeadMonitor {
    pub(crate) fn read(&mut self, bytes: &[u8]) {
        self.is_tls |= !self.has_begun && bytes.first() == Some(&HANDSHAKE);
        self.has_begun |= !bytes.is_empty();
        for byte in bytes {
            if self.is_complete {
                return;
            }
            self.read_byte(*byte);
        }
    }

    fn read_byte(&mut self, byte: u8) {
        match byte {
            b'\n' => {
                self.has_bare_line_feed |= self.previous != b'\r';
                self.is_complete = !self.in_line && self.lines > 0;
                self.lines += usize::from(self.in_line);
                self.in_line = false;
            }
            b'\r' => {}
            _ => self.in_line = true,
        }
        self.previous = byte;
    }

    /// Whether the client began a TLS handshake.
    pub(crate) fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Whether a line ends in `\n` without `\r`. A recipient may accept that
    /// ([RFC 9112 §2.2](https://www.rfc-editor.org/rfc/rfc9112#section-2.2)). No browser sends it, and two parsers
    /// that disagree about the end of a line allow request smuggling.
    pub(crate) fn has_bare_line_feed(&self) -> bool {
        self.has_bare_line_feed
    }

    /// The refusal of a head that is too large: for its request line or for its header fields.
    pub(crate) fn too_large(&self) -> Refusal {
        match self.lines {
            0 => Refusal::LineTooLong,
            _ => Refusal::HeadTooLarge,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parts: &[&[u8]]) -> HeadMonitor {
        let mut monitor = HeadMonitor::default();
        parts.iter().for_each(|part| monitor.read(part));
        monitor
    }

    // threats 39
    #[test]
    fn bare_line_feed_in_the_head_is_found() {
        for head in [
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "\nGET / HTTP/1.1\r\n\r\n",
        ] {
            assert!(read(&[head.as_bytes()]).has_bare_line_feed(), "{head:?}");
        }
    }

    // threats 39 45
    #[test]
    fn line_feeds_in_the_body_are_allowed_wherever_the_request_is_split() {
        let request = b"\r\nPOST / HTTP/1.1\r\nHost: a\r\n\r\nline\nline\n";
        for split in 0..request.len() {
            let monitor = read(&[&request[..split], &request[split..]]);
            assert!(!monitor.has_bare_line_feed(), "split at {split}");
        }
    }

    // threats 218
    #[test]
    fn tls_handshake_is_recognized_by_its_first_byte() {
        assert!(read(&[b"\x16\x03\x01\x02\x00\x01"]).is_tls());
        for other in [&b"G"[..], b"\x15\x03\x01", b"GET /\x16 HTTP/1.1\r\n", b""] {
            assert!(!read(&[other]).is_tls(), "{other:?}");
        }
        for before in [&b"GE"[..], b"\r\n"] {
            assert!(!read(&[before, b"\x16"]).is_tls(), "{before:?}");
        }
    }

    // threats 38
    #[test]
    fn too_large_head_without_a_line_end_has_a_long_request_line() {
        assert_eq!(read(&[b"GET /aaaa"]).too_large(), Refusal::LineTooLong);
        let headers = read(&[b"GET / HTTP/1.1\r\na: b"]);
        assert_eq!(headers.too_large(), Refusal::HeadTooLarge);
    }
}
