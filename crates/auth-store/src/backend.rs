use std::io;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::file::Reserved;
use crate::file_location::{Content, FileLocation, SIZE_LIMIT};
use crate::format::ParseError;
use crate::snapshot::Snapshot;
use crate::{
    AuthDocument, Error, ExternalStore, Location, check, external_store, file, format,
    interrupted_save, memory,
};

/// By how much a document may grow: the answer of a token endpoint is 64 KiB at most, and has what is
/// new in it.
const GROWTH: u64 = 68 * 1024;

/// The same in an external store, some of which hold no more than a few thousand bytes: by as much as a usual
/// sign-in has.
const EXTERNAL_GROWTH: u64 = 8 * 1024;

/// Who holds the document.
pub(crate) enum Backend {
    File(Arc<FileLocation>),
    External(Arc<dyn ExternalStore>),
}

impl Backend {
    pub(crate) fn location(&self) -> Location {
        match self {
            Self::File(location) => Location::File(location.path()),
            Self::External(external) => Location::External(external.name()),
        }
    }

    /// Where the file is, if it is one.
    fn file(&self) -> Option<&Arc<FileLocation>> {
        match self {
            Self::File(location) => Some(location),
            Self::External(_) => None,
        }
    }

    /// The file, if a copy of it may be set aside when it cannot be read. What stands behind a link
    /// may be no `auth.json` at all; what an external store holds does not belong into a file.
    pub(crate) fn replaceable_file(&self) -> Option<&Arc<FileLocation>> {
        self.file().filter(|location| !location.is_linked())
    }

    pub(crate) fn read(&self) -> Result<Content, Error> {
        match self {
            Self::File(location) => location.read(),
            Self::External(external) => external_store::read(external.as_ref()),
        }
    }

    /// What the content means. An empty file is no document: somebody has made room for one.
    pub(crate) fn document(&self, content: &Content) -> Result<Option<AuthDocument>, Error> {
        let replaceable = self.replaceable_file().is_some();
        let bytes = match content {
            Content::Absent => return Ok(None),
            Content::Bytes(bytes) if bytes.trim_ascii().is_empty() => return Ok(None),
            Content::TooLarge => {
                let location = self.location();
                return Err(Error::TooLarge { location, limit: SIZE_LIMIT, replaceable });
            }
            Content::Bytes(bytes) => bytes,
        };
        let corrupt = |ParseError { line, column, field, problem }| Error::Corrupt {
            location: self.location(),
            line,
            column,
            field,
            problem,
            replaceable,
        };
        format::parse(bytes).map(Some).map_err(corrupt)
    }

    /// Finishes a save that was interrupted, see [`interrupted_save`]. An external store is written at once.
    pub(crate) fn finish_interrupted(&self) -> Result<Option<AuthDocument>, Error> {
        self.file().map_or(Ok(None), interrupted_save::finish)
    }

    /// Whether there is such a save.
    pub(crate) fn has_interrupted(&self) -> bool {
        self.file().is_some_and(|location| interrupted_save::exists(location))
    }

    /// Reads what is to be compared later. Whether it is something else than before.
    pub(crate) fn see(&self, snapshot: &mut Snapshot) -> Result<bool, Error> {
        match self {
            Self::File(location) => snapshot.read(location),
            Self::External(external) => {
                *snapshot = Snapshot::without_file(external_store::read(external.as_ref())?);
                Ok(true)
            }
        }
    }

    /// Whether a new sign-in could be saved, over whatever is there.
    pub(crate) fn check_savable(&self) -> Result<(), Error> {
        match self {
            Self::File(location) => {
                self.check_location(location)?;
                check::room(location)?;
                self.length_to_come(&self.read()?).map(drop)
            }
            Self::External(_) => self.reserve(&mut Snapshot::without_file(self.read()?)).map(drop),
        }
    }

    /// Makes sure that what takes the place of this content can be written. An external store keeps nothing
    /// free; it is tried with an entry of that length.
    pub(crate) fn reserve(&self, snapshot: &mut Snapshot) -> Result<Option<Box<Reserved>>, Error> {
        let length = self.length_to_come(snapshot.content());
        match self {
            Self::File(location) => {
                self.check_location(location)?;
                let room = length? + GROWTH;
                memory::preallocate(room);
                file::reserve(location, snapshot, room).map(Some)
            }
            Self::External(external) => {
                // One that gives back what it never took has no entry that could be read either.
                let tried = length.as_ref().unwrap_or(&0) + EXTERNAL_GROWTH;
                let checked = external.check(usize::try_from(tried).unwrap_or(usize::MAX));
                checked.map_err(|source| external_store::failed(external, source))?;
                length.map(|_| None)
            }
        }
    }

    /// How long the document is when it is written anew, which may be longer than it was before. What
    /// cannot be read will be replaced as a whole.
    fn length_to_come(&self, content: &Content) -> Result<u64, Error> {
        let document = match self.document(content) {
            Err(_) if self.replaceable_file().is_some() => AuthDocument::default(),
            other => other?.unwrap_or_default(),
        };
        let bytes = format::serialize(&document).map_err(|source| self.refused(source))?;
        let length = bytes.len() as u64;
        if length + GROWTH > SIZE_LIMIT {
            return Err(self.would_be_too_large());
        }
        Ok(length)
    }

    fn would_be_too_large(&self) -> Error {
        Error::WouldBeTooLarge { location: self.location(), limit: SIZE_LIMIT }
    }

    fn check_location(&self, location: &FileLocation) -> Result<(), Error> {
        check::addable(location)?;
        if location.exists()? { check::replaceable(location) } else { Ok(()) }
    }

    /// An external store is not asked: it was read a moment ago.
    pub(crate) fn check_removable(&self) -> Result<(), Error> {
        self.file().map_or(Ok(()), |location| check::removable(location))
    }

    /// Puts `bytes` in the place of the content that was seen, and sees them from then on.
    /// [`Backend::flush`] makes it last.
    pub(crate) fn replace(
        &self,
        snapshot: &mut Snapshot,
        reserved: &mut Option<Box<Reserved>>,
        bytes: Zeroizing<Vec<u8>>,
    ) -> Result<(), Error> {
        // Nothing is written that could not be read again.
        if bytes.len() as u64 > SIZE_LIMIT {
            return Err(self.would_be_too_large());
        }
        match self {
            Self::File(location) => file::replace(location, snapshot, reserved, bytes),
            Self::External(external) => {
                external_store::replace(external.as_ref(), snapshot.content(), &bytes)?;
                *snapshot = Snapshot::without_file(Content::Bytes(bytes));
                Ok(())
            }
        }
    }

    /// What an external store has taken is its own to make last.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        self.file().map_or(Ok(()), |location| file::flush_name(location))
    }

    /// Removes the document, readable or not, unless it is unreadable behind a link. False where there
    /// was none.
    pub(crate) fn remove(&self) -> Result<bool, Error> {
        match self {
            Self::File(location) => {
                // What a link leads to may well be something else than an `auth.json`.
                if location.is_linked() {
                    self.document(&self.read()?)?;
                }
                file::remove(location)
            }
            Self::External(external) => {
                external.remove().map_err(|source| external_store::failed(external, source))
            }
        }
    }

    /// The document could not even be put into bytes.
    pub(crate) fn refused(&self, source: io::Error) -> Error {
        match self {
            Self::File(location) => Error::NotWritable { path: location.path(), source },
            Self::External(external) => external_store::failed(external, source.into()),
        }
    }
}
