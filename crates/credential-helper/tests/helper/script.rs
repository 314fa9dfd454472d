use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use credential_helper::{Credential, Helper};
use tempfile::TempDir;

pub(crate) const URL: &str = "https://auth.example.test/profiles/default";

/// A deadline that no test reaches which does not mean to, on however busy a machine.
pub(crate) const FAR: Duration = Duration::from_secs(60);

/// A helper written for one test, in a folder of its own.
pub(crate) struct Script {
    folder: TempDir,
}

impl Script {
    /// A helper that runs `body` in a shell; `$HERE` is its folder.
    pub(crate) fn new(body: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_program(&folder.path().join("helper"), body);
        Self { folder }
    }

    pub(crate) fn helper(&self) -> Helper {
        Helper::at(self.path("helper")).with_deadline(FAR).env("HERE", self.folder.path())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the helper wrote into a file of its folder.
    pub(crate) fn wrote(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}

/// Another process writes the file. While this one has it open for writing, a program that another
/// test starts inherits that for a moment, and the system will not run a file that is being written.
pub(crate) fn write_program(path: &Path, body: &str) {
    let write = "cat >\"$1\" && chmod 700 \"$1\"";
    let mut shell = Command::new("sh")
        .args(["-c", write, "sh"])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    write!(shell.stdin.take().unwrap(), "#!/bin/sh\n{body}\n").unwrap();
    assert!(shell.wait().unwrap().success());
}

pub(crate) fn credential(username: &str, secret: &str) -> Credential {
    Credential { username: username.to_owned(), secret: secret.to_owned().into() }
}
