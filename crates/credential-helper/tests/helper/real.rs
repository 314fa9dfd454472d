//! Helpers of a distribution: `pass` with its own key and store, and a missing Secret Service.

use std::fs;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use credential_helper::{Error, Helper};
use tempfile::TempDir;

use crate::script::{FAR, URL, credential};

/// A temporary key ring and password store; its agent ends on drop.
struct Pass {
    folder: TempDir,
}

impl Pass {
    fn home(&self) -> PathBuf {
        self.folder.path().join("g")
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("s")
    }

    fn helper(&self) -> Helper {
        let helper = Helper::new("pass", path()).unwrap();
        helper.env("GNUPGHOME", self.home()).env("PASSWORD_STORE_DIR", self.store())
    }

    fn init(&self) {
        let key = "--batch --quiet --pinentry-mode loopback --passphrase= --quick-generate-key";
        self.run("gpg", &format!("{key} t@example.test default default never"));
        self.run("pass", "init t@example.test");
    }

    fn run(&self, program: &str, arguments: &str) {
        let output = Command::new(program)
            .args(arguments.split(' '))
            .env("GNUPGHOME", self.home())
            .env("PASSWORD_STORE_DIR", self.store())
            .output()
            .unwrap();
        assert!(output.status.success(), "{program}: {output:?}");
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.run("gpgconf", "--kill all");
    }
}

fn pass_or_skip() -> Option<Pass> {
    if is_missing(&["docker-credential-pass", "pass", "gpg", "gpgconf"]) {
        return None;
    }
    // The agent's socket stands in there, and its whole path may have 107 bytes.
    let folder = tempfile::Builder::new().prefix("p").tempdir_in("/tmp").unwrap();
    let pass = Pass { folder };
    fs::DirBuilder::new().mode(0o700).create(pass.home()).unwrap();
    Some(pass)
}

/// Whether a tool is missing. Then the test is reported as skipped.
fn is_missing(tools: &[&str]) -> bool {
    let folders: Vec<_> = path().collect();
    let has = |tool: &&&str| folders.iter().any(|folder| folder.join(tool).is_file());
    let Some(missing) = tools.iter().find(|tool| !has(tool)) else { return false };
    left_out(&format!(
        "a real helper: {missing} is missing (golang-docker-credential-helpers, pass, gnupg)"
    ));
    true
}

/// Reports a skipped test, past the capture of the test harness; `.ci/run` counts these lines.
fn left_out(what: &str) {
    let line = format!("not tested on this machine: {what}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}

#[expect(clippy::disallowed_methods, reason = "a test asks for the tools of the machine")]
fn path() -> impl Iterator<Item = PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).collect::<Vec<_>>().into_iter()
}

#[test]
fn pass_stores_and_erases_an_entry() {
    let Some(pass) = pass_or_skip() else { return };
    pass.init();
    let helper = pass.helper().with_deadline(FAR);
    assert!(helper.get(URL).unwrap().is_none());
    assert!(helper.list().unwrap().is_empty());

    for secret in ["canary-1", "{\n  \"tokens\": \"ü \\u0000 'x' \\\"\"\n}", &"x".repeat(60_000)] {
        helper.store(URL, &credential("ada", secret)).unwrap();
        let found = helper.get(URL).unwrap().unwrap();
        assert_eq!((found.username.as_str(), found.secret.as_str()), ("ada", secret));
    }
    let listed = helper.list().unwrap();
    assert!(listed.iter().eq([(&URL.to_owned(), &"ada".to_owned())]), "{listed:?}");

    helper.erase(URL).unwrap();
    assert!(helper.get(URL).unwrap().is_none());
    assert!(helper.list().unwrap().is_empty());
    helper.erase(URL).unwrap();
}

// threats 195
#[test]
fn pass_refuses_invalid_entries() {
    let Some(pass) = pass_or_skip() else { return };
    let helper = pass.helper().with_deadline(FAR);
    let large = credential("ada", &"x".repeat(70_000));
    for (url, entry) in
        [(URL, large), (URL, credential("", "s-e-c-r-e-t")), ("", credential("a", "b"))]
    {
        let error = helper.store(url, &entry).unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{error:?}");
        assert!(!error.to_string().contains(entry.secret.as_str()), "{error}");
    }
}

/// Without `pass init`, and with the default deadline.
#[test]
fn pass_without_a_store_is_an_error_before_the_deadline() {
    let Some(pass) = pass_or_skip() else { return };
    let started = Instant::now();
    let error = pass.helper().store(URL, &credential("ada", "canary-0123456789")).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(4));
    match error {
        Error::Refused { program, message } => {
            assert_eq!(program, "docker-credential-pass");
            assert!(message.starts_with("pass not initialized"), "{message}");
        }
        // On a machine that is too busy to start three programs, the deadline is the error.
        other => assert!(matches!(other, Error::TimedOut { .. }), "{other:?}"),
    }
    assert!(!pass.store().exists());
}

#[test]
fn missing_secret_service_is_an_error_before_the_deadline() {
    if is_missing(&["docker-credential-secretservice"]) {
        return;
    }
    let helper = Helper::new("secretservice", path()).unwrap();
    let helper = helper.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    let started = Instant::now();
    for error in [
        helper.get(URL).unwrap_err(),
        helper.erase(URL).unwrap_err(),
        helper.store(URL, &credential("ada", "canary-0123456789")).unwrap_err(),
    ] {
        let expected = matches!(error, Error::Refused { .. } | Error::TimedOut { .. });
        assert!(expected, "{error:?}");
    }
    assert!(started.elapsed() < 3 * Duration::from_secs(4));
}
