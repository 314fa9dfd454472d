mod http;
mod socks5;
mod tunnel;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use sandbox::{Proxy, ProxyScenario, Sandbox};

const SOON: Duration = Duration::from_secs(30);
const TO_THE_ISSUER: &str = "CONNECT issuer.test:443 HTTP/1.1\r\nHost: issuer.test:443\r\n\r\n";
const ESTABLISHED: &str = "HTTP/1.1 200 OK\r\n\r\n";

fn proxy(scenario: ProxyScenario) -> Proxy {
    Proxy::start_in_thread(scenario).unwrap()
}

fn connect(proxy: &Proxy) -> TcpStream {
    let stream = TcpStream::connect(proxy.address()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
}

/// An address without a listener.
fn unused_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// What comes back for these bytes, to the end.
fn ask(proxy: &Proxy, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut stream = connect(proxy);
    stream.write_all(bytes.as_ref()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut got = Vec::new();
    stream.read_to_end(&mut got).unwrap();
    got
}

fn exactly(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

fn request_jwks(stream: &mut TcpStream) {
    let request = "GET /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
}

/// What comes before the end, and how it ends.
fn rest(stream: &mut TcpStream) -> (Vec<u8>, Option<ErrorKind>) {
    let mut got = Vec::new();
    let end = stream.read_to_end(&mut got).err();
    (got, end.map(|error| error.kind()))
}

fn http_to(sandbox: &Sandbox) -> ProxyScenario {
    ProxyScenario::http().host("issuer.test", 443, sandbox.issuer_address())
}
