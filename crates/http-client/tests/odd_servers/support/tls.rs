use std::path::Path;
use std::sync::Arc;

use http_client::CaCertificates;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;

/// The TLS configuration of a server at `127.0.0.1`, and its CA.
pub(crate) struct Tls {
    folder: TempDir,
    pub(super) config: Arc<ServerConfig>,
}

impl Tls {
    /// Offers these ALPN protocols (RFC 7301); none without ALPN.
    pub(crate) fn offering(protocols: &[&str]) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join(FILE), &authority.pem());
        let mut config = config(&authority);
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Self { folder, config: Arc::new(config) }
    }

    pub(crate) fn authority(&self) -> CaCertificates {
        CaCertificates::file("a test", self.folder.path().join(FILE))
    }
}

const FILE: &str = "ca.pem";

fn config(authority: &CertifiedIssuer<'_, KeyPair>) -> ServerConfig {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a certificate is no secret")]
fn write(path: &Path, pem: &str) {
    std::fs::write(path, pem).unwrap();
}
