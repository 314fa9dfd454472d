use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sandbox::{Endpoint, Fault, Sandbox, Scenario, Then};
use tempfile::TempDir;

use super::{Running, Start};

/// A sandbox, and the folders of one person who meets it.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    folder: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::of(Scenario::default())
    }

    pub(crate) fn of(scenario: Scenario) -> Self {
        let sandbox = Sandbox::start_in_thread(scenario).unwrap();
        let folder = tempfile::tempdir().unwrap();
        for name in ["home", "work", "bin", "run"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        Self { sandbox, folder }
    }

    /// A world in which this goes wrong whenever it is asked for.
    pub(crate) fn failing(at: Endpoint, then: Then) -> Self {
        Self::with([Fault::new(at, then)])
    }

    pub(crate) fn with(faults: impl IntoIterator<Item = Fault>) -> Self {
        let faults = faults.into_iter().collect();
        Self::of(Scenario { faults, ..Scenario::default() })
    }

    /// The server as messages name it: with its port.
    pub(crate) fn host(&self) -> &str {
        let url = self.sandbox.issuer_url();
        url.split_once("://").map_or(url, |(_, host)| host)
    }

    /// `login-cli login` for this world, without a browser and on a free port.
    pub(crate) fn login(&self) -> Start<'_> {
        let issuer = self.sandbox.issuer_url();
        Start::new(self, "login").args(["--issuer", issuer, "--no-browser", "--port", "0"])
    }

    /// `login-cli create-key`, likewise.
    pub(crate) fn create_key(&self) -> Start<'_> {
        let (issuer, api) = (self.sandbox.issuer_url(), self.sandbox.api_url());
        Start::new(self, "create-key").args([
            "--issuer",
            issuer,
            "--api-base",
            api,
            "--no-browser",
            "--port",
            "0",
        ])
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

    /// The stored credentials, if there are any.
    pub(crate) fn auth_json(&self) -> Option<String> {
        let bytes = fs::read(self.codex_home().join("auth.json")).ok()?;
        Some(String::from_utf8(bytes).unwrap())
    }

    /// Puts an `auth.json` in place, as an earlier sign-in left it.
    pub(crate) fn store(&self, auth_json: &str) {
        fs::create_dir_all(self.codex_home()).unwrap();
        write(&self.codex_home().join("auth.json"), auth_json);
    }

    /// The names in the folder of the credentials, in order; none when there is no folder.
    pub(crate) fn stored_names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.codex_home()) else { return Vec::new() };
        let name = |entry: std::io::Result<fs::DirEntry>| {
            entry.unwrap().file_name().into_string().unwrap()
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }

    /// How many requests arrived at an endpoint.
    pub(crate) fn count(&self, at: &Endpoint) -> usize {
        self.sandbox.requests_at(at).len()
    }

    /// The file with the certificate authority of a sandbox that speaks TLS.
    pub(crate) fn ca_file(&self) -> PathBuf {
        let path = self.path("ca.pem");
        write(&path, self.sandbox.ca_pem().expect("the sandbox speaks TLS"));
        path
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's own file may be torn by a crash")]
pub(crate) fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

/// When a file was last written, by the clock that the program has as well.
pub(crate) fn modified(path: &Path) -> SystemTime {
    fs::metadata(path).and_then(|metadata| metadata.modified()).unwrap()
}
