use std::ffi::OsStr;
use std::fs::{DirBuilder, File, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{self, Access, AtFlags, FileType, Mode, OFlags, Stat};
use rustix::io::{Errno, retry_on_intr};
use rustix::process::{Gid, Uid, geteuid};

use super::{Entry, ROOT};
use crate::FileKind;

/// An open folder, with its path for messages.
pub(crate) struct Folder {
    path: PathBuf,
    handle: OwnedFd,
}

/// The mode of every new file.
const OWNER_ONLY: Mode = Mode::RUSR.union(Mode::WUSR);

/// All permissions of the group and of others.
const OTHERS: Mode = Mode::RWXG.union(Mode::RWXO);

/// Never follow a link, wait for the other end of a pipe, or leave a descriptor to a child.
const OPEN_FLAGS: OFlags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

impl Folder {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = retry_on_intr(|| fs::open(path, flags, Mode::empty()))?;
        Ok(Self { path: path.to_owned(), handle })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn metadata(&self) -> io::Result<Entry> {
        Ok(Entry::from(fs::fstat(&self.handle)?))
    }

    pub(crate) fn entry(&self, name: &OsStr) -> io::Result<Option<Entry>> {
        match fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Entry::from(stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) fn open_file(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDONLY | OPEN_FLAGS;
        Ok(self.openat(name, flags)?.into())
    }

    /// Whether `name` is a mount of its own, which a rename cannot replace.
    #[cfg(target_os = "linux")]
    pub(crate) fn is_mount(&self, name: &OsStr) -> bool {
        use rustix::fs::{StatxAttributes, StatxFlags, statx};
        let asked = statx(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::empty());
        asked.is_ok_and(|it| it.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
    }

    /// The system does not tell.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn is_mount(&self, _: &OsStr) -> bool {
        false
    }

    /// Opens an existing file for writing, makes it private, and reserves this many bytes on the disk
    /// for it, where the file system can.
    pub(crate) fn open_for_writing(&self, name: &OsStr, room: u64) -> io::Result<File> {
        let file = self.openat(name, OFlags::RDWR | OPEN_FLAGS)?;
        keep_private(&file)?;
        match allocate(&file, room) {
            Err(Errno::NOSPC | Errno::DQUOT) => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(file.into()),
        }
    }

    /// Creates a file that only its owner can read, with any umask or access control list. If root
    /// creates it, it belongs to the owner of the file `model`, or else to that of the folder, who could
    /// not read or lock it otherwise.
    pub(crate) fn create_file(&self, name: &OsStr, model: &OsStr) -> io::Result<File> {
        let owner = match fs::statat(&self.handle, model, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(model) if model.st_uid != ROOT => model,
            _ => fs::fstat(&self.handle)?,
        };
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OPEN_FLAGS;
        let file = self.openat(name, flags)?;
        let may_give = runs_as_root() && owner.st_uid != ROOT;
        let given = || if may_give { give_to(&file, &owner) } else { Ok(()) };
        keep_private(&file).and_then(|()| given()).inspect_err(|_| drop(self.remove(name)))?;
        Ok(file.into())
    }

    /// Turns off copy-on-write (btrfs) for this empty file. Most file systems have no such option.
    #[cfg(target_os = "linux")]
    pub(crate) fn disable_copy_on_write(&self, file: &File) {
        let flags = fs::ioctl_getflags(file);
        if let Ok(flags) = flags {
            let _ = fs::ioctl_setflags(file, flags | fs::IFlags::NOCOW);
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(crate) fn disable_copy_on_write(&self, _: &File) {}

    /// Opens or creates the lock file. It is removed only with its folder, see
    /// [`SharedFile::remove_unused_folder`](crate::SharedFile::remove_unused_folder): a process that waits
    /// for it would hold a lock on nothing.
    pub(crate) fn open_lock(&self, name: &OsStr) -> io::Result<File> {
        // Another process may create it, or remove it again, at the same time.
        for _ in 0..100 {
            match self.openat(name, OFlags::RDWR | OPEN_FLAGS) {
                Err(Errno::NOENT) => {}
                other => return Ok(other.inspect(keep_from_others)?.into()),
            }
            match self.create_file(name, name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                other => return other,
            }
        }
        Err(Errno::NOENT.into())
    }

    /// Whether the file system has no locks, as some network file systems.
    pub(crate) fn is_locking_unsupported(error: &io::Error) -> bool {
        let none = [Errno::NOLCK, Errno::NOSYS, Errno::OPNOTSUPP, Errno::INVAL];
        Errno::from_io_error(error).is_some_and(|error| none.contains(&error))
    }

    /// Whether `name` is still the name of `file`.
    pub(crate) fn names_file(&self, name: &OsStr, file: &File) -> io::Result<bool> {
        let held = fs::fstat(file)?;
        match fs::statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(there) => Ok(there.st_dev == held.st_dev && there.st_ino == held.st_ino),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether this user may write to `name`. Changes nothing.
    pub(crate) fn may_write(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::accessat(&self.handle, name, Access::WRITE_OK, AtFlags::EACCESS)?)
    }

    /// Whether this user may create and rename a file here, which takes searching the folder as well.
    pub(crate) fn may_add(&self) -> io::Result<()> {
        let access = Access::WRITE_OK | Access::EXEC_OK;
        Ok(fs::accessat(&self.handle, ".", access, AtFlags::EACCESS)?)
    }

    /// Whether a rename could replace `name`: not if the file is immutable, on a read-only mount, or
    /// another user's in a sticky folder of another user. The mode of the file does not matter.
    pub(crate) fn may_replace(&self, name: &OsStr) -> io::Result<()> {
        let is_foreign = |entry: &Entry| entry.foreign_owner.is_some();
        let folder = self.metadata()?;
        let is_kept = folder.sticky && is_foreign(&folder) && !runs_as_root();
        if is_kept && self.entry(name)?.as_ref().is_some_and(is_foreign) {
            return Err(Errno::PERM.into());
        }
        match fs::accessat(&self.handle, name, Access::WRITE_OK, AtFlags::EACCESS) {
            Err(error @ (Errno::PERM | Errno::ROFS)) => Err(error.into()),
            _ => Ok(()),
        }
    }

    pub(crate) fn rename(&self, from: &OsStr, to: &OsStr) -> io::Result<()> {
        Ok(fs::renameat(&self.handle, from, &self.handle, to)?)
    }

    pub(crate) fn remove(&self, name: &OsStr) -> io::Result<()> {
        Ok(fs::unlinkat(&self.handle, name, AtFlags::empty())?)
    }

    pub(crate) fn sync(&self) -> io::Result<()> {
        match retry_on_intr(|| fs::fsync(&self.handle)) {
            // Some file systems cannot flush a folder, and need not.
            Err(Errno::INVAL | Errno::NOTSUP) => Ok(()),
            other => Ok(other?),
        }
    }

    /// The mode is used only for a new file.
    fn openat(&self, name: &OsStr, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        retry_on_intr(|| fs::openat(&self.handle, name, flags, OWNER_ONLY))
    }
}

impl Entry {
    pub(crate) fn from_file(file: &File) -> io::Result<Self> {
        Ok(Self::from(fs::fstat(file)?))
    }
}

impl From<Stat> for Entry {
    fn from(stat: Stat) -> Self {
        let mode = Mode::from_raw_mode(stat.st_mode);
        let foreign = stat.st_uid != geteuid().as_raw();
        Self {
            kind: FileKind::from(FileType::from_raw_mode(stat.st_mode)),
            foreign_owner: foreign.then_some(stat.st_uid),
            world_writable: mode.contains(Mode::WOTH),
            sticky: mode.contains(Mode::SVTX),
            shared: mode.intersects(Mode::RGRP | Mode::ROTH),
        }
    }
}

impl From<FileType> for FileKind {
    fn from(kind: FileType) -> Self {
        match kind {
            FileType::RegularFile => Self::File,
            FileType::Symlink => Self::Link,
            FileType::Directory => Self::Folder,
            _ => Self::Other,
        }
    }
}

/// Some mounts give every file to one user, and refuse a change of the owner.
fn give_to(file: &OwnedFd, owner: &Stat) -> rustix::io::Result<()> {
    let made = fs::fstat(file)?;
    if (made.st_uid, made.st_gid) == (owner.st_uid, owner.st_gid) {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(owner.st_uid), Gid::from_raw(owner.st_gid));
    retry_on_intr(|| fs::fchown(file, Some(uid), Some(gid)))
}

/// The length of the file stays.
#[cfg(target_os = "linux")]
fn allocate(file: &OwnedFd, room: u64) -> rustix::io::Result<()> {
    retry_on_intr(|| fs::fallocate(file, fs::FallocateFlags::KEEP_SIZE, 0, room))
}

#[cfg(not(target_os = "linux"))]
fn allocate(_: &OwnedFd, _: u64) -> rustix::io::Result<()> {
    Ok(())
}

/// POSIX allows an interruption.
fn keep_private(file: &OwnedFd) -> rustix::io::Result<()> {
    retry_on_intr(|| fs::fchmod(file, OWNER_ONLY))
}

/// Any user who can open a lock file can hold it, and some programs create it with mode 0644. A hard link
/// is left alone, and so is a file whose mode cannot be changed.
fn keep_from_others(lock: &OwnedFd) {
    let is_shared =
        |stat: Stat| stat.st_nlink == 1 && Mode::from_raw_mode(stat.st_mode).intersects(OTHERS);
    if fs::fstat(lock).is_ok_and(is_shared) {
        let _ = keep_private(lock);
    }
}

/// Root may write anywhere, so ownership is no obstacle.
pub(crate) fn runs_as_root() -> bool {
    geteuid().is_root()
}

/// Creates a folder that only its owner can enter, with any umask.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)?;
    std::fs::set_permissions(path, Permissions::from_mode(0o700))
}

#[cfg(test)]
mod tests;
