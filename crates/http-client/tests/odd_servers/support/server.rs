use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use http_client::{BaseUrl, CaCertificates};

use super::Tls;
use super::peer::{Peer, Requests};

/// A server whose bytes the test controls. Each connection has a thread.
pub(crate) struct Server {
    address: SocketAddr,
    scheme: &'static str,
    /// A server without TLS has it too: without a CA, the client would read those of the system.
    tls: Tls,
    requests: Requests,
}

impl Server {
    /// Runs `talk` for each connection. An error means that the client closed it.
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
        let (talk, recorded) = (Arc::new(talk), Arc::clone(&requests));
        let config = (scheme == "https").then(|| Arc::clone(&tls.config));
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (talk, config, recorded) =
                    (Arc::clone(&talk), config.clone(), recorded.clone());
                thread::spawn(move || talk(&mut Peer::new(number, stream?, config, recorded)?));
            }
        });
        Self { address, scheme, tls, requests }
    }

    /// Sends these bytes for every request, and keeps the connection open.
    pub(crate) fn responding(response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Self::start(move |peer| {
            loop {
                peer.request()?;
                peer.send(&response)?;
            }
        })
    }

    /// Sends these bytes for the first request of each connection, and closes it.
    pub(crate) fn closing(response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Self::start(move |peer| {
            peer.request()?;
            peer.send(&response)?;
            peer.end()
        })
    }

    /// Sends the beginning for a request, and then the rest repeatedly.
    pub(crate) fn flooding(beginning: impl Into<Vec<u8>>, rest: impl Into<Vec<u8>>) -> Self {
        let (beginning, rest) = (beginning.into(), rest.into());
        Self::start(move |peer| {
            peer.request()?;
            peer.send(&beginning)?;
            peer.flood(&rest)
        })
    }

    pub(crate) fn base(&self) -> BaseUrl {
        format!("{}://{}", self.scheme, self.address).parse().unwrap()
    }

    /// The CA that a client must trust.
    pub(super) fn authority(&self) -> CaCertificates {
        self.tls.authority()
    }

    /// The heads of the received requests.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

/// A complete response with this request id.
pub(crate) fn ok(request_id: &str) -> String {
    let head = format!("HTTP/1.1 200 OK\r\nX-Request-Id: {request_id}\r\nContent-Length: 11\r\n");
    format!("{head}\r\n{{\"ok\":true}}")
}
