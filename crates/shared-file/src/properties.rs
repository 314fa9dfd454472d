use std::path::PathBuf;

use crate::check::check_replaceable;
use crate::file_location::FileLocation;

/// What the owner of a file may want to know about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Properties {
    /// Other users can read the file. The next write makes it private.
    pub readable_by_others: bool,
    /// The owner of the file, if it is another user.
    pub foreign_owner: Option<u32>,
    /// The folder, if every user can create files in it.
    pub world_writable_folder: Option<PathBuf>,
    /// The file cannot be written here, as far as permissions tell.
    pub not_writable: bool,
    /// The target, if the file is a symbolic link.
    pub linked_to: Option<PathBuf>,
    /// The file is a mount of its own, and is written in place.
    pub is_mount: bool,
}

impl Properties {
    pub(crate) fn read(location: &FileLocation) -> Self {
        let entry = location.entry();
        let folder = location.folder();
        let is_open = folder.metadata().is_ok_and(|folder| folder.world_writable);
        Self {
            readable_by_others: entry.as_ref().is_some_and(|entry| entry.shared),
            foreign_owner: entry.and_then(|entry| entry.foreign_owner),
            world_writable_folder: is_open.then(|| folder.path().to_owned()),
            not_writable: location.check_trusted().is_err() || check_replaceable(location).is_err(),
            linked_to: location.is_linked().then(|| location.path()),
            is_mount: location.is_mount(),
        }
    }
}
