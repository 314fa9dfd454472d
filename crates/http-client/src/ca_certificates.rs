use std::io;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls_native_certs::{ErrorKind, load_certs_from_paths};

use crate::root_cause::RootCause;

/// A source of CA certificates, and the option that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaCertificates {
    /// The flag or variable that names the path, for messages.
    pub named_by: &'static str,
    /// The place.
    pub source: CaSource,
}

/// A file or folder of CA certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaSource {
    /// A PEM file with one or more certificates.
    File(PathBuf),
    /// A folder of such files.
    Folder(PathBuf),
}

impl CaCertificates {
    /// The PEM file at `path`, which `named_by` names.
    #[must_use]
    pub fn file(named_by: &'static str, path: impl Into<PathBuf>) -> Self {
        Self { named_by, source: CaSource::File(path.into()) }
    }

    /// The folder at `path`, which `named_by` names.
    #[must_use]
    pub fn folder(named_by: &'static str, path: impl Into<PathBuf>) -> Self {
        Self { named_by, source: CaSource::Folder(path.into()) }
    }

    /// The file or the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        match &self.source {
            CaSource::File(path) | CaSource::Folder(path) => path,
        }
    }

    /// The certificates that the user adds. Each one must be valid: otherwise the first request
    /// fails, without the name of the file.
    pub(crate) fn load_all(&self) -> Result<Vec<CertificateDer<'static>>, InvalidCaCertificates> {
        let (certificates, errors) = self.load()?;
        errors.into_iter().next().map_or(Ok(certificates), Err)
    }

    /// The certificates of a system, where invalid ones are skipped.
    pub(crate) fn load_usable(
        &self,
    ) -> Result<Vec<CertificateDer<'static>>, InvalidCaCertificates> {
        let (certificates, errors) = self.load()?;
        match errors.into_iter().next() {
            Some(error) if certificates.is_empty() => Err(error),
            _ => Ok(certificates),
        }
    }

    /// The valid certificates, and the errors of the others.
    fn load(&self) -> Result<Loaded, InvalidCaCertificates> {
        let files = match &self.source {
            CaSource::File(path) => vec![path.clone()],
            CaSource::Folder(path) => files_in(path)?,
        };
        let (mut loaded, mut errors) = (Vec::new(), Vec::new());
        let mut size_left = SIZE_LIMIT;
        for path in files {
            match check_size(&path, size_left) {
                Ok(size) => size_left -= size,
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            }
            let file = load_certs_from_paths(Some(&path), None);
            loaded.extend(file.certs);
            errors.extend(file.errors.into_iter().map(Into::into));
        }
        // A folder has most certificates twice: under their name, and under their hash.
        loaded.sort_unstable_by(|a, b| a.as_ref().cmp(b.as_ref()));
        loaded.dedup();
        let mut certificates = Vec::new();
        for certificate in loaded {
            match RootCertStore::empty().add(certificate.clone()) {
                Ok(()) => certificates.push(certificate),
                Err(error) => errors.push(InvalidCaCertificates::Invalid(RootCause::new(error))),
            }
        }
        match certificates.is_empty() && errors.is_empty() {
            true => Err(InvalidCaCertificates::Empty),
            false => Ok((certificates, errors)),
        }
    }
}

type Loaded = (Vec<CertificateDer<'static>>, Vec<InvalidCaCertificates>);

/// Why a file or folder has no usable CA certificates.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCaCertificates {
    /// It cannot be read.
    #[error("it cannot be read")]
    Unreadable(#[source] io::Error),
    /// A pipe or a device, which may never end.
    #[error("it is not a regular file")]
    NotAFile,
    /// It contains no certificate.
    #[error("it has no PEM certificate in it")]
    Empty,
    /// A certificate in it is invalid.
    #[error("it has a certificate in it that cannot be used")]
    Invalid(#[source] RootCause),
    /// It is too large to be a list of certificates.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
}

impl From<rustls_native_certs::Error> for InvalidCaCertificates {
    fn from(error: rustls_native_certs::Error) -> Self {
        match error.kind {
            ErrorKind::Io { inner, .. } => Self::Unreadable(inner),
            ErrorKind::Pem(error) => Self::Invalid(RootCause::new(error)),
            _ => Self::Invalid(RootCause::new(error)),
        }
    }
}

/// In bytes; no list of authorities comes close to it, and everything is read into memory.
const SIZE_LIMIT: u64 = 64 * 1024 * 1024;

/// The size of a file that is no larger than `limit`. A pipe or a device may never end.
fn check_size(path: &Path, limit: u64) -> Result<u64, InvalidCaCertificates> {
    let metadata = path.metadata().map_err(InvalidCaCertificates::Unreadable)?;
    match metadata.is_file() || metadata.is_dir() {
        false => Err(InvalidCaCertificates::NotAFile),
        true if metadata.len() > limit => {
            Err(InvalidCaCertificates::TooLarge { limit: SIZE_LIMIT })
        }
        true => Ok(metadata.len()),
    }
}

/// The regular files in a folder, and those to which its links lead.
fn files_in(folder: &Path) -> Result<Vec<PathBuf>, InvalidCaCertificates> {
    let entries = folder.read_dir().map_err(InvalidCaCertificates::Unreadable)?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(paths.filter(|path| path.is_file()).collect())
}
