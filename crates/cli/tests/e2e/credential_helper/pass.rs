use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::machine_path;
use crate::support::{Start, report_skipped};

/// `docker-credential-pass` with a temporary key ring and password store. Drop stops the agent of
/// the key ring.
pub(super) struct Pass {
    folder: TempDir,
}

impl Pass {
    /// An initialized store; `None` if the tools are missing.
    pub(super) fn ready() -> Option<Self> {
        let pass = Self::without_store()?;
        let key = "--batch --quiet --pinentry-mode loopback --passphrase= --quick-generate-key";
        pass.run("gpg", &format!("{key} t@example.test default default never"), "");
        pass.run("pass", "init t@example.test", "");
        Some(pass)
    }

    /// A store without `pass init`.
    pub(super) fn without_store() -> Option<Self> {
        const TOOLS: [&str; 4] = ["docker-credential-pass", "pass", "gpg", "gpgconf"];
        let folders: Vec<PathBuf> = std::env::split_paths(&machine_path()).collect();
        let is_there = |tool: &str| folders.iter().any(|folder| folder.join(tool).is_file());
        if let Some(missing) = TOOLS.into_iter().find(|tool| !is_there(tool)) {
            let packages = "golang-docker-credential-helpers, pass, gnupg";
            report_skipped(&format!("a vault: {missing} is missing ({packages})"));
            return None;
        }
        // A socket path has at most 107 bytes.
        let folder = tempfile::Builder::new().prefix("p").tempdir_in("/tmp").unwrap();
        let pass = Self { folder };
        fs::DirBuilder::new().mode(0o700).create(pass.key_ring()).unwrap();
        Some(pass)
    }

    fn key_ring(&self) -> PathBuf {
        self.folder.path().join("g")
    }

    pub(super) fn store(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    fn environment(&self) -> [(&'static str, std::ffi::OsString); 3] {
        [
            ("PATH", machine_path()),
            ("GNUPGHOME", self.key_ring().into()),
            ("PASSWORD_STORE_DIR", self.store().into()),
        ]
    }

    /// Adds the environment that the helper needs.
    pub(super) fn given<'w>(&self, start: Start<'w>) -> Start<'w> {
        let environment = self.environment().into_iter();
        environment.fold(start, |start, (name, value)| start.env(name, value))
    }

    /// The entries and their usernames.
    pub(super) fn entries(&self) -> BTreeMap<String, String> {
        serde_json::from_str(&self.run("docker-credential-pass", "list", "")).unwrap()
    }

    /// The URL of the only entry.
    #[track_caller]
    pub(super) fn only_entry(&self) -> String {
        let entries = self.entries();
        assert_eq!(entries.len(), 1, "{entries:?}");
        entries.into_keys().next().unwrap()
    }

    /// Reads an entry with the helper itself.
    pub(super) fn held(&self, url: &str) -> String {
        let answer = self.run("docker-credential-pass", "get", url);
        let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
        answer["Secret"].as_str().unwrap().to_owned()
    }

    /// Writes an entry with the helper itself.
    pub(super) fn hold(&self, url: &str, document: &str) {
        let entry = serde_json::json!({
            "ServerURL": url,
            "Username": "login-cli",
            "Secret": document,
        });
        self.run("docker-credential-pass", "store", &entry.to_string());
    }

    #[track_caller]
    fn run(&self, program: &str, arguments: &str, input: &str) -> String {
        let mut child = Command::new(program)
            .args(arguments.split(' '))
            .envs(self.environment())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The helper can exit without reading its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} {arguments}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf")
            .args(["--kill", "all"])
            .envs(self.environment())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }
}
