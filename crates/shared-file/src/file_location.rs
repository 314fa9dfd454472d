use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::folder::{self, Entry, Folder};
use crate::options::{Options, SIZE_LIMIT, with_suffix};
use crate::{Error, FileKind, lock};

/// Where the file is: in its own folder, or the target of a symbolic link there.
pub(crate) struct FileLocation {
    options: Options,
    home: Folder,
    linked: Option<Linked>,
}

struct Linked {
    folder: Folder,
    name: OsString,
    /// The owner of a link in the chain, if neither this user nor root.
    made_by: Option<u32>,
}

/// The content of a file, wiped on drop.
pub type Content = Zeroizing<Vec<u8>>;

/// How often a reader tries again while another program writes in place, and the pause: one second in
/// all, longer than any write.
const ATTEMPTS: usize = 200;
const PAUSE: Duration = Duration::from_millis(5);

impl FileLocation {
    /// Resolves a link once, so that a later change of the link has no effect.
    pub(crate) fn find(home: Folder, options: &Options) -> Result<Self, Error> {
        let linked = match entry(&home, &options.name)? {
            Some(link) if link.kind == FileKind::Link => Some(follow(&home, options, &link)?),
            _ => None,
        };
        Ok(Self { options: options.clone(), home, linked })
    }

    pub(crate) fn folder(&self) -> &Folder {
        self.linked.as_ref().map_or(&self.home, |linked| &linked.folder)
    }

    pub(crate) fn name(&self) -> &OsStr {
        self.linked.as_ref().map_or(&self.options.name, |linked| &linked.name)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder().path().join(self.name())
    }

    /// The name with this suffix.
    pub(crate) fn beside(&self, suffix: &str) -> OsString {
        with_suffix(self.name(), suffix)
    }

    /// The only name of temporary files, so that those of a killed process are found and removed.
    pub(crate) fn temporary(&self) -> OsString {
        self.beside(&format!(".{}.tmp", self.options.label))
    }

    /// The name of the copy of a file that is written in place. It exists before, during and after the
    /// write. A person or an editor may have made a `NAME.bak`.
    pub(crate) fn backup(&self) -> OsString {
        self.beside(&format!(".{}.bak", self.options.label))
    }

    /// The name of a file that tests the space on the disk.
    pub(crate) fn probe(&self) -> OsString {
        self.beside(&format!(".{}.probe", self.options.label))
    }

    /// Whether `new` is complete and may replace `old`.
    pub(crate) fn is_successor(&self, new: &[u8], old: &[u8]) -> bool {
        (self.options.is_successor)(new, old)
    }

    pub(crate) fn is_linked(&self) -> bool {
        self.linked.is_some()
    }

    /// The metadata of the file, if it can be read.
    pub(crate) fn entry(&self) -> Option<Entry> {
        self.folder().entry(self.name()).ok().flatten()
    }

    /// Whether the file is a mount of its own, if the system tells.
    pub(crate) fn is_mount(&self) -> bool {
        self.folder().is_mount(self.name())
    }

    /// Checks that this program may write here: the folder and the file belong to this user or root,
    /// see [`folder::check_trusted`], and a link belongs to them or leads to a folder of its owner.
    pub(crate) fn check_trusted(&self) -> Result<(), Error> {
        folder::check_trusted(self.folder())?;
        if let Some(owner) = self.linked.as_ref().and_then(Linked::untrusted_link_owner) {
            let path = self.home.path().join(&self.options.name);
            return Err(Error::ForeignOwner { path, owner });
        }
        let entry = entry(self.folder(), self.name())?;
        match entry.and_then(|entry| entry.untrusted_owner()) {
            Some(owner) => Err(Error::ForeignOwner { path: self.path(), owner }),
            None => self.exists().map(drop),
        }
    }

    /// Whether there is a regular file.
    pub(crate) fn exists(&self) -> Result<bool, Error> {
        match entry(self.folder(), self.name())? {
            Some(entry) => self.check_kind(entry.kind).map(|()| true),
            None => Ok(false),
        }
    }

    /// Opens the file. Its type is checked before, so that no device is opened, and after, so that it
    /// is the same file.
    pub(crate) fn open(&self) -> Result<Option<File>, Error> {
        if !self.exists()? {
            return Ok(None);
        }
        let file = match self.folder().open_file(self.name()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(|source| self.failed(source))?,
        };
        let entry = Entry::from_file(&file).map_err(|source| self.failed(source))?;
        self.check_kind(entry.kind)?;
        Ok(Some(file))
    }

    /// Reads an open file. A file that is a mount is written in place, so it is read until two reads
    /// agree and nothing is written in between.
    pub(crate) fn read(&self, file: &File) -> Result<Content, Error> {
        let mut content = self.read_once(file)?;
        let attempts = if self.is_mount() { ATTEMPTS } else { 0 };
        for _ in 0..attempts {
            let is_idle = !self.is_being_written();
            let again = self.read_once(file)?;
            if is_idle && again == content {
                break;
            }
            content = again;
            sleep(PAUSE);
        }
        Ok(content)
    }

    /// A killed writer leaves the backup, but no lock.
    fn is_being_written(&self) -> bool {
        let has_backup = self.folder().entry(&self.backup()).is_ok_and(|it| it.is_some());
        let is_held = |lock: &OsString| lock::is_held(&self.home, lock).unwrap_or(true);
        has_backup && self.options.locks.last().is_some_and(is_held)
    }

    /// Reads an open file, and not more than one byte over the size limit.
    pub(crate) fn read_once(&self, mut file: &File) -> Result<Content, Error> {
        let failed = |source| self.failed(source);
        let length = file.metadata().map_err(failed)?.len().min(SIZE_LIMIT);
        // One more than the length, so that the buffer does not grow at the end of the file. Growing
        // leaves a copy behind.
        let capacity = usize::try_from(length).unwrap_or_default() + 1;
        let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
        file.rewind().map_err(failed)?;
        file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Io { path: self.path(), source }
    }

    pub(crate) fn not_writable(&self, source: io::Error) -> Error {
        Error::NotWritable { path: self.path(), source }
    }

    fn check_kind(&self, kind: FileKind) -> Result<(), Error> {
        match kind {
            FileKind::File => Ok(()),
            _ => Err(Error::NotAFile { path: self.path(), found: kind }),
        }
    }
}

fn entry(folder: &Folder, name: &OsStr) -> Result<Option<Entry>, Error> {
    folder.entry(name).map_err(|source| Error::Io { path: folder.path().join(name), source })
}

impl Linked {
    /// The owner of a link that leads out of that owner's folders: with it, another user could have
    /// root write anywhere.
    fn untrusted_link_owner(&self) -> Option<u32> {
        let end = self.folder.metadata().ok().and_then(|entry| entry.foreign_owner);
        self.made_by.filter(|&owner| end != Some(owner))
    }
}

/// As many links as Linux follows.
const LONGEST_CHAIN: usize = 40;

/// The end of the chain of links. The file need not exist, only its folder.
fn follow(home: &Folder, options: &Options, first: &Entry) -> Result<Linked, Error> {
    let path = home.path().join(&options.name);
    let broken = || Error::NotAFile { path: path.clone(), found: FileKind::BrokenLink };
    let refused = |source: io::Error| match source.kind() {
        io::ErrorKind::PermissionDenied => Error::Io { path: path.clone(), source },
        _ => broken(),
    };
    let (mut link, mut made_by) = (path.clone(), first.owner_but_root());
    for _ in 0..LONGEST_CHAIN {
        let (folder, name) = link_target(&link).map_err(refused)?;
        let folder = Folder::open(&folder).map_err(refused)?;
        match entry(&folder, &name)? {
            Some(next) if next.kind == FileKind::Link => {
                made_by = made_by.or(next.owner_but_root());
            }
            _ => return Ok(Linked { folder, name, made_by }),
        }
        link = folder.path().join(name);
    }
    Err(broken())
}

/// The folder and name that a link points to. An open file of a process has no name.
fn link_target(link: &Path) -> io::Result<(PathBuf, OsString)> {
    let end = link.with_file_name("").join(fs::read_link(link)?);
    let nowhere = || io::Error::from(io::ErrorKind::NotFound);
    let (folder, name) = end.parent().zip(end.file_name()).ok_or_else(nowhere)?;
    let folder = folder.canonicalize()?;
    match ["/proc", "/dev/fd"].iter().any(|open_files| folder.starts_with(open_files)) {
        true => Err(nowhere()),
        false => Ok((folder, name.to_owned())),
    }
}
