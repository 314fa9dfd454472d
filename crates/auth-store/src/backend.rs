use std::ffi::OsStr;
use std::sync::Arc;

use crate::file::Reserved;
use crate::file_location::{Content, FileLocation, SIZE_LIMIT};
use crate::folder::Folder;
use crate::format::ParseError;
use crate::lock::LOCKS;
use crate::snapshot::Snapshot;
use crate::{
    AuthDocument, Error, ExternalStore, ExternalStoreError, Location, check, file, format,
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

    pub(crate) fn read(&self) -> Result<Snapshot, Error> {
        match self {
            Self::File(location) => Snapshot::read(location),
            Self::External(external) => {
                external.read().map(Snapshot::from).map_err(|source| failed(external, source))
            }
        }
    }

    /// Parses the content. An empty file is no document.
    pub(crate) fn parse(&self, content: Option<&Content>) -> Result<Option<AuthDocument>, Error> {
        let (location, replaceable) = (self.location(), self.replaceable_file().is_some());
        let bytes = match content {
            Some(bytes) if bytes.len() as u64 > SIZE_LIMIT => {
                return Err(Error::TooLarge { location, limit: SIZE_LIMIT, replaceable });
            }
            Some(bytes) if !bytes.trim_ascii().is_empty() => bytes,
            _ => return Ok(None),
        };
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

    /// Finishes an interrupted save. A write to an external store has no such state.
    pub(crate) fn finish_interrupted(&self) -> Result<(), Error> {
        self.file().map_or(Ok(()), |location| file::finish_interrupted(location))
    }

    /// Checks that a new sign-in could be saved over what is stored now.
    pub(crate) fn check_savable(&self) -> Result<(), Error> {
        let content = self.read()?.content;
        match self {
            Self::File(location) => {
                check::check_replaceable(location)?;
                check::check_space(location)?;
                self.length_to_come(content.as_ref()).map(drop)
            }
            Self::External(_) => self.reserve(content.as_ref()).map(drop),
        }
    }

    /// Makes sure that a successor of this content can be written. An external store reserves nothing:
    /// it is tested with an entry of that length.
    pub(crate) fn reserve(&self, content: Option<&Content>) -> Result<Option<Reserved>, Error> {
        let length = self.length_to_come(content);
        match self {
            Self::File(location) => {
                check::check_replaceable(location)?;
                Reserved::with_room(location, length? + GROWTH).map(Some)
            }
            Self::External(external) => {
                // A store that returns what it never took has no readable entry either.
                let tried = length.as_ref().unwrap_or(&0) + EXTERNAL_GROWTH;
                let checked = external.check(usize::try_from(tried).unwrap_or(usize::MAX));
                checked.map_err(|source| failed(external, source))?;
                length.map(|_| None)
            }
        }
    }

    /// The length of the document when it is written again. A document that cannot be read counts as
    /// empty, because it is replaced as a whole.
    fn length_to_come(&self, content: Option<&Content>) -> Result<u64, Error> {
        let document = match self.parse(content) {
            Err(_) if self.replaceable_file().is_some() => AuthDocument::default(),
            other => other?.unwrap_or_default(),
        };
        let length = self.serialize(&document)?.len() as u64;
        if length + GROWTH > SIZE_LIMIT {
            return Err(self.would_be_too_large());
        }
        Ok(length)
    }

    fn would_be_too_large(&self) -> Error {
        Error::WouldBeTooLarge { location: self.location(), limit: SIZE_LIMIT }
    }

    /// The text of a document.
    pub(crate) fn serialize(&self, document: &AuthDocument) -> Result<Content, Error> {
        format::serialize(document).map_err(|source| match self {
            Self::File(location) => location.not_writable(source),
            Self::External(external) => failed(external, source.into()),
        })
    }

    /// An external store is not checked: it was read a moment ago.
    pub(crate) fn check_removable(&self) -> Result<(), Error> {
        match self.file() {
            Some(location) if location.exists()? => check::check_replaceable(location),
            _ => Ok(()),
        }
    }

    /// Replaces the content of the snapshot by `bytes`, durably, and updates the snapshot.
    pub(crate) fn replace(
        &self,
        snapshot: &mut Snapshot,
        reserved: &mut Option<Reserved>,
        bytes: Content,
    ) -> Result<(), Error> {
        // A longer document could not be read again.
        if bytes.len() as u64 > SIZE_LIMIT {
            return Err(self.would_be_too_large());
        }
        match self {
            Self::File(location) => file::replace(location, snapshot, reserved, bytes),
            Self::External(external) => {
                // No external store has compare-and-swap, so another machine that shares it can still
                // write in between.
                if self.read()?.content != snapshot.content {
                    return Err(Error::Changed { location: self.location() });
                }
                external.write(&bytes).map_err(|source| match may_have_written(&source) {
                    true => Error::MayBeStored { name: external.name(), source },
                    false => failed(external, source),
                })?;
                *snapshot = Snapshot::from(Some(bytes));
                Ok(())
            }
        }
    }

    /// Removes the document, also an unreadable one, except behind a link. False if there was none.
    pub(crate) fn remove(&self) -> Result<bool, Error> {
        match self {
            Self::File(location) => {
                // The target of a link may not be an `auth.json`.
                if location.is_linked() {
                    self.parse(self.read()?.content.as_ref())?;
                }
                file::remove(location)
            }
            Self::External(external) => {
                external.remove().map_err(|source| failed(external, source))
            }
        }
    }
}

fn failed(external: &Arc<dyn ExternalStore>, source: ExternalStoreError) -> Error {
    Error::External { name: external.name(), source }
}

/// A store that was stopped before its answer may have stored the document.
fn may_have_written(error: &ExternalStoreError) -> bool {
    #[cfg(feature = "keyring")]
    if crate::keyring_store::is_timeout(error) {
        return true;
    }
    use credential_helper::Error::{Cancelled, TimedOut};
    matches!(error.downcast_ref(), Some(TimedOut { .. } | Cancelled { .. }))
}
