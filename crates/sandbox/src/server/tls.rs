use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{self, ServerConfig};
use url::Url;

use super::certificate::Certified;
use crate::{Defect, Scenario, Tls, Versions};

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
    /// None for a sandbox that speaks plain HTTP.
    pub(crate) fn for_scenario(scenario: &Scenario) -> Result<Option<Self>, TlsError> {
        let names = names(scenario);
        match scenario.tls {
            Tls::Off => Ok(None),
            Tls::On => Self::new(&names, None, Versions::Both).map(Some),
            Tls::Http11 => Self::new(&names, None, Versions::Http11).map(Some),
            Tls::Broken(defect) => Self::new(&names, Some(defect), Versions::Both).map(Some),
        }
    }

    fn new(names: &[String], defect: Option<Defect>, versions: Versions) -> Result<Self, TlsError> {
        let Certified { trusted, chain, key } = Certified::new(names, defect)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let mut config = config
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = versions.alpn();
        Ok(Self { pem: trusted, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

/// The names of this machine, of the issuer, and those that the scenario adds.
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
