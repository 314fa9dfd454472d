//! Files that only this user can read and replace.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::path::Path;

/// Opens a file, if it exists and belongs to this user alone. The error says why it is refused.
pub(super) fn open(
    path: &Path,
    options: &mut OpenOptions,
) -> io::Result<Option<Result<File, &'static str>>> {
    #[cfg(unix)]
    {
        // A named pipe would block.
        let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
        let flags = i32::try_from(flags.bits()).map_err(io::Error::other)?;
        std::os::unix::fs::OpenOptionsExt::custom_flags(options, flags);
    }
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(_) if path.is_symlink() => Ok(Some(Err("it is a link"))),
        Err(error) => Err(error),
        Ok(file) => Ok(Some(fault_of_file(&file.metadata()?).map_or(Ok(file), Err))),
    }
}

/// Creates the folder and those above it, mode 0700, if they do not exist.
pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.recursive(true).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Why the folder is refused, if it exists.
pub(super) fn folder_fault(folder: &Path) -> io::Result<Option<&'static str>> {
    match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => Ok(fault_of_folder(&other?)),
    }
}

#[cfg(unix)]
fn fault_of_file(file: &fs::Metadata) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt as _;

    if !file.is_file() {
        Some("it is not a regular file")
    } else if file.uid() != rustix::process::geteuid().as_raw() {
        Some("it belongs to another user")
    } else if file.nlink() != 1 {
        Some("it has another name, too (a hard link)")
    } else if file.mode() & 0o077 != 0 {
        Some("other users can read it")
    } else {
        None
    }
}

#[cfg(unix)]
fn fault_of_folder(folder: &fs::Metadata) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt as _;

    if !folder.is_dir() {
        Some("it is not a folder")
    } else if folder.uid() != rustix::process::geteuid().as_raw() {
        Some("it belongs to another user")
    } else if folder.mode() & 0o022 != 0 {
        Some("other users can write to it")
    } else {
        None
    }
}

/// On Windows the folder decides, which in a profile belongs to its user.
#[cfg(not(unix))]
fn fault_of_file(file: &fs::Metadata) -> Option<&'static str> {
    (!file.is_file()).then_some("it is not a regular file")
}

#[cfg(not(unix))]
fn fault_of_folder(folder: &fs::Metadata) -> Option<&'static str> {
    (!folder.is_dir()).then_some("it is not a folder")
}
