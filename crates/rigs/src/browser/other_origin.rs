//! A web server of another origin, with one page.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

const PAGE: &str = include_str!("attack.html");

/// Starts it, and returns its port. It runs until this process ends.
///
/// # Errors
///
/// No port is free.
pub(super) fn serve() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.local_addr()?.port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A browser opens connections early and leaves them idle: each has its own thread.
            thread::spawn(|| response(stream));
        }
    });
    Ok(port)
}

/// Responds to every request with the page.
fn response(mut stream: TcpStream) -> io::Result<()> {
    let head = BufReader::new(stream.try_clone()?).lines();
    for line in head {
        if line?.is_empty() {
            let length = PAGE.len();
            return write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\
                 Content-Length: {length}\r\nConnection: close\r\n\r\n{PAGE}"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn every_path_returns_the_page() {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, serve().unwrap())).unwrap();
        stream.write_all(b"GET /any HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        assert!(response.starts_with("HTTP/1.1 200 OK\r\n"), "{response}");
        assert!(response.ends_with(PAGE));
    }
}
