use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::folder::{self, Entry, Folder, Kind, remove_if_there};
use crate::{Error, Found, Operation};

/// The document's name in the home folder.
pub(crate) const AUTH_JSON: &str = "auth.json";

/// Where the document is: `auth.json` in the home folder, or the file that a symbolic link of that
/// name leads to.
pub(crate) struct Place {
    home: Folder,
    linked: Option<Linked>,
}

struct Linked {
    folder: Folder,
    name: OsString,
}

/// What the place holds.
#[derive(PartialEq)]
pub(crate) enum Content {
    Absent,
    TooLarge,
    Bytes(Zeroizing<Vec<u8>>),
}

/// No `auth.json` comes near it, and a hostile one must not fill the memory.
pub(crate) const SIZE_LIMIT: u64 = 1024 * 1024;

impl Place {
    /// Resolves a link once, so that whoever turns it round later changes nothing.
    pub(crate) fn find(home: Folder) -> Result<Self, Error> {
        let linked = match entry(&home, AUTH_JSON.as_ref())? {
            Some(Entry { kind: Kind::Link, .. }) => Some(follow(&home)?),
            _ => None,
        };
        Ok(Self { home, linked })
    }

    pub(crate) fn folder(&self) -> &Folder {
        self.linked.as_ref().map_or(&self.home, |linked| &linked.folder)
    }

    pub(crate) fn name(&self) -> &OsStr {
        self.linked.as_ref().map_or(AUTH_JSON.as_ref(), |linked| &linked.name)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder().path().join(self.name())
    }

    /// A name beside the document's, in the same folder.
    pub(crate) fn beside(&self, ending: &str) -> OsString {
        let mut name = self.name().to_owned();
        name.push(ending);
        name
    }

    pub(crate) fn is_linked(&self) -> bool {
        self.linked.is_some()
    }

    /// What stands under the name, if it can be looked at.
    pub(crate) fn entry(&self) -> Option<Entry> {
        self.folder().entry(self.name()).ok().flatten()
    }

    /// Whether the file is a mount of its own, as far as the system tells.
    pub(crate) fn is_mount(&self) -> bool {
        self.folder().is_mount(self.name())
    }

    /// Removes the link, which leads nowhere when its end is removed.
    pub(crate) fn remove_link(&self) -> io::Result<()> {
        if self.is_linked() {
            remove_if_there(&self.home, AUTH_JSON.as_ref())?;
            self.home.sync()?;
        }
        Ok(())
    }

    /// Whether there is a file, which is then a plain one and ours.
    pub(crate) fn is_there(&self) -> Result<bool, Error> {
        match entry(self.folder(), self.name())? {
            Some(entry) => judge(&entry, &self.path()).map(|()| true),
            // The end of a link was there a moment ago.
            None if self.is_linked() => Err(self.not_a_file(Found::BrokenLink)),
            None => Ok(false),
        }
    }

    /// Opens the file, which is looked at before, so that no device is ever opened, and after, so
    /// that it is the one that was looked at.
    pub(crate) fn open(&self) -> Result<Option<File>, Error> {
        if !self.is_there()? {
            return Ok(None);
        }
        let file = match self.folder().open_file(self.name()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|source| self.failed(Operation::Open, source))?,
        };
        let entry = Entry::of(&file).map_err(|source| self.failed(Operation::Open, source))?;
        judge(&entry, &self.path())?;
        if entry.shared {
            tracing::debug!(path = %self.path().display(), "other users may read this file");
        }
        Ok(Some(file))
    }

    pub(crate) fn read(&self) -> Result<Content, Error> {
        let failed = |source| self.failed(Operation::Read, source);
        let Some(file) = self.open()? else {
            return Ok(Content::Absent);
        };
        let length = file.metadata().map_err(failed)?.len();
        if length > SIZE_LIMIT {
            return Ok(Content::TooLarge);
        }
        // One more than its length, so that the end is found without growing, which would leave a
        // copy behind.
        let capacity = usize::try_from(length).unwrap_or_default() + 1;
        let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
        file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > SIZE_LIMIT {
            return Ok(Content::TooLarge);
        }
        Ok(Content::Bytes(bytes))
    }

    fn failed(&self, operation: Operation, source: io::Error) -> Error {
        Error::Io { path: self.path(), operation, source }
    }

    fn not_a_file(&self, found: Found) -> Error {
        Error::NotAFile { path: self.path(), found }
    }
}

fn entry(folder: &Folder, name: &OsStr) -> Result<Option<Entry>, Error> {
    folder.entry(name).map_err(|source| Error::Io {
        path: folder.path().join(name),
        operation: Operation::Open,
        source,
    })
}

fn judge(entry: &Entry, path: &Path) -> Result<(), Error> {
    let path = path.to_owned();
    match (entry.kind, entry.foreign_owner) {
        (Kind::File, None) => Ok(()),
        (Kind::File, Some(owner)) => Err(Error::ForeignOwner { path, owner }),
        (kind, _) => Err(Error::NotAFile { path, found: kind.found() }),
    }
}

/// The end of the link, in a folder that passes the same examination as the home folder.
fn follow(home: &Folder) -> Result<Linked, Error> {
    let path = home.path().join(AUTH_JSON);
    let broken = || Error::NotAFile { path: path.clone(), found: Found::BrokenLink };
    let end = path.canonicalize().map_err(|_| broken())?;
    let (Some(parent), Some(name)) = (end.parent(), end.file_name()) else {
        return Err(broken());
    };
    let folder = folder::open(parent)?.ok_or_else(broken)?;
    Ok(Linked { folder, name: name.to_owned() })
}
