use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::keys::{Key, is_key_line};
use super::{KeyId, Keys, SealError};

const HEADER: &str = "# Keys of login-cli for a stored sign-in. The first one seals, each one opens. Keep this file secret.\n";

/// Hundreds of keys.
const LARGEST: u64 = 64 * 1024;

/// The key file is text: one key a line, `ID BASE64`. Empty lines and lines that begin with `#` are comments.
impl Keys {
    /// Reads a key file. A link is followed; its target must be private.
    ///
    /// # Errors
    ///
    /// [`SealError::NoKey`], [`SealError::Exposed`], [`SealError::Owner`], [`SealError::Malformed`], or
    /// [`SealError::Io`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, SealError> {
        let path = path.as_ref();
        let mut keys = parse(path, &read(path)?)?;
        path.clone_into(&mut keys.path);
        Ok(keys)
    }

    /// The keys that the file has now, if it can be used.
    pub(crate) fn read_again(&self) -> Option<Self> {
        Self::read(&self.path).ok()
    }

    /// Creates a key file with one new key, mode 0600. It never overwrites a file.
    ///
    /// # Errors
    ///
    /// [`SealError::Exists`], [`SealError::Exposed`] on a file system without permissions, [`SealError::Io`],
    /// or [`SealError::Crypto`].
    pub fn create(path: impl AsRef<Path>) -> Result<KeyId, SealError> {
        let path = path.as_ref();
        let key = Key::generate()?;
        let mut file = NewFile::create(path.to_owned())?;
        file.write(&[HEADER, &key.to_line()])?;
        file.is_complete = true;
        flush_folder(path)?;
        Ok(key.id())
    }

    /// Adds a new key in front of the others: it seals from now on, and the others still open. Then give the
    /// file to every machine: one without the new key cannot open what is sealed with it. Root keeps the owner and the
    /// mode of the file.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read) and [`create`](Self::create). After an error the file is unchanged.
    pub fn add(path: impl AsRef<Path>) -> Result<KeyId, SealError> {
        let target = fs::canonicalize(&path).map_err(failed(path.as_ref()))?;
        let key = Key::generate()?;
        // Created before the file is read, so that two processes cannot add a key at the same time.
        let file = NewFile::create(beside(&target));
        let mut file = file.map_err(|error| match error {
            SealError::Exists { path } => SealError::AddsKey { path },
            other => other,
        })?;
        let text = read(&target)?;
        parse(&target, &text)?;
        let comments = text.split_inclusive('\n').take_while(|line| !is_key_line(line));
        let (before, after) = text.split_at(comments.map(str::len).sum());
        file.write(&[before, &key.to_line(), after])?;
        file.give_to_owner_of(&target)?;
        fs::rename(&file.path, &target).map_err(failed(&target))?;
        file.is_complete = true;
        flush_folder(&target)?;
        Ok(key.id())
    }
}

fn parse(path: &Path, text: &str) -> Result<Keys, SealError> {
    Keys::parse(text).map_err(|line| match line {
        0 => SealError::NoKey { path: path.to_owned() },
        line => SealError::Malformed { path: path.to_owned(), line },
    })
}

fn read(path: &Path) -> Result<Zeroizing<String>, SealError> {
    let file = File::open(path).map_err(failed(path))?;
    check_private(path, &file)?;
    // Larger than what is read, so that it does not grow, which would leave copies.
    let mut text = Zeroizing::new(String::with_capacity(2 * LARGEST as usize));
    file.take(LARGEST).read_to_string(&mut text).map_err(failed(path))?;
    Ok(text)
}

/// A file that is removed again unless it becomes complete.
struct NewFile {
    path: PathBuf,
    file: File,
    is_complete: bool,
}

impl NewFile {
    fn create(path: PathBuf) -> Result<Self, SealError> {
        let mut options = OpenOptions::new();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.write(true).create_new(true).open(&path);
        let file = file.map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => SealError::Exists { path: path.clone() },
            // What is not found is its folder.
            _ => SealError::Io { path: path.clone(), source },
        })?;
        let new = Self { path, file, is_complete: false };
        check_private(&new.path, &new.file)?;
        Ok(new)
    }

    fn write(&mut self, parts: &[&str]) -> Result<(), SealError> {
        let written = parts.iter().try_for_each(|part| self.file.write_all(part.as_bytes()));
        written.and_then(|()| self.file.sync_all()).map_err(failed(&self.path))
    }

    /// Gives this file the owner, the group and the mode of `old`, if root runs this: otherwise a service
    /// could not read its key file after root has added a key.
    #[cfg(unix)]
    fn give_to_owner_of(&self, old: &Path) -> Result<(), SealError> {
        use std::os::unix::fs::{MetadataExt as _, fchown};

        if !rustix::process::geteuid().is_root() {
            return Ok(());
        }
        let give = || {
            let old = fs::metadata(old)?;
            fchown(&self.file, Some(old.uid()), Some(old.gid()))?;
            self.file.set_permissions(old.permissions())
        };
        give().map_err(failed(&self.path))
    }

    #[cfg(not(unix))]
    fn give_to_owner_of(&self, _: &Path) -> Result<(), SealError> {
        Ok(())
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if !self.is_complete {
            // The error that is returned says more than that this failed, too.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The owner is this user or root, and nobody else has access. A file of root may be readable for a group: a secret of
/// Kubernetes is, for a pod that does not run as root. Root may use the file of any user.
#[cfg(unix)]
fn check_private(path: &Path, file: &File) -> Result<(), SealError> {
    use std::os::unix::fs::MetadataExt as _;

    let metadata = file.metadata().map_err(failed(path))?;
    let (mode, owner) = (metadata.mode() & 0o7777, metadata.uid());
    let user = rustix::process::geteuid().as_raw();
    let others = if owner == 0 { 0o037 } else { 0o077 };
    if mode & others != 0 {
        return Err(SealError::Exposed { path: path.to_owned(), mode });
    }
    if owner != user && owner != 0 && user != 0 {
        return Err(SealError::Owner { path: path.to_owned(), owner });
    }
    Ok(())
}

/// On Windows the folder decides, which in a profile belongs to its user.
#[cfg(not(unix))]
fn check_private(_: &Path, _: &File) -> Result<(), SealError> {
    Ok(())
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".login-cli-new");
    name.into()
}

/// Windows cannot open a folder, and writes names itself.
fn flush_folder(path: &Path) -> Result<(), SealError> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) {
        File::open(folder).and_then(|it| it.sync_all()).map_err(failed(folder))?;
    }
    Ok(())
}

fn failed(path: &Path) -> impl Fn(io::Error) -> SealError {
    let path = path.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::NotFound => SealError::NoKey { path: path.clone() },
        _ => SealError::Io { path: path.clone(), source },
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};

    use super::*;

    /// Not root.
    const USER: u32 = 1234;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    fn write(path: &Path, text: &str) {
        let mut options = OpenOptions::new();
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.write(true).create(true).truncate(true).open(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn names(folder: &Path) -> Vec<OsString> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn new_key_file_is_private_and_never_replaces_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let id = Keys::create(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(Keys::read(&path).unwrap().first(), id);
        let before = fs::read(&path).unwrap();
        assert!(matches!(Keys::create(&path), Err(SealError::Exists { .. })));
        // There is no such folder.
        let error = Keys::create(folder.path().join("none/key")).unwrap_err();
        assert!(matches!(error, SealError::Io { .. }), "{error:?}");
        let link = folder.path().join("dangling");
        symlink("elsewhere", &link).unwrap();
        assert!(matches!(Keys::create(&link), Err(SealError::Exists { .. })));
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn added_key_comes_first_and_the_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let first = Keys::create(&path).unwrap();
        let link = folder.path().join("link");
        symlink("key", &link).unwrap();
        let second = Keys::add(&link).unwrap();
        let third = Keys::add(&path).unwrap();
        let keys = Keys::read(&link).unwrap();
        assert_eq!(keys.ids().collect::<Vec<_>>(), [third, second, first]);
        assert_eq!(mode(&path), 0o600);
        assert!(link.is_symlink() && fs::read_to_string(&path).unwrap().starts_with(HEADER));
        assert_eq!(names(folder.path()).len(), 2, "nothing else stays");
    }

    #[test]
    fn interrupted_or_concurrent_addition_is_an_error_and_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        Keys::create(&path).unwrap();
        let before = fs::read(&path).unwrap();
        write(&beside(&path), "");
        assert!(matches!(Keys::add(&path), Err(SealError::AddsKey { .. })));
        assert_eq!(fs::read(&path).unwrap(), before);
        assert!(beside(&path).exists(), "another process may still need it");
    }

    #[test]
    fn damaged_file_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        write(&path, "# comment\nnonsense\n");
        for result in [Keys::read(&path).map(|keys| keys.first()), Keys::add(&path)] {
            assert!(matches!(result, Err(SealError::Malformed { line: 2, .. })), "{result:?}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "# comment\nnonsense\n");
        assert_eq!(names(folder.path()), ["key"]);
    }

    #[test]
    fn file_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        Keys::create(&path).unwrap();
        let is_root = rustix::process::geteuid().is_root();
        for (exposed, owner) in [0o644, 0o640, 0o602, 0o610]
            .map(|it| (it, USER))
            .into_iter()
            .chain([(0o644, 0), (0o660, 0)])
        {
            if is_root {
                chown(&path, Some(owner), None).unwrap();
            }
            set_mode(&path, exposed);
            for result in [Keys::read(&path).map(|keys| keys.first()), Keys::add(&path)] {
                let found =
                    matches!(result, Err(SealError::Exposed { mode, .. }) if mode == exposed);
                assert!(found, "{exposed:o}: {result:?}");
            }
        }
        set_mode(&path, 0o400);
        assert!(Keys::read(&path).is_ok());
        assert_eq!(names(folder.path()), ["key"]);
    }

    /// As root, which is who adds a key for a service, and whose files the secrets of Kubernetes are.
    #[test]
    fn owner_and_mode_of_a_file_stay() {
        if !rustix::process::geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        Keys::create(&path).unwrap();
        for (owner, permissions) in [(USER, 0o400), (0, 0o440)] {
            chown(&path, Some(owner), Some(USER)).unwrap();
            set_mode(&path, permissions);
            let added = Keys::add(&path).unwrap();
            assert_eq!(Keys::read(&path).unwrap().first(), added);
            let found = fs::metadata(&path).unwrap();
            assert_eq!((found.uid(), found.gid(), mode(&path)), (owner, USER, permissions));
        }
    }

    #[test]
    fn missing_or_empty_file_has_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        assert!(matches!(Keys::read(&path), Err(SealError::NoKey { .. })));
        assert!(matches!(Keys::add(&path), Err(SealError::NoKey { .. })));
        write(&path, "\n# only a comment\n");
        assert!(matches!(Keys::read(&path), Err(SealError::NoKey { .. })));
    }
}
