//! A server of files on this machine, which is also a registry of npm.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::Outcome;
use super::archive::Entry;
use super::packages::put;

/// A running server. It ends when this is dropped.
pub(super) struct Server {
    child: Child,
    /// Without `/` at its end.
    pub(super) address: String,
}

impl Server {
    /// Serves a folder.
    ///
    /// # Errors
    ///
    /// Python cannot be started.
    pub(super) fn start(folder: &Path) -> Outcome<Self> {
        fs::create_dir_all(folder)?;
        let mut python = Command::new("python3");
        python.args(["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory"]);
        python.arg(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = python.spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().ok_or("python3 has no output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.split(['(', ')']).nth(1).unwrap_or_default();
        Ok(Self { child, address: address.trim_end_matches('/').to_owned() })
    }

    /// Adds a package in the form of npm's registry.
    ///
    /// # Errors
    ///
    /// The package has no `package.json`.
    pub(super) fn publish(&self, name: &str, package: &[u8], folder: &Path) -> Outcome<()> {
        let mut archive = tar::Archive::new(GzDecoder::new(package));
        let mut about: Value = Value::Null;
        for file in archive.entries()? {
            let file = file?;
            if file.path()?.ends_with("package/package.json") {
                about = serde_json::from_reader(file)?;
            }
        }
        let file = format!("{}.tgz", name.replace('/', "-"));
        about["dist"] = json!({"tarball": format!("{}/{file}", self.address)});
        let version = about["version"].as_str().unwrap_or_default().to_owned();
        let document = json!({
            "name": name,
            "dist-tags": {"latest": version},
            "versions": {version: about},
        });
        put(folder, &Entry::file(&file, package))?;
        put(folder, &Entry::file(name, document.to_string()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
