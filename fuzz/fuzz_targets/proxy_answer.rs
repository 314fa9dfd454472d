//! What a proxy answers to CONNECT (RFC 9110 section 9.3.6), or with SOCKS if the first byte is 5, on a real
//! connection. The outcome is compared with that of another parser, and no error has the password.

#![no_main]

use std::error::Error as _;
use std::io::{self, Write as _};
use std::iter::successors;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{LazyLock, Mutex};
use std::thread;

use fuzz::screen;
use http_client::{Error, HttpClient, Options, Proxy, ProxyFailure};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;

const PASSWORD: &str = "c2VjcmV0LW9mLXRoZS1wcm94eQ";

static ANSWER: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fuzz_target!(|answer: &[u8]| {
    static HTTP: LazyLock<HttpClient> = LazyLock::new(|| client("http"));
    static SOCKS: LazyLock<HttpClient> = LazyLock::new(|| client("socks5h"));
    *ANSWER.lock().expect("no panic") = answer.to_vec();
    let is_socks = answer.first() == Some(&5);
    let error = send(if is_socks { &SOCKS } else { &HTTP });
    check_text(&error);
    assert!(error.provably_not_sent(), "{error:?}");
    if !is_socks {
        assert_eq!(outcome(&error), expected(answer), "{error:?}");
    }
});

/// The server behind the proxy never completes a handshake, so there is always an error.
fn send(client: &HttpClient) -> Error {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
    });
    let request = client.get("https://a.test/".parse().expect("a URL"));
    RUNTIME.block_on(request.send()).expect_err("no server")
}

/// A client of a proxy that gives the same answer to each connection, and then closes it.
fn client(scheme: &str) -> HttpClient {
    let proxy = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = proxy.local_addr().expect("an address");
    thread::spawn(move || proxy.incoming().for_each(|stream| drop(stream.and_then(answer))));
    let url = format!("{scheme}://user:{PASSWORD}@{address}");
    let mut options = Options::new("fuzz/1.0");
    options.proxy = Some(Proxy::new("--proxy", &url, None));
    HttpClient::new(options)
}

fn answer(mut stream: TcpStream) -> io::Result<u64> {
    stream.write_all(&ANSWER.lock().expect("no panic"))?;
    stream.shutdown(Shutdown::Write)?;
    io::copy(&mut stream, &mut io::sink())
}

#[derive(Debug, PartialEq)]
enum Outcome {
    WrongPassword,
    Refused,
    /// The answer has no end, or the connection ended after it, in the handshake with the server.
    Broken,
}

fn outcome(error: &Error) -> Outcome {
    match error {
        Error::Proxy { source: ProxyFailure::AuthenticationRequired { given: true }, .. } => {
            Outcome::WrongPassword
        }
        Error::Proxy { source: ProxyFailure::Refused { reason: None }, .. } => Outcome::Refused,
        Error::Tls { .. } => Outcome::Broken,
        Error::Proxy { source: ProxyFailure::Broken { given: true, .. }, .. } => Outcome::Broken,
        other => panic!("{other:?}"),
    }
}

/// The limits of the HTTP library: 100 headers, and 8,192 bytes.
fn expected(answer: &[u8]) -> Outcome {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut head = httparse::Response::new(&mut headers);
    match head.parse(&answer[..answer.len().min(8192)]) {
        Ok(httparse::Status::Partial) => Outcome::Broken,
        Ok(httparse::Status::Complete(_)) if head.code == Some(200) => Outcome::Broken,
        Ok(httparse::Status::Complete(_)) if head.code == Some(407) => Outcome::WrongPassword,
        _ => Outcome::Refused,
    }
}

/// Each text of the error is clean and has no password.
fn check_text(error: &Error) {
    let causes = successors(error.source(), |cause| (*cause).source());
    let texts = causes.map(ToString::to_string).chain([error.to_string(), format!("{error:?}")]);
    for text in texts {
        assert!(screen::is_clean(&text) && !text.contains(PASSWORD), "{text:?}");
    }
}
