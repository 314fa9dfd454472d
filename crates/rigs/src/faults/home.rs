//! The folder of the credentials.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder that is removed with this value.
pub(super) struct Home {
    path: PathBuf,
    _folder: TempDir,
}

/// The files that stay after a save.
const STAYS: [&str; 3] = ["auth.json", "auth.json.lock", "auth.lock"];

/// The files that a save may use.
const TOUCHED: [&str; 6] = [
    "auth.json",
    "auth.json.lock",
    "auth.lock",
    "auth.json.login-cli.tmp",
    "auth.json.login-cli.probe",
    "auth.json.login-cli.bak",
];

impl Home {
    pub(super) fn empty() -> io::Result<Self> {
        let folder = TempDir::new()?;
        // `strace` prints the canonical path.
        Ok(Self { path: folder.path().canonicalize()?, _folder: folder })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn auth_file(&self) -> PathBuf {
        self.path.join("auth.json")
    }

    pub(super) fn put(&self, document: &str) -> io::Result<()> {
        File::create(self.auth_file())?.write_all(document.as_bytes())
    }

    /// The content of the file, if it exists.
    pub(super) fn content(&self) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.auth_file()) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// Files that no save may leave.
    pub(super) fn leftovers(&self) -> io::Result<Vec<String>> {
        let names = fs::read_dir(&self.path)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
        let names: io::Result<Vec<String>> = names.collect();
        Ok(names?.into_iter().filter(|name| !STAYS.contains(&name.as_str())).collect())
    }

    /// The folder and the files that a save may use.
    pub(super) fn touched(&self) -> impl Iterator<Item = PathBuf> {
        let files = TOUCHED.map(|name| self.path.join(name));
        std::iter::once(self.path.clone()).chain(files)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lock_files_are_not_leftovers_and_temporary_files_are() {
        let home = Home::empty().unwrap();
        assert_eq!(home.content().unwrap(), None);
        home.put("{}").unwrap();
        for name in ["auth.lock", "auth.json.lock", "auth.json.login-cli.tmp"] {
            File::create(home.path().join(name)).unwrap();
        }
        assert_eq!(home.content().unwrap().unwrap(), b"{}");
        assert_eq!(home.leftovers().unwrap(), ["auth.json.login-cli.tmp"]);
    }
}
