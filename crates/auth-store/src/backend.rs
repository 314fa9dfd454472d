use std::path::PathBuf;

use shared_file::{Content, Error as FileError, LockedFile};

use crate::external_store::ExternalEntry;
use crate::format::{self, ParseError};
use crate::{AuthDocument, Error, Location};

/// How much a document can grow: the answer of a token endpoint has at most 64 KiB.
const GROWTH: u64 = 68 * 1024;

/// Larger than any `auth.json`.
pub(crate) const SIZE_LIMIT: u64 = 1024 * 1024;

/// Where the document is stored, under the locks. An external store has none, so its locks are files
/// as well.
pub(crate) enum Backend {
    File(LockedFile),
    External(ExternalEntry, LockedFile),
}

impl Backend {
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::File(file) => Source::of_file(file.is_linked().then(|| file.path()), file.path()),
            Self::External(entry, _) => entry.source(),
        }
    }

    /// Reads the document. Finishes an interrupted save first; a write to an external store has no such
    /// state.
    pub(crate) fn load(&mut self) -> Result<Option<AuthDocument>, Error> {
        let source = self.source();
        match self {
            Self::File(file) => file.read(|bytes| source.parse(bytes)),
            Self::External(entry, _) => entry.load(),
        }
    }

    /// Checks that the locks are held.
    pub(crate) fn check_locks(&self) -> Result<(), Error> {
        let (Self::File(file) | Self::External(_, file)) = self;
        Ok(file.check_locks()?)
    }

    /// Makes sure that a successor of the document can be written.
    pub(crate) fn reserve(&mut self) -> Result<(), Error> {
        let source = self.source();
        match self {
            Self::File(file) => {
                let stored = source.parse_replaceable(file.content().unwrap_or_default())?;
                Ok(file.reserve(source.length_to_come(&stored)? + GROWTH)?)
            }
            Self::External(entry, _) => entry.reserve(),
        }
    }

    /// Copies a file that cannot be read, if a new sign-in may replace it. False if it may not.
    pub(crate) fn back_up(&mut self, suffix: &str) -> Result<bool, Error> {
        match self {
            Self::File(file) if !file.is_linked() => Ok(file.back_up(suffix).map(|()| true)?),
            _ => Ok(false),
        }
    }

    /// Replaces the document, durably. Returns the path of the backup.
    pub(crate) fn replace(&mut self, document: &AuthDocument) -> Result<Option<PathBuf>, Error> {
        let source = self.source();
        let bytes = source.serialize(document)?;
        // A longer document could not be read again.
        if bytes.len() as u64 > SIZE_LIMIT {
            return Err(source.would_be_too_large());
        }
        match self {
            Self::File(file) => Ok(file.replace(bytes)?),
            Self::External(entry, _) => entry.replace(bytes).map(|()| None),
        }
    }

    /// An external store is not checked: it was read a moment ago.
    pub(crate) fn check_removable(&self) -> Result<(), Error> {
        match self {
            Self::File(file) => Ok(file.check_removable()?),
            Self::External(..) => Ok(()),
        }
    }

    /// Removes the document, also an unreadable one, except behind a link, whose target may not be an
    /// `auth.json`. False if there was none.
    pub(crate) fn remove(&mut self) -> Result<bool, Error> {
        if let Self::File(file) = self
            && file.is_linked()
        {
            self.load()?;
        }
        match self {
            Self::File(file) => Ok(file.remove(b"{}")?),
            Self::External(entry, _) => entry.remove(),
        }
    }
}

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
        if length + GROWTH > SIZE_LIMIT { Err(self.would_be_too_large()) } else { Ok(length) }
    }

    fn would_be_too_large(&self) -> Error {
        Error::WouldBeTooLarge { location: self.location.clone(), limit: SIZE_LIMIT }
    }

    /// The text of a document.
    fn serialize(&self, document: &AuthDocument) -> Result<Content, Error> {
        format::serialize(document).map_err(|source| match &self.location {
            Location::File(path) => FileError::NotWritable { path: path.clone(), source }.into(),
            Location::External(name) => {
                Error::External { name: name.clone(), source: source.into() }
            }
        })
    }
}

/// Whether `new` is a later sign-in of the same account, so that it may replace `old`. The refresh token
/// of the old one may be used up.
pub(crate) fn is_successor(new: &[u8], old: &[u8]) -> bool {
    let (Ok(new), Ok(old)) = (format::parse(new), format::parse(old)) else { return false };
    new.account_id() == old.account_id()
        && new.auth_mode() == old.auth_mode()
        && new.refresh_token().is_some()
        && old.refresh_token().is_some()
        && new.last_refresh() > old.last_refresh()
}
