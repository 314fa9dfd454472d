use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::TLS13;
use rustls::{ClientConfig, DEFAULT_VERSIONS, RootCertStore, SupportedProtocolVersion};
use rustls_platform_verifier::Verifier;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::error::InvalidParameters;
use super::parameters::Parameters;
use super::private_file;

/// TLS that verifies the server with `sslrootcert`, or with the authorities of the system, and that shows the
/// certificate of `sslcert`.
pub(super) fn connector(parameters: &Parameters) -> Result<MakeRustlsConnect, InvalidParameters> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(parameters.value("sslrootcert"), &provider)?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions(parameters)?)
        .map_err(InvalidParameters::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match (parameters.value("sslcert"), parameters.value("sslkey")) {
        (None, _) => config.with_no_client_auth(),
        (Some(_), None) => return Err(InvalidParameters::Missing { name: "sslkey" }),
        (Some(certificate), Some(key)) => {
            let certificates = certificates(Path::new(certificate))?;
            let key = private_key(Path::new(key))?;
            config.with_client_auth_cert(certificates, key).map_err(InvalidParameters::Tls)?
        }
    };
    Ok(MakeRustlsConnect::new(config))
}

static ONLY_TLS13: &[&SupportedProtocolVersion] = &[&TLS13];

/// TLS 1.2 is the oldest version that there is.
fn versions(
    parameters: &Parameters,
) -> Result<&'static [&'static SupportedProtocolVersion], InvalidParameters> {
    match parameters.value("ssl_min_protocol_version") {
        None | Some("TLSv1" | "TLSv1.1" | "TLSv1.2") => Ok(DEFAULT_VERSIONS),
        Some("TLSv1.3") => Ok(ONLY_TLS13),
        Some(_) => Err(InvalidParameters::value("ssl_min_protocol_version")),
    }
}

/// Both verify the name, too.
fn verifier(
    file: Option<&str>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, InvalidParameters> {
    let Some(file) = file.filter(|file| *file != "system").map(Path::new) else {
        let system = Verifier::new(provider.clone());
        return Ok(Arc::new(system.map_err(InvalidParameters::Tls)?));
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots.add(certificate).map_err(|_| unusable(file, "certificate"))?;
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone());
    Ok(verifier.build().map_err(|_| unusable(file, "certificate"))?)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, InvalidParameters> {
    let text = std::fs::read(path)
        .map_err(|source| InvalidParameters::Io { path: path.to_owned(), source })?;
    let certificates = CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|_| unusable(path, "certificate"))?;
    if certificates.is_empty() { Err(unusable(path, "certificate")) } else { Ok(certificates) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, InvalidParameters> {
    let text = private_file::read(path)?;
    let key = PrivateKeyDer::from_pem_slice(text.as_bytes());
    key.map_err(|_| unusable(path, "private key without a passphrase"))
}

fn unusable(path: &Path, what: &'static str) -> InvalidParameters {
    InvalidParameters::NoCertificate { path: path.to_owned(), what }
}
