use std::io;
use std::sync::Arc;

use crate::format::Defect;
use crate::place::{Content, Place, SIZE_LIMIT};
use crate::{AuthDocument, Error, Location, Vault, check, file, format, vault};

/// Who holds the document.
pub(crate) enum Keeper {
    File(Place),
    Vault(Arc<dyn Vault>),
}

impl Keeper {
    pub(crate) fn location(&self) -> Location {
        match self {
            Self::File(place) => Location::File(place.path()),
            Self::Vault(vault) => Location::Vault(vault.name()),
        }
    }

    /// Where the file is, if it is one.
    fn file(&self) -> Option<&Place> {
        match self {
            Self::File(place) => Some(place),
            Self::Vault(_) => None,
        }
    }

    /// The file, if a copy of it may be set aside when it cannot be read. What stands behind a link
    /// may be no `auth.json` at all; what a vault holds does not belong into a file.
    pub(crate) fn to_set_aside(&self) -> Option<&Place> {
        self.file().filter(|place| !place.is_linked())
    }

    pub(crate) fn read(&self) -> Result<Content, Error> {
        match self {
            Self::File(place) => place.read(),
            Self::Vault(vault) => vault::read(vault.as_ref()),
        }
    }

    /// What the content means. An empty file is no document: somebody has made room for one.
    pub(crate) fn document(&self, content: &Content) -> Result<Option<AuthDocument>, Error> {
        let bytes = match content {
            Content::Absent => return Ok(None),
            Content::Bytes(bytes) if bytes.trim_ascii().is_empty() => return Ok(None),
            Content::TooLarge => {
                return Err(Error::TooLarge { location: self.location(), limit: SIZE_LIMIT });
            }
            Content::Bytes(bytes) => bytes,
        };
        let corrupt = |Defect { line, column, field, problem }| Error::Corrupt {
            location: self.location(),
            line,
            column,
            field,
            problem,
        };
        format::parse(bytes).map(Some).map_err(corrupt)
    }

    /// Whether a new sign-in could be saved, over whatever is there.
    pub(crate) fn check_savable(&self) -> Result<(), Error> {
        self.check_writable()?;
        self.check_replaceable()
    }

    pub(crate) fn check_writable(&self) -> Result<(), Error> {
        match self {
            Self::File(place) => {
                if place.is_there()? {
                    check::replaceable(place)?;
                }
                check::room(place)
            }
            Self::Vault(vault) => vault.check().map_err(|source| vault::failed(vault, source)),
        }
    }

    /// Finds out whether a new sign-in could take the place of what is there.
    pub(crate) fn check_replaceable(&self) -> Result<(), Error> {
        match self.to_set_aside() {
            Some(_) => Ok(()),
            None => self.document(&self.read()?).map(drop),
        }
    }

    /// A vault is not asked: it was read a moment ago.
    pub(crate) fn check_removable(&self) -> Result<(), Error> {
        self.file().map_or(Ok(()), check::removable)
    }

    /// Puts `bytes` in the place of the content that was read. [`Keeper::flush`] makes it last.
    pub(crate) fn replace(&self, seen: &Content, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::File(place) => file::replace(place, seen, bytes),
            Self::Vault(vault) => vault::replace(vault.as_ref(), seen, bytes),
        }
    }

    /// What a vault has taken is its own to make last.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        self.file().map_or(Ok(()), file::flush_name)
    }

    /// Removes the document, readable or not, unless it is unreadable behind a link. False where there
    /// was none.
    pub(crate) fn remove(&self) -> Result<bool, Error> {
        match self {
            Self::File(place) => {
                // What a link leads to may well be something else than an `auth.json`.
                if place.is_linked() {
                    self.document(&self.read()?)?;
                }
                file::remove(place)
            }
            Self::Vault(vault) => vault.remove().map_err(|source| vault::failed(vault, source)),
        }
    }

    /// The document could not even be put into bytes.
    pub(crate) fn refused(&self, source: io::Error) -> Error {
        match self {
            Self::File(place) => Error::NotWritable { path: place.path(), source },
            Self::Vault(vault) => vault::failed(vault, source.into()),
        }
    }
}
