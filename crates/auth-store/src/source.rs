use std::path::PathBuf;

use shared_file::{Content, Error as FileError, SIZE_LIMIT};

use crate::format::{self, ParseError};
use crate::{AuthDocument, Error, Location};

/// How much a document can grow: the answer of a token endpoint has at most 64 KiB.
pub(crate) const MAX_RESPONSE_GROWTH: u64 = 68 * 1024;

/// Where a text comes from, for errors.
pub(crate) struct Source {
    pub(crate) location: Location,
    /// Whether a new sign-in may replace what cannot be read. The target of a link may not be an
    /// `auth.json` at all, and a copy of an external entry would be a secret in a file.
    pub(crate) replaceable: bool,
}

impl Source {
    /// A file, which may be the target of a link.
    pub(crate) fn of_file(link_target: Option<PathBuf>, path: PathBuf) -> Self {
        let replaceable = link_target.is_none();
        Self { location: Location::File(link_target.unwrap_or(path)), replaceable }
    }

    /// Parses a text. A blank one is no document.
    pub(crate) fn parse(&self, bytes: &[u8]) -> Result<Option<AuthDocument>, Error> {
        let (location, replaceable) = (self.location.clone(), self.replaceable);
        if bytes.len() as u64 > SIZE_LIMIT {
            return Err(Error::TooLarge { location, limit: SIZE_LIMIT, replaceable });
        }
        if bytes.trim_ascii().is_empty() {
            return Ok(None);
        }
        let corrupt = |ParseError { line, column, field, kind }| Error::Corrupt {
            location,
            line,
            column,
            field,
            kind,
            replaceable,
        };
        format::parse(bytes).map(Some).map_err(corrupt)
    }

    /// The document before a new sign-in. One that cannot be read counts as empty, because it is replaced
    /// as a whole.
    pub(crate) fn parse_replaceable(&self, bytes: &[u8]) -> Result<AuthDocument, Error> {
        match self.parse(bytes) {
            Err(_) if self.replaceable => Ok(AuthDocument::default()),
            other => Ok(other?.unwrap_or_default()),
        }
    }

    /// The length of the document when it is written again.
    pub(crate) fn length_to_come(&self, document: &AuthDocument) -> Result<u64, Error> {
        let length = self.serialize(document)?.len() as u64;
        if length + MAX_RESPONSE_GROWTH > SIZE_LIMIT {
            Err(self.would_be_too_large())
        } else {
            Ok(length)
        }
    }

    pub(crate) fn would_be_too_large(&self) -> Error {
        Error::WouldBeTooLarge { location: self.location.clone(), limit: SIZE_LIMIT }
    }

    /// The text of a document.
    pub(crate) fn serialize(&self, document: &AuthDocument) -> Result<Content, Error> {
        format::serialize(document).map_err(|source| match &self.location {
            Location::File(path) => FileError::NotWritable { path: path.clone(), source }.into(),
            Location::External(name) => {
                Error::External { name: name.clone(), source: source.into() }
            }
        })
    }
}

/// Whether `new`, whose write was interrupted, may replace `old`.
pub(crate) fn is_successor(new: &[u8], old: &[u8]) -> bool {
    let (Ok(new), Ok(old)) = (format::parse(new), format::parse(old)) else { return false };
    new.may_replace(&old)
}
