//! The folder that a save is made in.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A folder for credentials, which goes away with this.
pub(super) struct Home {
    path: PathBuf,
    _folder: TempDir,
}

/// What a save may leave: locks are never removed.
const STAYS: [&str; 3] = ["auth.json", "auth.json.lock", "auth.lock"];

/// Everything that a save may touch.
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
        // `strace` knows it by the name that the system has for it.
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

    /// What the file holds; none where there is none.
    pub(super) fn content(&self) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.auth_file()) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// What no save should leave.
    pub(super) fn leftovers(&self) -> io::Result<Vec<String>> {
        leftovers(&self.path)
    }

    /// The folder and everything in it that a save may touch.
    pub(super) fn touched(&self) -> impl Iterator<Item = PathBuf> {
        let files = TOUCHED.map(|name| self.path.join(name));
        std::iter::once(self.path.clone()).chain(files)
    }
}

/// What is in a folder and should not be left by a save.
pub(super) fn leftovers(folder: &Path) -> io::Result<Vec<String>> {
    let names: io::Result<Vec<String>> = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect();
    Ok(names?.into_iter().filter(|name| !STAYS.contains(&name.as_str())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_stay_and_temporaries_are_left_over() {
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
