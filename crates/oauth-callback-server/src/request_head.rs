//! Reads the head of a request, and refuses what the HTTP parser accepts or does not report.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::time::{Instant, timeout_at};

use crate::classify::Refusal;
use crate::limits::MAX_HEAD;

/// The head of a request, and perhaps a part of its body. `None` if the client stops before the end of the head.
pub(crate) async fn read_head(
    stream: &mut (impl AsyncRead + Unpin),
    limit: Duration,
) -> Option<Result<Vec<u8>, Refusal>> {
    let deadline = Instant::now() + limit;
    let (mut head, mut lines) = (Vec::new(), Lines::default());
    while let Ok(Ok(1..)) = timeout_at(deadline, stream.read_buf(&mut head)).await {
        match lines.are_complete(&head) {
            Ok(false) if head.len() < MAX_HEAD => {}
            Ok(false) => return Some(Err(lines.too_large())),
            Ok(true) => return Some(Ok(head)),
            Err(refusal) => return Some(Err(refusal)),
        }
    }
    None
}

/// The first byte of a TLS connection: the content type of a handshake
/// ([RFC 8446 §5.1](https://www.rfc-editor.org/rfc/rfc8446#section-5.1)). No method begins with it.
const HANDSHAKE: u8 = 22;

/// The lines that have been read.
#[derive(Default)]
struct Lines {
    /// The number of lines that are not empty.
    count: usize,
    /// Where the next line starts.
    next: usize,
    /// There is no line end between the start of the next line and this position.
    searched: usize,
}

impl Lines {
    /// Whether an empty line ends the head. Empty lines before the request line are ignored
    /// ([RFC 9112 §2.2](https://www.rfc-editor.org/rfc/rfc9112#section-2.2)).
    ///
    /// A line that ends in `\n` without `\r` is refused. A recipient may accept it, but no browser sends it, and two
    /// parsers that disagree about the end of a line allow request smuggling.
    fn are_complete(&mut self, head: &[u8]) -> Result<bool, Refusal> {
        if head.first() == Some(&HANDSHAKE) {
            return Err(Refusal::Tls);
        }
        while let Some(length) = head[self.searched..].iter().position(|byte| *byte == b'\n') {
            let end = self.searched + length;
            let line = head[self.next..end].strip_suffix(b"\r").ok_or(Refusal::BadRequest)?;
            if line.is_empty() && self.count > 0 {
                return Ok(true);
            }
            self.count += usize::from(!line.is_empty());
            self.next = end + 1;
            self.searched = self.next;
        }
        self.searched = head.len();
        Ok(false)
    }

    /// The refusal of a head that is too large: for its request line or for its header fields.
    fn too_large(&self) -> Refusal {
        if self.count == 0 { Refusal::LineTooLong } else { Refusal::HeadTooLarge }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(5);

    /// Reads a request that arrives in these parts.
    async fn read(parts: &[&[u8]]) -> Option<Result<Vec<u8>, Refusal>> {
        let [first, second] = [0, 1].map(|at| parts.get(at).copied().unwrap_or_default());
        read_head(&mut first.chain(second), LIMIT).await
    }

    #[track_caller]
    fn assert_refused(read: Option<Result<Vec<u8>, Refusal>>, expected: Refusal) {
        assert_eq!(read.unwrap().unwrap_err(), expected);
    }

    // threats 39
    #[tokio::test]
    async fn bare_line_feed_in_the_head_is_refused() {
        for head in [
            "GET / HTTP/1.1\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\n",
            "\nGET / HTTP/1.1\r\n\r\n",
        ] {
            assert_refused(read(&[head.as_bytes()]).await, Refusal::BadRequest);
        }
    }

    // threats 39 45
    #[tokio::test]
    async fn head_ends_at_the_empty_line_wherever_the_request_is_split() {
        let request = b"\r\nPOST / HTTP/1.1\r\nHost: a\r\n\r\nline\nline\n";
        for split in 0..request.len() {
            let (first, second) = request.split_at(split);
            let head = read(&[first, second]).await.unwrap().unwrap();
            assert!(request.starts_with(&head), "split at {split}");
            assert!(head.windows(4).any(|it| it == b"\r\n\r\n"), "split at {split}");
        }
    }

    // threats 46
    #[tokio::test]
    async fn incomplete_head_is_none() {
        for head in ["", "\r\n\r\n", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r"] {
            assert_eq!(read(&[head.as_bytes()]).await, None, "{head:?}");
        }
    }

    // threats 218
    #[tokio::test]
    async fn tls_handshake_is_recognized_by_its_first_byte() {
        assert_refused(read(&[b"\x16\x03\x01\x02\x00\x01"]).await, Refusal::Tls);
        for other in [&b"G"[..], b"\x15\x03\x01", b"GET /\x16 HTTP/1.1\r\n", b"\r\n\x16"] {
            assert_eq!(read(&[other]).await, None, "{other:?}");
        }
    }

    // threats 38
    #[tokio::test]
    async fn too_large_head_without_a_line_end_has_a_long_request_line() {
        let long = vec![b'a'; MAX_HEAD];
        assert_eq!(read(&[&long[1..]]).await, None);
        assert_refused(read(&[&long]).await, Refusal::LineTooLong);
        assert_refused(read(&[b"GET /", &long]).await, Refusal::LineTooLong);
        let headers = [&b"GET / HTTP/1.1\r\na: "[..], &long];
        assert_refused(read(&headers).await, Refusal::HeadTooLarge);
    }
}
