use std::io;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::file::Reserved;
use crate::format::ParseError;
use crate::place::{Content, Place, SIZE_LIMIT};
use crate::seen::Seen;
use crate::{AuthDocument, Error, Location, Vault, check, file, format, memory, unfinished, vault};

/// By how much a document may grow: the answer of a token endpoint is 64 KiB at most, and has what is
/// new in it.
const GROWTH: u64 = 68 * 1024;

/// The same in a vault, some of which hold no more than a few thousand bytes: by as much as a usual
/// sign-in has.
const GROWTH_IN_VAULT: u64 = 8 * 1024;

/// Who holds the document.
pub(crate) enum Keeper {
    File(Arc<Place>),
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
    fn file(&self) -> Option<&Arc<Place>> {
        match self {
            Self::File(place) => Some(place),
            Self::Vault(_) => None,
        }
    }

    /// The file, if a copy of it may be set aside when it cannot be read. What stands behind a link
    /// may be no `auth.json` at all; what a vault holds does not belong into a file.
    pub(crate) fn to_set_aside(&self) -> Option<&Arc<Place>> {
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
        let replaceable = self.to_set_aside().is_some();
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

    /// Finishes a save that was interrupted, see [`unfinished`]. A vault is written at once.
    pub(crate) fn finish_interrupted(&self) -> Result<Option<AuthDocument>, Error> {
        self.file().map_or(Ok(None), unfinished::finish)
    }

    /// Whether there is such a save.
    pub(crate) fn has_interrupted(&self) -> bool {
        self.file().is_some_and(|place| unfinished::is_there(place))
    }

    /// Reads what is to be compared later. Whether it is something else than before.
    pub(crate) fn see(&self, seen: &mut Seen) -> Result<bool, Error> {
        match self {
            Self::File(place) => seen.read(place),
            Self::Vault(vault) => {
                *seen = Seen::without_file(vault::read(vault.as_ref())?);
                Ok(true)
            }
        }
    }

    /// Whether a new sign-in could be saved, over whatever is there.
    pub(crate) fn check_savable(&self) -> Result<(), Error> {
        match self {
            Self::File(place) => {
                self.check_place(place)?;
                check::room(place)?;
                self.length_to_come(&self.read()?).map(drop)
            }
            Self::Vault(_) => self.reserve(&mut Seen::without_file(self.read()?)).map(drop),
        }
    }

    /// Makes sure that what takes the place of this content can be written. A vault keeps nothing
    /// free; it is tried with an entry of that length.
    pub(crate) fn reserve(&self, seen: &mut Seen) -> Result<Option<Box<Reserved>>, Error> {
        let length = self.length_to_come(seen.content());
        match self {
            Self::File(place) => {
                self.check_place(place)?;
                let room = length? + GROWTH;
                memory::keep_ready(room);
                file::reserve(place, seen, room).map(Some)
            }
            Self::Vault(vault) => {
                // One that gives back what it never took has no entry that could be read either.
                let tried = length.as_ref().unwrap_or(&0) + GROWTH_IN_VAULT;
                let checked = vault.check(usize::try_from(tried).unwrap_or(usize::MAX));
                checked.map_err(|source| vault::failed(vault, source))?;
                length.map(|_| None)
            }
        }
    }

    /// How long the document is when it is written anew, which may be longer than it was before. What
    /// cannot be read will be replaced as a whole.
    fn length_to_come(&self, content: &Content) -> Result<u64, Error> {
        let document = match self.document(content) {
            Err(_) if self.to_set_aside().is_some() => AuthDocument::default(),
            other => other?.unwrap_or_default(),
        };
        let bytes = format::serialize(&document).map_err(|source| self.refused(source))?;
        let length = bytes.len() as u64;
        if length + GROWTH > SIZE_LIMIT {
            return Err(self.outgrown());
        }
        Ok(length)
    }

    fn outgrown(&self) -> Error {
        Error::Outgrown { location: self.location(), limit: SIZE_LIMIT }
    }

    fn check_place(&self, place: &Place) -> Result<(), Error> {
        check::addable(place)?;
        if place.is_there()? { check::replaceable(place) } else { Ok(()) }
    }

    /// A vault is not asked: it was read a moment ago.
    pub(crate) fn check_removable(&self) -> Result<(), Error> {
        self.file().map_or(Ok(()), |place| check::removable(place))
    }

    /// Puts `bytes` in the place of the content that was seen, and sees them from then on.
    /// [`Keeper::flush`] makes it last.
    pub(crate) fn replace(
        &self,
        seen: &mut Seen,
        reserved: &mut Option<Box<Reserved>>,
        bytes: Zeroizing<Vec<u8>>,
    ) -> Result<(), Error> {
        // Nothing is written that could not be read again.
        if bytes.len() as u64 > SIZE_LIMIT {
            return Err(self.outgrown());
        }
        match self {
            Self::File(place) => file::replace(place, seen, reserved, bytes),
            Self::Vault(vault) => {
                vault::replace(vault.as_ref(), seen.content(), &bytes)?;
                *seen = Seen::without_file(Content::Bytes(bytes));
                Ok(())
            }
        }
    }

    /// What a vault has taken is its own to make last.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        self.file().map_or(Ok(()), |place| file::flush_name(place))
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
