use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use http_client::{BaseUrl, CaCertificates};

use super::Tls;
use super::peer::{Peer, Requests};

/// A server of which the test says every byte. Each connection has a thread, which ends with its
/// client.
pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    /// Also of one without TLS, for a client that would read all authorities of the system otherwise.
    tls: Tls,
    requests: Requests,
}

impl Server {
    /// Each client is talked to like this. An error is a client that left, and ends the talk.
    pub(crate) fn start(
        talk: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::listen("http", Tls::offering(&[]), talk)
    }

    /// The same behind TLS.
    pub(crate) fn secure(
        tls: Tls,
        talk: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::listen("https", tls, talk)
    }

    fn listen(
        scheme: &'static str,
        tls: Tls,
        talk: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, requests) = (listener.local_addr().unwrap(), Requests::default());
        let (talk, noted) = (Arc::new(talk), Arc::clone(&requests));
        let config = (scheme == "https").then(|| Arc::clone(&tls.config));
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (talk, config, noted) = (Arc::clone(&talk), config.clone(), noted.clone());
                thread::spawn(move || talk(&mut Peer::new(number, stream?, config, noted)?));
            }
        });
        Self { address, scheme, tls, requests }
    }

    /// Answers every request with these bytes, and keeps the connection.
    pub(crate) fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |peer| {
            loop {
                peer.request()?;
                peer.say(&answer)?;
            }
        })
    }

    /// Answers the first request of each connection with these bytes, and ends it.
    pub(crate) fn closing(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |peer| {
            peer.request()?;
            peer.say(&answer)?;
            peer.end()
        })
    }

    /// Answers a request with this beginning, and then with the rest over and over.
    pub(crate) fn flooding(beginning: impl Into<Vec<u8>>, rest: impl Into<Vec<u8>>) -> Self {
        let (beginning, rest) = (beginning.into(), rest.into());
        Self::start(move |peer| {
            peer.request()?;
            peer.say(&beginning)?;
            peer.flood(&rest)
        })
    }

    pub(crate) fn base(&self) -> BaseUrl {
        format!("{}://{}", self.scheme, self.address).parse().unwrap()
    }

    /// Whom a client has to trust.
    pub(super) fn authority(&self) -> CaCertificates {
        self.tls.authority()
    }

    /// The heads of the requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// A whole answer, whose request id is this.
pub(crate) fn ok(request_id: &str) -> String {
    let head = format!("HTTP/1.1 200 OK\r\nX-Request-Id: {request_id}\r\nContent-Length: 11\r\n");
    format!("{head}\r\n{{\"ok\":true}}")
}
