//! What happens to a sign-in.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use url::Url;

use super::provider::{Provider, address, callback};
use crate::http;

/// A server may wait ten seconds for its connections to end.
const TIMEOUT: Duration = Duration::from_secs(15);

/// After this time, the access tokens of the provider have expired.
const LIFETIME: Duration = Duration::from_millis(1_100);

pub(super) struct Situation {
    pub(super) name: &'static str,
    what: What,
}

enum What {
    Nothing,
    IdleConnection,
    /// A request for this path and query.
    Request(&'static str),
    TakenPort,
    BrowserElsewhere,
    TwoRefreshes,
}

pub(super) const SITUATIONS: [Situation; 7] = [
    Situation { name: "nothing disturbs", what: What::Nothing },
    Situation { name: "an idle connection to the port", what: What::IdleConnection },
    Situation { name: "a request for `/favicon.ico`", what: What::Request("/favicon.ico") },
    Situation {
        name: "a forged callback, with another `state` and `code`",
        what: What::Request("?code=forged&state=forged"),
    },
    Situation { name: "another program has the port", what: What::TakenPort },
    Situation { name: "the browser is on another machine", what: What::BrowserElsewhere },
    Situation { name: "two processes refresh", what: What::TwoRefreshes },
];

impl Situation {
    pub(super) const SURVIVED: &str = "✓";
    const FAILED: &str = "✗";

    /// Signs in with this program, and says how that ended.
    pub(super) fn run(&self, root: &Path, program: &Path) -> Result<&'static str, Box<dyn Error>> {
        let provider = Provider::start(root)?;
        let folder = tempfile::tempdir()?;
        let tokens = folder.path().join("tokens.json");
        let port = TcpListener::bind(("127.0.0.1", 0))?;
        let number = port.local_addr()?.port().to_string();
        let port = matches!(self.what, What::TakenPort).then_some(port);
        let start = || {
            let mut command = Command::new(program);
            command.args([&provider.issuer, &number]).arg(&tokens);
            Attempt::start(&mut command)
        };
        let mut attempt = start()?;
        let Some(url) = attempt.url() else { return Ok(Self::FAILED) };
        let callback = callback(&url)?;
        let _idle = self.disturb(&callback)?;
        if matches!(self.what, What::BrowserElsewhere) {
            // The program may read nothing.
            let _ = writeln!(attempt.stdin, "{callback}");
        } else {
            visit(callback)?;
        }
        let signed_in = attempt.ends_well();
        drop(port);
        if !matches!(self.what, What::TwoRefreshes) {
            return Ok(if signed_in { Self::SURVIVED } else { Self::FAILED });
        }
        if !tokens.exists() {
            return Ok("stores nothing");
        }
        thread::sleep(LIFETIME);
        let (mut one, mut other) = (start()?, start()?);
        let both = [one.ends_well(), other.ends_well()] == [true, true];
        let (refreshed, refused) = provider.refreshes()?;
        Ok(if both && refreshed > 0 && refused == 0 { Self::SURVIVED } else { Self::FAILED })
    }

    /// Returns a connection that has to stay open.
    fn disturb(&self, callback: &Url) -> Result<Option<TcpStream>, Box<dyn Error>> {
        match self.what {
            What::IdleConnection => Ok(Some(http::connect(address(callback)?)?)),
            What::Request(target) => {
                visit(callback.join(target)?)?.join().ok();
                Ok(None)
            }
            _ => Ok(None),
        }
    }
}

/// Sends a request of a browser, in a thread of its own. A program may close the connection.
fn visit(url: Url) -> Result<thread::JoinHandle<()>, Box<dyn Error>> {
    let address = address(&url)?;
    Ok(thread::spawn(move || drop(http::exchange(address, &http::visit(&url)))))
}

/// A running program. It is killed when this is dropped.
struct Attempt {
    child: Child,
    stdin: ChildStdin,
    lines: Receiver<String>,
    deadline: Instant,
}

impl Attempt {
    fn start(command: &mut Command) -> Result<Self, Box<dyn Error>> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let stdin = child.stdin.take().ok_or("no standard input")?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let (sender, lines) = channel();
        thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            lines.take_while(|line| sender.send(line.clone()).is_ok()).for_each(drop);
        });
        Ok(Self { child, stdin, lines, deadline: Instant::now() + TIMEOUT })
    }

    fn next(&self) -> Result<String, RecvTimeoutError> {
        self.lines.recv_timeout(self.deadline.saturating_duration_since(Instant::now()))
    }

    /// The URL for the browser; `None` if the program ends without one.
    fn url(&mut self) -> Option<Url> {
        loop {
            let line = self.next().ok()?;
            let url = line.split_whitespace().find(|word| word.starts_with("http://"));
            if let Some(url) = url.and_then(|url| url.parse().ok()) {
                return Some(url);
            }
        }
    }

    /// Whether it says in time that it has signed in, and needs no person for that.
    fn ends_well(&mut self) -> bool {
        let mut signed_in = false;
        loop {
            match self.next() {
                Ok(line) if line.contains("http://") => return false,
                Ok(line) => signed_in |= line.starts_with("signed in"),
                Err(RecvTimeoutError::Timeout) => return false,
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        signed_in && self.child.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
