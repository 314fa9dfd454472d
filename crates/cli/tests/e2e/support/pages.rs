use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use sandbox::Step;

use super::TEST_TIMEOUT;

/// The headers of every response of the callback server.
const POLICY: [(&str, &str); 6] = [
    ("content-type", "text/html; charset=utf-8"),
    ("x-content-type-options", "nosniff"),
    (
        "content-security-policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; \
         form-action 'none'",
    ),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("connection", "close"),
];

/// A response of the callback server.
#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl From<&Step> for Page {
    fn from(step: &Step) -> Self {
        Self { status: step.status, headers: step.headers.clone(), body: step.text() }
    }
}

impl Page {
    /// Sends a request with this line.
    #[track_caller]
    pub(crate) fn request(port: u16, request_line: &str) -> Self {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.set_read_timeout(Some(TEST_TIMEOUT)).unwrap();
        write!(stream, "{request_line} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        Self::parse(&answer)
    }

    fn parse(answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap();
            (name.to_lowercase(), value.to_owned())
        };
        Self { status, headers: lines.map(header).collect(), body: body.to_owned() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers.find(|(candidate, _)| candidate == name).map(|(_, value)| value.as_str())
    }
}

/// The response has the security headers, and no other headers except these.
#[track_caller]
pub(crate) fn assert_policy(page: impl Into<Page>, further: &[&str]) {
    let page = page.into();
    for (name, value) in POLICY {
        assert_eq!(page.header(name), Some(value), "{name}");
    }
    let known =
        |name: &str| name == "content-length" || POLICY.iter().any(|(known, _)| *known == name);
    let names = page.headers.iter().map(|(name, _)| name.as_str());
    assert_eq!(names.filter(|name| !known(name)).collect::<Vec<_>>(), further);
    if !page.body.is_empty() {
        let length = page.body.len().to_string();
        assert_eq!(page.header("content-length"), Some(length.as_str()));
    }
}
