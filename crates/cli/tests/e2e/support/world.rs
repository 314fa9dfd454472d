use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::SystemTime;

use sandbox::{Endpoint, Fault, Sandbox, Scenario, Then};
use serde_json::Value;
use tempfile::TempDir;

use super::{Running, Start};

/// A sandbox and the folders of one user.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    folder: TempDir,
    /// Secrets that the sandbox did not issue.
    registered_secrets: Mutex<Vec<String>>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with_scenario(Scenario::default())
    }

    pub(crate) fn with_scenario(scenario: Scenario) -> Self {
        let sandbox = Sandbox::start_in_thread(scenario).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "work", "bin", "run"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { sandbox, folder, registered_secrets: Mutex::default() }
    }

    /// A world in which requests to `at` fail with `then`.
    pub(crate) fn failing(at: Endpoint, then: Then) -> Self {
        Self::with([Fault::new(at, then)])
    }

    pub(crate) fn with(faults: impl IntoIterator<Item = Fault>) -> Self {
        let faults = faults.into_iter().collect();
        Self::with_scenario(Scenario { faults, ..Scenario::default() })
    }

    /// The server as messages name it, with its port.
    pub(crate) fn host(&self) -> &str {
        let url = self.sandbox.issuer_url();
        url.split_once("://").map_or(url, |(_, host)| host)
    }

    /// `login-cli login` for this world, without a browser and on a free port.
    pub(crate) fn login(&self) -> Start<'_> {
        let issuer = self.sandbox.issuer_url();
        Start::new(self, "login").args(["--issuer", issuer, "--no-browser", "--port", "0"])
    }

    /// `login-cli create-key` for this world.
    pub(crate) fn create_key(&self) -> Start<'_> {
        self.on_platform("create-key")
    }

    /// A command that uses the platform.
    pub(crate) fn on_platform(&self, name: &str) -> Start<'_> {
        let (issuer, api) = (self.sandbox.issuer_url(), self.sandbox.api_url());
        let servers = ["--issuer", issuer, "--api-base", api];
        Start::new(self, name).args(servers).args(["--no-browser", "--port", "0"])
    }

    /// Any other command for this world.
    pub(crate) fn command(&self, name: &str) -> Start<'_> {
        Start::new(self, name).args(["--issuer", self.sandbox.issuer_url()])
    }

    /// The program with exactly these arguments.
    pub(crate) fn program<A: Into<OsString>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Start<'_> {
        Start::bare(self).args(arguments)
    }

    /// A login that waits for its browser.
    pub(crate) fn waiting_login(&self) -> Running<'_> {
        let running = self.login().start();
        running.auth_url();
        running
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn codex_home(&self) -> PathBuf {
        self.path("codex")
    }

    /// The stored credentials.
    pub(crate) fn auth_json(&self) -> Option<String> {
        let bytes = fs::read(self.codex_home().join("auth.json")).ok()?;
        Some(String::from_utf8(bytes).unwrap())
    }

    /// Writes `auth.json`.
    pub(crate) fn store(&self, auth_json: &str) {
        self.store_bytes(auth_json.as_bytes());
    }

    /// Writes `auth.json` with any bytes.
    pub(crate) fn store_bytes(&self, auth_json: &[u8]) {
        fs::create_dir_all(self.codex_home()).unwrap();
        write_bytes(&self.codex_home().join("auth.json"), auth_json);
    }

    /// The stored credentials as JSON.
    #[track_caller]
    pub(crate) fn auth_document(&self) -> Value {
        serde_json::from_str(&self.auth_json().expect("there is an auth.json")).unwrap()
    }

    /// From now on, no run may print this text.
    pub(crate) fn register_secret(&self, secret: &str) {
        self.registered_secrets.lock().unwrap().push(secret.to_owned());
    }

    pub(crate) fn registered_secrets(&self) -> Vec<String> {
        self.registered_secrets.lock().unwrap().clone()
    }

    /// The sorted names in the credentials folder; empty without a folder.
    pub(crate) fn stored_names(&self) -> Vec<String> {
        names_in(&self.codex_home())
    }

    /// The profiles that have a folder.
    pub(crate) fn profiles(&self) -> Vec<(String, PathBuf)> {
        let folder = self.codex_home().join("profiles");
        names_in(&folder).into_iter().map(|name| (name.clone(), folder.join(name))).collect()
    }

    /// The number of requests to an endpoint.
    pub(crate) fn count(&self, at: &Endpoint) -> usize {
        self.sandbox.requests_at(at).len()
    }

    /// The CA file of a sandbox with TLS.
    pub(crate) fn ca_file(&self) -> PathBuf {
        let path = self.path("ca.pem");
        write(&path, self.sandbox.ca_pem().expect("the sandbox speaks TLS"));
        path
    }
}

/// The sorted names in a folder; empty without a folder.
pub(super) fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let name =
        |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = entries.map(name).collect();
    names.sort();
    names
}

pub(crate) fn write(path: &Path, text: &str) {
    write_bytes(path, text.as_bytes());
}

#[expect(clippy::disallowed_methods, reason = "a test's own file may be torn by a crash")]
fn write_bytes(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
}

/// The modification time, from the clock of the file system.
pub(crate) fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|metadata| metadata.modified()).unwrap()
}
