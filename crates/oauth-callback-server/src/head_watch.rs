use crate::classify::Refusal;

/// Looks at the head of a request as it arrives, for what the HTTP parser does not tell or does not
/// mind. It keeps no byte.
#[derive(Default)]
pub(crate) struct HeadWatch {
    begun: bool,
    previous: u8,
    in_line: bool,
    lines: usize,
    complete: bool,
    bare_line_feed: bool,
    tls: bool,
}

/// The first byte of a TLS connection: the content type of a handshake
/// ([RFC 8446 §5.1](https://www.rfc-editor.org/rfc/rfc8446#section-5.1)). No method begins with it.
const HANDSHAKE: u8 = 22;

impl HeadWatch {
    pub(crate) fn see(&mut self, bytes: &[u8]) {
        self.tls |= !self.begun && bytes.first() == Some(&HANDSHAKE);
        self.begun |= !bytes.is_empty();
        for byte in bytes {
            if self.complete {
                return;
            }
            self.see_byte(*byte);
        }
    }

    fn see_byte(&mut self, byte: u8) {
        match byte {
            b'\n' => {
                self.bare_line_feed |= self.previous != b'\r';
                self.complete = !self.in_line && self.lines > 0;
                self.lines += usize::from(self.in_line);
                self.in_line = false;
            }
            b'\r' => {}
            _ => self.in_line = true,
        }
        self.previous = byte;
    }

    /// A client that wants to speak TLS here.
    pub(crate) fn is_tls(&self) -> bool {
        self.tls
    }

    /// A line that ends in `\n` alone. A recipient may accept it
    /// ([RFC 9112 §2.2](https://www.rfc-editor.org/rfc/rfc9112#section-2.2)); no browser sends it,
    /// and where two readers disagree about where a line ends, a request can be smuggled.
    pub(crate) fn is_broken(&self) -> bool {
        self.bare_line_feed
    }

    /// Which part of a head that is too large was too large.
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

    fn watch(bytes: &[u8]) -> HeadWatch {
        let mut watch = HeadWatch::default();
        watch.see(bytes);
        watch
    }

    // threats 39
    #[test]
    fn a_bare_line_feed_in_the_head_is_seen() {
        for broken in [
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "\nGET / HTTP/1.1\r\n\r\n",
        ] {
            assert!(watch(broken.as_bytes()).is_broken(), "{broken:?}");
        }
    }

    // threats 39 45
    #[test]
    fn only_the_head_is_looked_at_however_it_is_cut() {
        let request = b"\r\nPOST / HTTP/1.1\r\nHost: a\r\n\r\nline\nline\n";
        for cut in 0..request.len() {
            let mut watch = watch(&request[..cut]);
            watch.see(&request[cut..]);
            assert!(!watch.is_broken(), "cut at {cut}");
        }
    }

    // threats 218
    #[test]
    fn a_tls_handshake_is_seen_by_its_first_byte() {
        assert!(watch(b"\x16\x03\x01\x02\x00\x01").is_tls());
        for other in [&b"G"[..], b"\x15\x03\x01", b"GET /\x16 HTTP/1.1\r\n", b""] {
            assert!(!watch(other).is_tls(), "{other:?}");
        }
        for before in [&b"GE"[..], b"\r\n"] {
            let mut later = watch(before);
            later.see(b"\x16");
            assert!(!later.is_tls(), "{before:?}");
        }
    }

    // threats 38
    #[test]
    fn a_line_that_never_ends_is_a_line_too_long() {
        assert_eq!(watch(b"GET /aaaa").too_large(), Refusal::LineTooLong);
        let headers = watch(b"GET / HTTP/1.1\r\na: b");
        assert_eq!(headers.too_large(), Refusal::HeadTooLarge);
    }
}
