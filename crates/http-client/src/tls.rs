//! The TLS configuration of this client. Nothing is installed for the whole process.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, Error, RootCertStore};
use rustls_platform_verifier::Verifier;

use crate::root_cause::RootCause;
use crate::setup_error::SetupError;

/// Trusts these CA certificates: `extra`, and the system's or their replacement.
pub(crate) fn config(
    extra: &[CertificateDer<'static>],
    system: &[CertificateDer<'static>],
) -> Result<ClientConfig, SetupError> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(not_set_up)?;
    let mut config = if system.is_empty() {
        let verifier = Verifier::new_with_extra_roots(extra.iter().cloned(), provider);
        config
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier.map_err(no_verifier)?))
            .with_no_client_auth()
    } else {
        let mut roots = RootCertStore::empty();
        for authority in extra.iter().chain(system).cloned() {
            roots.add(authority).map_err(not_set_up)?;
        }
        config.with_root_certificates(roots).with_no_client_auth()
    };
    config.alpn_protocols = ["h2", "http/1.1"].map(|name| name.as_bytes().to_vec()).into();
    Ok(config)
}

/// Trusts no certificate, for plain http.
pub(crate) fn config_without_ca() -> Result<ClientConfig, SetupError> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(not_set_up)?;
    Ok(config.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

/// macOS and Windows verify certificates themselves. Elsewhere the verifier reads the system's certificates, and
/// fails only if there are none.
fn no_verifier(error: Error) -> SetupError {
    if cfg!(any(windows, target_vendor = "apple")) {
        not_set_up(error)
    } else {
        SetupError::NoCaCertificates
    }
}

fn not_set_up(error: Error) -> SetupError {
    SetupError::Tls { source: RootCause::new(error) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_process_wide_tls_provider_is_installed() {
        // Without CA certificates there is no client, and nothing is installed.
        let _ = config(&[], &[]);
        assert!(rustls::crypto::CryptoProvider::get_default().is_none());
    }
}
