use std::path::Path;

use reqwest::Certificate;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::cause::Cause;
use crate::options::SetupError;

/// The certificates of a PEM file, of which there is one at least.
pub(crate) fn read(path: &Path) -> Result<Vec<Certificate>, SetupError> {
    let pem = std::fs::read(path)
        .map_err(|source| SetupError::CaFileUnreadable { path: path.to_owned(), source })?;
    let roots = certificates(&pem)
        .map_err(|source| SetupError::CaFileInvalid { path: path.to_owned(), source })?;
    if roots.is_empty() {
        return Err(SetupError::CaFileEmpty { path: path.to_owned() });
    }
    Ok(roots)
}

/// Each is held against what TLS asks of a root, which would otherwise be found out by the first
/// request, without the name of the file.
fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, Cause> {
    let mut trial = RootCertStore::empty();
    let certificates = CertificateDer::pem_slice_iter(pem).map(|certificate| {
        let certificate = certificate.map_err(Cause::new)?;
        trial.add(certificate.clone()).map_err(Cause::new)?;
        Certificate::from_der(&certificate).map_err(Cause::new)
    });
    certificates.collect()
}
