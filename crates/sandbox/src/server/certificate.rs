use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::Defect;

/// The certificates could not be created.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate could not be generated.
    #[error("the certificate could not be made")]
    Certificate(#[from] rcgen::Error),
    /// TLS did not accept the certificate.
    #[error("TLS could not be set up")]
    Setup(#[from] rustls::Error),
}

/// The certificate of a server, and its CA.
pub(super) struct Certified {
    /// The CA, as PEM.
    pub(super) trusted: String,
    /// The server's certificate chain.
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl Certified {
    pub(super) fn new(names: &[String], defect: Option<Defect>) -> Result<Self, rcgen::Error> {
        let trusted = authority()?;
        let key = KeyPair::generate()?;
        let issuer =
            if defect == Some(Defect::UnknownAuthority) { &authority()? } else { &trusted };
        let chain = vec![server(names, defect)?.signed_by(&key, issuer)?.into()];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok(Self { trusted: trusted.pem(), chain, key })
    }
}

fn authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name = named("Sandbox test authority");
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn server(names: &[String], defect: Option<Defect>) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = named("Sandbox");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    match defect {
        Some(Defect::Expired) => params.not_after = date_time_ymd(2001, 1, 1),
        Some(Defect::NotYetValid) => params.not_before = date_time_ymd(2999, 1, 1),
        Some(Defect::WrongHost) => {
            params.subject_alt_names = vec![SanType::DnsName("elsewhere.test".try_into()?)];
        }
        Some(Defect::UnknownAuthority) | None => {}
    }
    Ok(params)
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}
