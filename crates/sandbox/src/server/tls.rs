use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use url::Url;

use crate::listen::StartError;
use crate::{Defect, Scenario, Tls};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A CA for this sandbox, and its server certificate.
pub(crate) struct Authority {
    /// The CA that a client must trust.
    pub(crate) pem: String,
    pub(crate) acceptor: TlsAcceptor,
}

impl Authority {
    /// The ALPN protocols, the preferred one first.
    const BOTH: &[&[u8]] = &[b"h2", b"http/1.1"];
    const HTTP11: &[&[u8]] = &[b"http/1.1"];

    /// None for a sandbox that speaks plain HTTP.
    pub(crate) fn for_scenario(scenario: &Scenario) -> Result<Option<Self>, StartError> {
        let names = names(scenario);
        match scenario.tls {
            Tls::Off => Ok(None),
            Tls::On => Self::new(&names, None, Self::BOTH).map(Some),
            Tls::Http11 => Self::new(&names, None, Self::HTTP11).map(Some),
            Tls::Broken(defect) => Self::new(&names, Some(defect), Self::BOTH).map(Some),
        }
    }

    fn new(names: &[String], defect: Option<Defect>, alpn: &[&[u8]]) -> Result<Self, StartError> {
        let Certified { trusted, chain, key } = Certified::new(names, defect)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let mut config = config
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Ok(Self { pem: trusted, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

/// The names of loopback, of the issuer, and of the scenario.
fn names(scenario: &Scenario) -> Vec<String> {
    let issuer = scenario.issuer.as_deref().and_then(|issuer| Url::parse(issuer).ok());
    let issuer = issuer.as_ref().and_then(Url::host_str).map(|host| host.trim_matches(['[', ']']));
    let local = ["127.0.0.1", "::1", "localhost"];
    let all = local.into_iter().chain(issuer).chain(scenario.names.iter().map(String::as_str));
    let mut names: Vec<String> = Vec::new();
    for name in all {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The certificate of a server, and its CA.
struct Certified {
    /// The CA, as PEM.
    trusted: String,
    /// The server's certificate chain.
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl Certified {
    fn new(names: &[String], defect: Option<Defect>) -> Result<Self, rcgen::Error> {
        let trusted = new_authority()?;
        let key = KeyPair::generate()?;
        let issuer =
            if defect == Some(Defect::UnknownAuthority) { &new_authority()? } else { &trusted };
        let chain = vec![server(names, defect)?.signed_by(&key, issuer)?.into()];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok(Self { trusted: trusted.pem(), chain, key })
    }
}

fn new_authority() -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
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
