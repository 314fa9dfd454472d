//! TLS servers in this process, which can count decrypted data.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, ServerConfig, ServerConnection};
use rustls::server::{WebPkiClientVerifier, danger::ClientCertVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, StreamOwned, SupportedProtocolVersion};

use super::authority::KeyPair;
use super::server::{ClientData, ConnectionHandler, drain};
use super::wire::Wire;

/// The certificates and protocol version of a server.
pub(super) struct Handler {
    shown: FixedCertificates,
    /// The only supported version; `None` for all.
    version: Option<&'static SupportedProtocolVersion>,
    clients: Arc<dyn ClientCertVerifier>,
    answer: String,
    trickles: bool,
}

/// Certificates that are not verified, and a key that need not match.
#[derive(Debug)]
struct FixedCertificates(Arc<CertifiedKey>);

impl ResolvesServerCert for FixedCertificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

impl Handler {
    /// The certificates of these pairs, the server's first, and its key.
    pub(super) fn new(chain: &[&KeyPair]) -> Self {
        Self::with_key_of(chain[0], chain)
    }

    pub(super) fn with_key_of(owner: &KeyPair, chain: &[&KeyPair]) -> Self {
        Self::showing(chain.iter().map(|key_pair| certificate(key_pair)).collect(), owner)
    }

    pub(super) fn showing(chain: Vec<CertificateDer<'static>>, owner: &KeyPair) -> Self {
        let key = PrivateKeyDer::from_pem_file(&owner.key).unwrap();
        let key = ring::sign::any_supported_type(&key).unwrap();
        Self {
            shown: FixedCertificates(Arc::new(CertifiedKey::new(chain, key))),
            version: None,
            clients: WebPkiClientVerifier::no_client_auth(),
            answer: String::new(),
            trickles: false,
        }
    }

    pub(super) fn only(self, version: &'static SupportedProtocolVersion) -> Self {
        Self { version: Some(version), ..self }
    }

    /// Requires a client certificate of this CA.
    pub(super) fn demanding(self, authority: &KeyPair) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(certificate(authority)).unwrap();
        let provider = Arc::new(ring::default_provider());
        let clients = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        Self { clients: clients.build().unwrap(), ..self }
    }

    /// Responds to each request with this JSON.
    pub(super) fn answering(self, json: &str) -> Self {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
        Self { answer: format!("{head}{}\r\n\r\n{json}", json.len()), ..self }
    }

    /// Sends one byte at a time.
    pub(super) fn sending_single_bytes(self) -> Self {
        Self { trickles: true, ..self }
    }

    pub(super) fn handler_fn(self) -> ConnectionHandler {
        let versions = self.version.as_ref().map_or(rustls::ALL_VERSIONS, std::slice::from_ref);
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_protocol_versions(versions).unwrap();
        let config = config.with_client_cert_verifier(self.clients);
        let config = Arc::new(config.with_cert_resolver(Arc::new(self.shown)));
        Box::new(move |stream| {
            let wire = Wire::new(stream, self.trickles);
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            serve(StreamOwned::new(connection, wire), &self.answer)
        })
    }
}

/// Records what the client sends until it closes or sends invalid data.
fn serve(mut tls: StreamOwned<ServerConnection, Wire>, answer: &str) -> ClientData {
    let mut application = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = tls.read(&mut buffer) {
        application.extend_from_slice(&buffer[..count]);
        if is_whole_request(&application) {
            let _ = tls.write_all(answer.as_bytes());
        }
    }
    drain(&mut tls.sock);
    ClientData { wire: tls.sock.into_heard(), application }
}

/// Whether the head and the announced body are complete (RFC 9112 §6).
fn is_whole_request(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.map_or(0, |length| length.parse().unwrap()) == body.len()
}

pub(super) fn certificate(key_pair: &KeyPair) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(&key_pair.certificate).unwrap()
}
