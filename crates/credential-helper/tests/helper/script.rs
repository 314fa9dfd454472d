use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use credential_helper::{Credential, Helper};
use tempfile::TempDir;

pub(crate) const URL: &str = "https://auth.example.test/profiles/default";

/// A deadline for tests that should not reach it, also on a busy machine.
pub(crate) const FAR: Duration = Duration::from_secs(60);

/// A helper for one test, in its own folder.
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

    /// The content of a file that the helper wrote.
    pub(crate) fn wrote(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }
}

/// Another process writes the script: if this one had it open for writing, a child process of another
/// test could inherit that, and the system would refuse to run the script.
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
