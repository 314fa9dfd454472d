//! The provider of the comparison, a server in Node.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Lines};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use url::Url;

use crate::http;

/// A running provider. It ends when this is dropped.
pub(super) struct Provider {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    pub(super) issuer: String,
}

impl Provider {
    pub(super) fn is_available() -> bool {
        let version = Command::new("node").arg("--version").stdout(Stdio::null()).status();
        version.is_ok_and(|status| status.success())
    }

    pub(super) fn start(root: &Path) -> Result<Self, Box<dyn Error>> {
        let mut node = Command::new("node");
        node.arg(root.join("crates/rigs/comparison/provider.mjs"));
        let mut child = node.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no standard output")?).lines();
        let issuer = lines.next().ok_or("the provider does not start")??;
        Ok(Self { child, lines, issuer })
    }

    /// Ends it. Returns how many refresh tokens it accepted and refused.
    pub(super) fn refreshes(mut self) -> Result<(usize, usize), Box<dyn Error>> {
        drop(self.child.stdin.take());
        let lines = self.lines.by_ref().collect::<Result<Vec<_>, _>>()?;
        let count = |word: &str| lines.iter().filter(|line| *line == word).count();
        Ok((count("refreshed"), count("refused")))
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where the provider sends a browser that opens this URL.
pub(super) fn callback(url: &Url) -> Result<Url, Box<dyn Error>> {
    let response = http::exchange(address(url)?, &http::visit(url))?;
    response.location().ok_or_else(|| "the provider does not redirect".into())
}

/// The address of a URL on this machine.
pub(super) fn address(url: &Url) -> Result<SocketAddr, Box<dyn Error>> {
    Ok(([127, 0, 0, 1], url.port().ok_or("no port")?).into())
}
