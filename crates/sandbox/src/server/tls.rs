use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use crate::{Defect, Versions};

/// A certificate authority that lives as long as the sandbox, and its one server certificate.
pub(crate) struct Authority {
    /// What a client has to trust.
    pub(crate) pem: String,
    pub(crate) acceptor: TlsAcceptor,
}

/// The certificates could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate was not accepted by its maker.
    #[error("the certificate could not be made")]
    Certificate(#[from] rcgen::Error),
    /// TLS did not accept what was made.
    #[error("TLS could not be set up")]
    Setup(#[from] rustls::Error),
}

impl Authority {
    pub(crate) fn new(defect: Option<Defect>, versions: Versions) -> Result<Self, TlsError> {
        let trusted = authority()?;
        let pem = trusted.pem();
        let signing = match defect {
            Some(Defect::UnknownAuthority) => authority()?,
            _ => trusted,
        };
        let key = KeyPair::generate()?;
        let certificate = server(defect)?.signed_by(&key, &signing)?;
        let acceptor = acceptor(certificate.der().clone(), &key, versions)?;
        Ok(Self { pem, acceptor })
    }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, TlsError> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, "Sandbox test authority");
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

fn server(defect: Option<Defect>) -> Result<CertificateParams, TlsError> {
    let names: &[&str] = match defect {
        Some(Defect::WrongHost) => &["elsewhere.test"],
        _ => &["localhost", "127.0.0.1", "::1"],
    };
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    match defect {
        Some(Defect::Expired) => params.not_after = date_time_ymd(2001, 1, 1),
        Some(Defect::NotYetValid) => params.not_before = date_time_ymd(2999, 1, 1),
        _ => {}
    }
    Ok(params)
}

fn acceptor(
    certificate: CertificateDer<'static>,
    key: &KeyPair,
    versions: Versions,
) -> Result<TlsAcceptor, TlsError> {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let mut config = config
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = versions.alpn();
    Ok(TlsAcceptor::from(Arc::new(config)))
}
