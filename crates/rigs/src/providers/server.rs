//! The servers, and the browser of the person who signs in.

use std::error::Error;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long a server may take to start, and a browser to open its pages.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// npm's `oidc-provider`.
    OidcProvider,
    /// The same; it requires its nonces in `DPoP` proofs.
    OidcProviderWithNonces,
    /// `oidc-provider-mock` from `PyPI`, on Authlib.
    Authlib,
    /// A server without discovery, whose errors have the status 200.
    GitHubLike,
    /// The same, with responses that are forms even if JSON is asked for.
    GitHubLikeWithForms,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::OidcProvider => "oidc-provider",
            Self::OidcProviderWithNonces => "oidc-provider, nonces",
            Self::Authlib => "oidc-provider-mock",
            Self::GitHubLike => "GitHub-like",
            Self::GitHubLikeWithForms => "GitHub-like, forms",
        }
    }
}

/// Where the servers are installed.
pub(super) struct Tools {
    /// A folder with `node_modules`.
    node: Option<PathBuf>,
    /// A folder with Python packages.
    python: Option<PathBuf>,
}

impl Tools {
    /// Those that `.ci/run` installs. The scripts are copied there, because Node finds modules only beside them.
    pub(super) fn find(root: &Path) -> Result<Self, Box<dyn Error>> {
        let tools = root.join("target/tools");
        let node = Some(tools.join("oidc-provider"));
        let node = node.filter(|it| runs_in(it));
        if let Some(folder) = &node {
            for script in ["browser.mjs", "github_like.mjs", "oidc_provider.mjs"] {
                fs::copy(root.join("crates/rigs/src/providers").join(script), folder.join(script))?;
            }
        }
        let python = Some(tools.join("oidc-provider-mock"));
        let python = python.filter(|it| it.join("oidc_provider_mock").is_dir());
        Ok(Self { node, python })
    }

    /// The package that this kind lacks here.
    pub(super) fn missing(&self, kind: Kind) -> Option<&'static str> {
        match kind {
            _ if self.node.is_none() => Some("oidc-provider"),
            Kind::Authlib if self.python.is_none() => Some("oidc-provider-mock"),
            _ => None,
        }
    }

    fn script(&self, script: &str) -> Command {
        let mut node = Command::new("node");
        node.current_dir(self.node.as_deref().unwrap_or(Path::new("."))).arg(script);
        node
    }

    pub(super) fn browser(&self) -> Result<Script, Box<dyn Error>> {
        Script::start(self.script("browser.mjs"))
    }

    pub(super) fn server(&self, kind: Kind) -> Result<Server, Box<dyn Error>> {
        match kind {
            Kind::OidcProvider => Server::with_script(self.script("oidc_provider.mjs")),
            Kind::OidcProviderWithNonces => {
                let mut node = self.script("oidc_provider.mjs");
                node.arg("--dpop-nonce");
                Server::with_script(node)
            }
            Kind::GitHubLike => Server::with_script(self.script("github_like.mjs")),
            Kind::GitHubLikeWithForms => {
                let mut node = self.script("github_like.mjs");
                node.arg("--always-form");
                Server::with_script(node)
            }
            Kind::Authlib => self.authlib(),
        }
    }

    fn authlib(&self) -> Result<Server, Box<dyn Error>> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let mut python = Command::new("python3");
        python.args(["-m", "oidc_provider_mock", "--port", &port.to_string()]);
        if let Some(packages) = &self.python {
            python.env("PYTHONPATH", packages);
        }
        let script = Script::start(python)?;
        let started = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if started.elapsed() > TIMEOUT {
                return Err("oidc-provider-mock does not listen".into());
            }
            thread::yield_now();
        }
        let arguments = vec!["--issuer".to_owned(), format!("http://127.0.0.1:{port}")];
        Ok(Server { script, arguments })
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
    fn start(mut command: Command) -> Result<Self, Box<dyn Error>> {
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

    /// Opens an address in the browser, and returns the status of the last page.
    pub(super) fn open(&mut self, address: &str) -> Result<Value, Box<dyn Error>> {
        let stdin = self.child.stdin.as_mut().ok_or("a child without standard input")?;
        writeln!(stdin, "{address}")?;
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
    fn with_script(command: Command) -> Result<Self, Box<dyn Error>> {
        let script = Script::start(command)?;
        let endpoints = script.next()?;
        let arguments = ["issuer", "authorization_endpoint", "token_endpoint"].into_iter();
        let arguments = arguments.filter_map(|name| {
            let option = format!("--{}", name.replace('_', "-"));
            Some([option, endpoints[name].as_str()?.to_owned()])
        });
        Ok(Self { script, arguments: arguments.flatten().collect() })
    }

    /// What it has seen of the protocol so far.
    pub(super) fn seen(&self) -> Vec<String> {
        let seen = self.script.lines.try_iter();
        seen.filter_map(|line| Some(line["saw"].as_str()?.to_owned())).collect()
    }
}
