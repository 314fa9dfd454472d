use std::ffi::OsStr;
use std::io;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::file::Reserved;
use crate::file_location::{Content, FileLocation, SIZE_LIMIT};
use crate::folder::Folder;
use crate::format::ParseError;
use crate::lock::LOCKS;
use crate::snapshot::Snapshot;
use crate::{
    AuthDocument, Error, ExternalStore, Location, check, external_document, file, format,
    interrupted_save, memory,
};

/// How much a document can grow: the answer of a token endpoint has at most 64 KiB.
const GROWTH: u64 = 68 * 1024;

/// The same for an external store. Some hold only a few thousand bytes, so this is the size of a usual
/// sign-in.
const EXTERNAL_GROWTH: u64 = 8 * 1024;

/// Where the document is stored.
pub(crate) enum Backend {
    File(Arc<FileLocation>),
    External(Arc<dyn ExternalStore>),
}

/// Calls `visit` for each lock of a save in order, and finds the backend under the first two.
///
/// A linked file has a third lock beside it, because links in several folders may lead to it. Where
/// this program may not write, there is no third lock.
pub(crate) fn each_lock(
    home: Folder,
    external: Option<&Arc<dyn ExternalStore>>,
    mut visit: impl FnMut(&Folder, &OsStr) -> Result<(), Error>,
) -> Result<Backend, Error> {
    for name in LOCKS {
        visit(&home, name.as_ref())?;
    }
    if let Some(external) = external {
        return Ok(Backend::External(external.clone()));
    }
    let location = FileLocation::find(home)?;
    location.check_trusted()?;
    if location.is_linked() {
        visit(location.folder(), &location.beside(".lock"))?;
    }
    Ok(Backend::File(location.into()))
}

impl Backend {
    pub(crate) fn location(&self) -> Location {
        match self {
            Self::File(location) => Location::File(location.path()),
            Self::External(external) => Location::External(external.name()),
        }
    }

    /// The file, if the backend is one.
    fn file(&self) -> Option<&Arc<FileLocation>> {
        match self {
            Self::File(location) => Some(location),
            Self::External(_) => None,
        }
    }

    /// The file, if a new sign-in may replace it although it cannot be read. The target of a link may
    /// not be an `auth.json` at all, and a copy of an external entry would be a secret in a file.
    pub(crate) fn replaceable_file(&self) -> Option<&Arc<FileLocation>> {
        self.file().filter(|location| !location.is_linked())
    }

    pub(crate) fn read(&self) -> Result<Content, Error> {
        match self {
            Self::File(location) => location.read(),
            Self::External(external) => external_document::read(external.as_ref()),
        }
    }

    /// Parses the content. An empty file is no document.
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

    /// Finishes an interrupted save, see [`interrupted_save`]. A write to an external store has no such
    /// state.
    pub(crate) fn finish_interrupted(&self) -> Result<Option<AuthDocument>, Error> {
        self.file().map_or(Ok(None), interrupted_save::finish)
    }

    /// Whether there is an interrupted save.
    pub(crate) fn has_interrupted(&self) -> bool {
        self.file().is_some_and(|location| interrupted_save::exists(location))
    }

    /// Reads the content for a later comparison. True if it has changed.
    pub(crate) fn see(&self, snapshot: &mut Snapshot) -> Result<bool, Error> {
        match self {
            Self::File(location) => snapshot.read(location),
            Self::External(external) => {
                *snapshot = Snapshot::without_file(external_document::read(external.as_ref())?);
                Ok(true)
            }
        }
    }

    /// Checks that a new sign-in could be saved over what is stored now.
    pub(crate) fn check_savable(&self) -> Result<(), Error> {
        match self {
            Self::File(location) => {
                self.check_location(location)?;
                check::check_space(location)?;
                self.length_to_come(&self.read()?).map(drop)
            }
            Self::External(_) => self.reserve(&mut Snapshot::without_file(self.read()?)).map(drop),
        }
    }

    /// Makes sure that a successor of this content can be written. An external store reserves nothing:
    /// it is tested with an entry of that length.
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
                // A store that returns what it never took has no readable entry either.
                let tried = length.as_ref().unwrap_or(&0) + EXTERNAL_GROWTH;
                let checked = external.check(usize::try_from(tried).unwrap_or(usize::MAX));
                checked.map_err(|source| external_document::failed(external, source))?;
                length.map(|_| None)
            }
        }
    }

    /// The length of the document when it is written again. A document that cannot be read counts as
    /// empty, because it is replaced as a whole.
    fn length_to_come(&self, content: &Content) -> Result<u64, Error> {
        let document = match self.document(content) {
            Err(_) if self.replaceable_file().is_some() => AuthDocument::default(),
            other => other?.unwrap_or_default(),
        };
        let bytes = format::serialize(&document).map_err(|source| self.not_writable(source))?;
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
        check::check_can_create_files(location)?;
        if location.exists()? { check::check_replaceable(location) } else { Ok(()) }
    }

    /// An external store is not checked: it was read a moment ago.
    pub(crate) fn check_removable(&self) -> Result<(), Error> {
        self.file().map_or(Ok(()), |location| check::check_removable(location))
    }

    /// Replaces the content of the snapshot by `bytes` and updates the snapshot. [`Backend::flush`]
    /// makes it durable.
    pub(crate) fn replace(
        &self,
        snapshot: &mut Snapshot,
        reserved: &mut Option<Box<Reserved>>,
        bytes: Zeroizing<Vec<u8>>,
    ) -> Result<(), Error> {
        // A longer document could not be read again.
        if bytes.len() as u64 > SIZE_LIMIT {
            return Err(self.would_be_too_large());
        }
        match self {
            Self::File(location) => file::replace(location, snapshot, reserved, bytes),
            Self::External(external) => {
                external_document::replace(external.as_ref(), snapshot.content(), &bytes)?;
                *snapshot = Snapshot::without_file(Content::Bytes(bytes));
                Ok(())
            }
        }
    }

    /// An external store makes its own writes durable.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        self.file().map_or(Ok(()), |location| file::flush_name(location))
    }

    /// Removes the document, also an unreadable one, except behind a link. False if there was none.
    pub(crate) fn remove(&self) -> Result<bool, Error> {
        match self {
            Self::File(location) => {
                // The target of a link may not be an `auth.json`.
                if location.is_linked() {
                    self.document(&self.read()?)?;
                }
                file::remove(location)
            }
            Self::External(external) => {
                external.remove().map_err(|source| external_document::failed(external, source))
            }
        }
    }

    /// The document could not be serialized.
    pub(crate) fn not_writable(&self, source: io::Error) -> Error {
        match self {
            Self::File(location) => Error::NotWritable { path: location.path(), source },
            Self::External(external) => external_document::failed(external, source.into()),
        }
    }
}
