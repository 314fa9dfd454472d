use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::file_location::FileLocation;
use crate::folder::{self, Folder};
use crate::lock::{self, LockWait, Locks};
use crate::options::{Options, with_suffix};
use crate::snapshot::Snapshot;
use crate::{Error, LockHolder, LockedFile, Properties, check};

/// A file that several processes read and replace.
///
/// Programs share it only if they take the same [locks](Self::lock_files).
#[derive(Clone, Debug)]
pub struct SharedFile {
    folder: PathBuf,
    lock_wait: Duration,
    options: Options,
}

/// A write takes milliseconds; other work under the locks can take longer.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// How often the locks are taken again if their folder disappears.
const ATTEMPTS: usize = 100;

impl SharedFile {
    /// The file at this path, which need not exist. Nothing is read yet. The lock file is `NAME.lock`.
    pub fn new(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Self::in_folder(folder.unwrap_or(Path::new(".")), path.file_name().unwrap_or_default())
    }

    /// The file of this name in this folder.
    pub fn in_folder(folder: impl Into<PathBuf>, name: impl AsRef<OsStr>) -> Self {
        let name = name.as_ref();
        Self {
            folder: folder.into(),
            lock_wait: LOCK_WAIT,
            options: Options {
                name: name.to_owned(),
                locks: vec![with_suffix(name, ".lock")],
                label: "shared-file",
                is_successor: |_, _| false,
            },
        }
    }

    /// The names of the lock files, in the order in which they are taken. They are in the folder of the
    /// file. If the file is a symbolic link, `NAME.lock` beside its target is a lock as well, because
    /// links in several folders may lead to it.
    #[must_use]
    pub fn lock_files<const N: usize>(self, names: [&str; N]) -> Self {
        let locks = names.map(OsString::from).to_vec();
        Self { options: Options { locks, ..self.options }, ..self }
    }

    /// Waits at most this long for the locks. The default is five seconds.
    #[must_use]
    pub fn lock_wait(self, lock_wait: Duration) -> Self {
        Self { lock_wait, ..self }
    }

    /// A part of the names of temporary files, `NAME.LABEL.tmp`, so that a person sees whose they are.
    /// All programs that share the file have to use the same.
    #[must_use]
    pub fn label(self, label: &'static str) -> Self {
        Self { options: Options { label, ..self.options }, ..self }
    }

    /// Whether the first content is complete, and may replace the second one. Only then an interrupted
    /// write is finished. Without this function none is.
    #[must_use]
    pub fn successor(self, is_successor: fn(&[u8], &[u8]) -> bool) -> Self {
        Self { options: Options { is_successor, ..self.options }, ..self }
    }

    /// The path of the file, before links.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.options.name)
    }

    /// The end of the link, if the file is a symbolic link that can be followed.
    #[must_use]
    pub fn link_target(&self) -> Option<PathBuf> {
        let find = || self.find().ok().flatten();
        self.path().is_symlink().then(find).flatten().map(|location| location.path())
    }

    /// Reads the file; `None` if there is none, or `parse` finds nothing in it. Needs no lock, because
    /// the content is always complete. If the file exceeds the [size limit](crate::SIZE_LIMIT), `parse`
    /// gets one byte more than that.
    ///
    /// # Errors
    ///
    /// Any [`Error`], or that of `parse`.
    pub fn read<T, E: From<Error>>(
        &self,
        parse: impl Fn(&[u8]) -> Result<Option<T>, E>,
    ) -> Result<Option<T>, E> {
        match self.find()? {
            Some(location) => Snapshot::read_complete(&location, parse).1,
            None => Ok(None),
        }
    }

    fn find(&self) -> Result<Option<FileLocation>, Error> {
        let home = folder::open(&self.folder)?;
        home.map(|home| FileLocation::find(home, &self.options)).transpose()
    }

    /// What is unusual about the file; `None` if its folder is missing.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn properties(&self) -> Result<Option<Properties>, Error> {
        Ok(self.find()?.as_ref().map(Properties::read))
    }

    /// Creates the folder and its missing parents with mode 0700.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn create_folder(&self) -> Result<(), Error> {
        folder::open_or_make(&self.folder).map(drop)
    }

    /// Checks that the locks could be taken, as far as permissions tell. Creates nothing: false means
    /// that the folder is missing and could be created.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn check_lockable(&self) -> Result<bool, Error> {
        let Some(home) = folder::open(&self.folder)? else {
            return folder::check_makeable(&self.folder).map(|()| false);
        };
        folder::check_trusted(&home)?;
        self.each_lock(home, check::check_lockable).map(|_| true)
    }

    /// Checks that the file could be replaced, and that there is a little space on the disk. The folder
    /// has to exist. Leaves nothing.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn check_replaceable(&self) -> Result<(), Error> {
        let location =
            Arc::new(FileLocation::find(folder::open_or_make(&self.folder)?, &self.options)?);
        check::check_replaceable(&location)?;
        check::check_space(&location)
    }

    /// Whether another program holds a lock now. Creates nothing.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub fn is_locked(&self) -> Result<bool, Error> {
        let Some(home) = folder::open(&self.folder)? else { return Ok(false) };
        let mut is_locked = false;
        self.each_lock(home, |folder, name| {
            is_locked |= lock::is_held(folder, name)?;
            Ok(())
        })?;
        Ok(is_locked)
    }

    /// The program that holds a lock, if the system tells.
    #[must_use]
    pub fn lock_holder(&self) -> Option<LockHolder> {
        let home = folder::open(&self.folder).ok()??;
        let mut holder = None;
        let visited = self.each_lock(home, |folder, name| {
            holder = holder.take().or_else(|| LockHolder::find(folder, name));
            Ok(())
        });
        visited.ok().and(holder)
    }

    /// Takes the locks. A missing folder is created with mode 0700. On a file system without locks it
    /// takes none, see [`LockedFile::check_locks`].
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] after the timeout, or another [`Error`].
    pub fn lock(&self) -> Result<LockedFile, Error> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match self.lock_once() {
                // Another process may remove the folder between opening and locking it.
                Err(error) if error.is_not_found() && attempts < ATTEMPTS => {
                    thread::sleep(Duration::from_millis(1));
                }
                other => return other,
            }
        }
    }

    fn lock_once(&self) -> Result<LockedFile, Error> {
        let home = folder::open_or_make(&self.folder)?;
        let mut wait = LockWait::new(self.lock_wait);
        let mut locks = Locks::default();
        let location = self.each_lock(home, |folder, name| locks.add(wait.lock(folder, name)))?;
        Ok(LockedFile::new(location.into(), locks))
    }

    /// Takes the locks if they are free.
    ///
    /// # Errors
    ///
    /// Any [`Error`] but [`Error::Locked`].
    pub fn try_lock(&self) -> Result<Option<LockedFile>, Error> {
        match self.clone().lock_wait(Duration::ZERO).lock() {
            Err(Error::Locked { .. }) => Ok(None),
            other => other.map(Some),
        }
    }

    /// Calls `visit` for each lock in order, and finds the file under the first ones. Where this program
    /// may not write, the lock of a linked file is not visited.
    fn each_lock(
        &self,
        home: Folder,
        mut visit: impl FnMut(&Folder, &OsStr) -> Result<(), Error>,
    ) -> Result<FileLocation, Error> {
        for name in &self.options.locks {
            visit(&home, name)?;
        }
        let location = FileLocation::find(home, &self.options)?;
        location.check_trusted()?;
        if location.is_linked() {
            visit(location.folder(), &location.beside(".lock"))?;
        }
        Ok(location)
    }

    /// Removes the folder if it holds nothing but lock files, and no other program holds a lock. False if
    /// it stays.
    ///
    /// The lock files are removed under the locks. A process that waits for one sees that the file has
    /// lost its name, and starts again in a new folder, as [`lock`](Self::lock) does.
    #[must_use]
    pub fn remove_unused_folder(&self) -> bool {
        // Only an empty folder is removed, so nothing new is lost.
        let remove_folder = || fs::remove_dir(&self.folder).is_ok();
        let remove_lock_files = || {
            let Ok(Some(_locked)) = self.try_lock() else { return false };
            self.options.locks.iter().all(|name| fs::remove_file(self.folder.join(name)).is_ok())
        };
        self.has_only_lock_files() && (remove_folder() || remove_lock_files() && remove_folder())
    }

    fn has_only_lock_files(&self) -> bool {
        let is_lock = |entry: io::Result<fs::DirEntry>| {
            entry.is_ok_and(|entry| self.options.locks.contains(&entry.file_name()))
        };
        fs::read_dir(&self.folder).is_ok_and(|mut entries| entries.all(is_lock))
    }
}
