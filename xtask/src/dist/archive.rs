//! A reproducible `.tar.gz`.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

/// A file in the archive.
pub(super) struct Entry {
    /// In the folder of the archive.
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
    mode: u32,
}

impl Entry {
    /// A file that is read.
    pub(super) fn file(path: &str, bytes: Vec<u8>) -> Self {
        Self { path: path.to_owned(), bytes, mode: 0o644 }
    }

    /// A file that is executed.
    pub(super) fn program(path: &str, bytes: Vec<u8>) -> Self {
        Self { mode: 0o755, ..Self::file(path, bytes) }
    }
}

/// Writes them in order, into one folder.
pub(super) fn write(path: &Path, folder: &str, time: u64, entries: &[Entry]) -> io::Result<()> {
    let packed = GzBuilder::new().write(File::create(path)?, Compression::best());
    let mut archive = Builder::new(packed);
    for entry in entries {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::Regular);
        header.set_size(entry.bytes.len() as u64);
        header.set_mode(entry.mode);
        header.set_mtime(time);
        header.set_uid(0);
        header.set_gid(0);
        let place = format!("{folder}/{}", entry.path);
        archive.append_data(&mut header, place, entry.bytes.as_slice())?;
    }
    archive.into_inner()?.finish()?.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn archive_is_reproducible() {
        let folder = tempfile::tempdir().unwrap();
        let entries = || [Entry::program("a", vec![7; 1000]), Entry::file("b/c", b"text".to_vec())];
        let written = ["1", "2"].map(|name| {
            let path = folder.path().join(name);
            write(&path, "x-1", 1_767_225_600, &entries()).unwrap();
            std::fs::read(path).unwrap()
        });
        assert_eq!(written[0], written[1]);
        assert!(written[0].len() < 1000);
    }
}
