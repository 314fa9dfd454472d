//! As much of HTTP/1.1 as a test needs.

use std::io::{self, Read};

/// A request or a response: its first line, its headers and its body.
pub(crate) struct Message {
    pub(crate) first_line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Message {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Reads one message. The end of the input before it is `None`.
pub(crate) fn read_message(input: &mut impl Read) -> io::Result<Option<Message>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if input.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let first_line = lines.next().unwrap_or_default().to_owned();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut message = Message { first_line, headers, body: String::new() };
    let length = message.header("content-length").and_then(|length| length.parse().ok());
    input.take(length.unwrap_or(0)).read_to_string(&mut message.body)?;
    Ok(Some(message))
}
