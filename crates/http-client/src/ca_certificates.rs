use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use crate::root_cause::RootCause;

/// Where certificate authorities stand, and who said so.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CaCertificates {
    /// The flag or the variable that names the place, for messages.
    pub named_by: &'static str,
    /// The place.
    pub source: CaSource,
}

/// A place with certificate authorities in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaSource {
    /// A PEM file with one or more of them.
    File(PathBuf),
    /// A folder as OpenSSL's `c_rehash` makes it, with one file for each.
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

    /// Those that a person has picked: each of them has to be good, since one that was left out would
    /// be missed only by the first request, without the name of the file.
    pub(crate) fn picked(&self) -> Result<Vec<CertificateDer<'static>>, InvalidCaCertificates> {
        let certificates = self.read()?.into_iter().map(usable);
        certificates.collect::<Result<_, _>>().map_err(InvalidCaCertificates::Invalid)
    }

    /// Whether a whole system's are there: one that can be used says so, and all of them would take
    /// milliseconds.
    pub(crate) fn check(&self) -> Result<(), InvalidCaCertificates> {
        match &self.source {
            CaSource::File(path) => any(&mut sections(&whole(path)?)),
            CaSource::Folder(path) => {
                any(&mut hashed(path)?.flat_map(|path| of_file(&path)).flatten())
            }
        }
    }

    /// Those of a whole system, among which there may be some that TLS has no use for.
    pub(crate) fn collected(&self) -> Result<Vec<CertificateDer<'static>>, InvalidCaCertificates> {
        let all = self.read()?.into_iter().map(usable);
        let (good, bad): (Vec<_>, Vec<_>) = all.partition(Result::is_ok);
        match bad.into_iter().next() {
            Some(Err(why)) if good.is_empty() => Err(InvalidCaCertificates::Invalid(why)),
            _ => Ok(good.into_iter().flatten().collect()),
        }
    }

    fn read(&self) -> Result<Vec<Section>, InvalidCaCertificates> {
        let certificates = match &self.source {
            CaSource::File(path) => of_file(path)?,
            CaSource::Folder(path) => of_folder(path)?,
        };
        if certificates.is_empty() { Err(InvalidCaCertificates::Empty) } else { Ok(certificates) }
    }
}

/// Why no certificate authorities can be had from a place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCaCertificates {
    /// The system does not let it be read.
    #[error("it cannot be read")]
    Unreadable(#[source] io::Error),
    /// A pipe or a device, which might never end.
    #[error("it is not a regular file")]
    NotAFile,
    /// It has no certificate in it.
    #[error("it has no PEM certificate in it")]
    Empty,
    /// What stands there as a certificate is none, is damaged, or is no authority's.
    #[error("it has a certificate in it that cannot be used")]
    Invalid(#[source] RootCause),
    /// It is no list of certificates, whatever it is.
    #[error("it is larger than {limit} bytes")]
    TooLarge {
        /// The most that is read.
        limit: u64,
    },
}

/// A certificate, or what is wrong with the PEM that should be one.
type Section = Result<CertificateDer<'static>, RootCause>;

fn of_file(path: &Path) -> Result<Vec<Section>, InvalidCaCertificates> {
    Ok(sections(&whole(path)?).collect())
}

fn sections(pem: &[u8]) -> impl Iterator<Item = Section> {
    CertificateDer::pem_slice_iter(pem).map(|section| section.map_err(RootCause::new))
}

/// No list of authorities comes close to this size.
fn whole(path: &Path) -> Result<Vec<u8>, InvalidCaCertificates> {
    const LIMIT: u64 = 64 * 1024 * 1024;
    let metadata = path.metadata().map_err(InvalidCaCertificates::Unreadable)?;
    // To open a pipe would wait for whoever writes to it.
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(InvalidCaCertificates::NotAFile);
    }
    let mut pem = Vec::new();
    let file = File::open(path).map_err(InvalidCaCertificates::Unreadable)?;
    file.take(LIMIT + 1).read_to_end(&mut pem).map_err(InvalidCaCertificates::Unreadable)?;
    if pem.len() as u64 > LIMIT {
        Err(InvalidCaCertificates::TooLarge { limit: LIMIT })
    } else {
        Ok(pem)
    }
}

fn of_folder(path: &Path) -> Result<Vec<Section>, InvalidCaCertificates> {
    // A link to a certificate that is gone says nothing about the others.
    Ok(hashed(path)?.flat_map(|path| of_file(&path)).flatten().collect())
}

/// Only what has the name of a hash is looked at: a bundle with all of them often lies beside.
fn hashed(path: &Path) -> Result<impl Iterator<Item = PathBuf>, InvalidCaCertificates> {
    let entries = path.read_dir().map_err(InvalidCaCertificates::Unreadable)?;
    Ok(entries.flatten().map(|entry| entry.path()).filter(|path| is_hash(path)))
}

/// Whether one of them can be used; else, what is wrong with the last.
fn any(sections: &mut dyn Iterator<Item = Section>) -> Result<(), InvalidCaCertificates> {
    let mut outcome = Err(InvalidCaCertificates::Empty);
    for section in sections {
        match usable(section) {
            Ok(_) => return Ok(()),
            Err(why) => outcome = Err(InvalidCaCertificates::Invalid(why)),
        }
    }
    outcome
}

/// `5ed36f99.0`, as OpenSSL looks it up.
fn is_hash(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_hex = |text: &str| text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    name.split_once('.').is_some_and(|(hash, number)| is_hex(hash) && is_number(number))
}

/// It is held against what TLS asks of an authority.
fn usable(section: Section) -> Section {
    let certificate = section?;
    RootCertStore::empty().add(certificate.clone()).map_err(RootCause::new)?;
    Ok(certificate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_hashes_are_looked_at_in_a_folder() {
        for name in ["5ed36f99.0", "ABCDEF01.12"] {
            assert!(is_hash(Path::new(name)), "{name}");
        }
        for name in ["ca.pem", "5ed36f99", "5ed36f99.", "5ed36f99.r0", "5ed36f9.0", ".0", ""] {
            assert!(!is_hash(Path::new(name)), "{name}");
        }
    }
}
