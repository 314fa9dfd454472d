//! The servers, and the browser of the person who signs in.

use std::error::Error;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// How long a server may take to start, and a browser to open its pages.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A server: a script in this folder, and its options.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    name: &'static str,
    script: &'static str,
    options: &'static [&'static str],
}

/// npm's `oidc-provider`.
pub(super) const OIDC_PROVIDER: Kind =
    Kind { name: "oidc-provider", script: "oidc_provider.mjs", options: &[] };

/// `oidc-provider-mock` from `PyPI`, on Authlib.
pub(super) const AUTHLIB: Kind =
    Kind { name: "oidc-provider-mock", script: "mock_provider.py", options: &[] };

/// A server without discovery, whose errors have the status 200.
pub(super) const GITHUB_LIKE: Kind =
    Kind { name: "GitHub-like", script: "github_like.mjs", options: &[] };

impl Kind {
    pub(super) const fn with(self, options: &'static [&'static str]) -> Self {
        Self { options, ..self }
    }

    pub(super) fn requests_openid_scope(self) -> bool {
        self.script != GITHUB_LIKE.script
    }

    pub(super) fn name(self) -> String {
        [&[self.name], self.options].concat().join(" ")
    }
}

/// Where the servers are installed.
pub(super) struct Tools {
    /// A folder with `node_modules`.
    node: Option<PathBuf>,
    /// A folder with Python packages.
    python: Option<PathBuf>,
    scripts: PathBuf,
}

impl Tools {
    /// Those that `.ci/run` installs. The scripts are copied there, because Node finds modules only beside them.
    pub(super) fn find(root: &Path) -> Result<Self, Box<dyn Error>> {
        let tools = root.join("target/tools");
        let scripts = root.join("crates/rigs/src/providers");
        let node = Some(tools.join("oidc-provider"));
        let node = node.filter(|it| runs_in(it));
        if let Some(folder) = &node {
            for script in ["browser.mjs", GITHUB_LIKE.script, OIDC_PROVIDER.script] {
                fs::copy(scripts.join(script), folder.join(script))?;
            }
        }
        let python = Some(tools.join("oidc-provider-mock"));
        let python = python.filter(|it| it.join("oidc_provider_mock").is_dir());
        Ok(Self { node, python, scripts })
    }

    /// The package that this kind lacks here.
    pub(super) fn missing(&self, kind: Kind) -> Option<&'static str> {
        match kind.script {
            _ if self.node.is_none() => Some("oidc-provider"),
            "mock_provider.py" if self.python.is_none() => Some("oidc-provider-mock"),
            _ => None,
        }
    }

    fn node(&self, script: &str) -> Command {
        let mut node = Command::new("node");
        node.current_dir(self.node.as_deref().unwrap_or(Path::new("."))).arg(script);
        node
    }

    fn python(&self, script: &str) -> Command {
        let mut python = Command::new("python3");
        python.arg(self.scripts.join(script));
        if let Some(packages) = &self.python {
            python.env("PYTHONPATH", packages);
        }
        python
    }

    pub(super) fn browser(&self) -> Result<Script, Box<dyn Error>> {
        Script::start(&mut self.node("browser.mjs"))
    }

    pub(super) fn server(&self, kind: Kind) -> Result<Server, Box<dyn Error>> {
        let is_node = Path::new(kind.script).extension().is_some_and(|it| it == "mjs");
        let mut command = if is_node { self.node(kind.script) } else { self.python(kind.script) };
        let script = Script::start(command.args(kind.options))?;
        let endpoints = script.next()?;
        let arguments = ["issuer", "authorization_endpoint", "token_endpoint"].into_iter();
        let arguments = arguments.filter_map(|name| {
            let option = format!("--{}", name.replace('_', "-"));
            Some([option, endpoints[name].as_str()?.to_owned()])
        });
        Ok(Server { script, arguments: arguments.flatten().collect() })
    }
}

/// Whether `oidc-provider` is installed there, and Node is new enough for it.
fn runs_in(folder: &Path) -> bool {
    let mut node = Command::new("node");
    node.args(["--input-type=module", "--eval", "import 'oidc-provider'"]).current_dir(folder);
    let status = node.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// A running program that prints lines of JSON. It is killed when this is dropped.
pub(super) struct Script {
    child: Child,
    lines: Receiver<Value>,
}

impl Script {
    fn start(command: &mut Command) -> Result<Self, Box<dyn Error>> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let stdout = child.stdout.take().ok_or("a child without standard output")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let Ok(value) = serde_json::from_str(&line) else { continue };
                if sender.send(value).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, lines })
    }

    fn next(&self) -> Result<Value, Box<dyn Error>> {
        Ok(self.lines.recv_timeout(TIMEOUT)?)
    }

    /// Sends a line, and returns the next line of the program. The browser opens an address, and says where
    /// it ends.
    pub(super) fn ask(&mut self, line: &str) -> Result<Value, Box<dyn Error>> {
        let stdin = self.child.stdin.as_mut().ok_or("a child without standard input")?;
        writeln!(stdin, "{line}")?;
        self.next()
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A running server.
pub(super) struct Server {
    script: Script,
    /// The options of the example that name it.
    pub(super) arguments: Vec<String>,
}

impl Server {
    /// What it has seen of the protocol so far, each once.
    pub(super) fn seen(&mut self) -> Result<Vec<String>, Box<dyn Error>> {
        let mut seen = Vec::new();
        let mut line = self.script.ask("")?;
        while line["end"].is_null() {
            if let Some(saw) = line["saw"].as_str().filter(|saw| !seen.iter().any(|it| it == saw)) {
                seen.push(saw.to_owned());
            }
            line = self.script.next()?;
        }
        Ok(seen)
    }
}
