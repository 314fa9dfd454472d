//! Reproducible `.tar.gz` and `.zip` files.

use std::io::{self, Cursor, Write as _};

use flate2::{Compression, GzBuilder};
use jiff::Timestamp;
use tar::{Builder, EntryType, Header};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// With `/` on every platform.
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
    pub(super) mode: u32,
}

impl Entry {
    /// A file that is read.
    pub(super) fn file(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.to_owned(), bytes: bytes.into(), mode: 0o644 }
    }

    /// A file that is executed.
    pub(super) fn program(path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        Self { mode: 0o755, ..Self::file(path, bytes) }
    }

    /// The same file elsewhere.
    pub(super) fn at(&self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self.clone() }
    }
}

/// A `.tar.gz` with all files in one folder.
///
/// # Errors
///
/// A path is too long.
pub(super) fn tar_gz(folder: &str, time: Timestamp, entries: &[Entry]) -> io::Result<Vec<u8>> {
    let mut archive = Builder::new(GzBuilder::new().write(Vec::new(), Compression::best()));
    for entry in entries {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_size(entry.bytes.len() as u64);
        header.set_mode(entry.mode);
        header.set_mtime(time.as_second().unsigned_abs());
        header.set_uid(0);
        header.set_gid(0);
        let place = format!("{folder}/{}", entry.path);
        archive.append_data(&mut header, place, entry.bytes.as_slice())?;
    }
    archive.into_inner()?.finish()
}

/// A `.zip`. Its files get a constant time, because that of the format has no zone.
///
/// # Errors
///
/// A file is too large.
pub(super) fn zip(entries: &[Entry]) -> io::Result<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for entry in entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(9))
            .last_modified_time(DateTime::default())
            .unix_permissions(entry.mode);
        archive.start_file(&entry.path, options)?;
        archive.write_all(&entry.bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// A `.gz` without name and time.
///
/// # Errors
///
/// None that memory does not have.
pub(super) fn gz(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = GzBuilder::new().write(Vec::new(), Compression::best());
    packed.write_all(bytes)?;
    packed.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archives_are_reproducible() {
        let entries = [Entry::program("a", vec![7; 1000]), Entry::file("b/c", "text")];
        let time = Timestamp::constant(1_767_225_600, 0);
        assert_eq!(tar_gz("x-1", time, &entries).unwrap(), tar_gz("x-1", time, &entries).unwrap());
        assert_eq!(zip(&entries).unwrap(), zip(&entries).unwrap());
        assert!(zip(&entries).unwrap().len() < 1000);
    }
}
