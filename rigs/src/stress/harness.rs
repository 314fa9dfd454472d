//! The program and the servers, and one sign-in of many.

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use sandbox::{Account, Conduct, Endpoint, Fault, Sandbox, Scenario, Step};
use tempfile::TempDir;
use url::{Position, Url};

use crate::http::{Response, exchange, get, visit};
use crate::program::{self, Running};

/// Where sign-ins take place.
pub(super) struct Harness<'a> {
    program: &'a Path,
    sandbox: Sandbox,
}

impl<'a> Harness<'a> {
    pub(super) fn start(program: &'a Path, faults: Vec<Fault>) -> Result<Self, Box<dyn Error>> {
        let scenario = Scenario { faults, ..Scenario::default() };
        Ok(Self { program, sandbox: Sandbox::start_in_thread(scenario)? })
    }

    /// Starts the program, and lets the person sign in: all that is missing is the callback.
    pub(super) fn start_sign_in(&self) -> Result<SignIn, Box<dyn Error>> {
        let home = TempDir::new()?;
        let mut command = program::untouched(self.program, home.path());
        command.args(["login", "--no-browser", "--port", "0", "--timeout", "3m"]);
        command.args(["--issuer", self.sandbox.issuer_url()]);
        let mut running = Running::start(&mut command)?;
        let person = self.sandbox.person(Account::OWNER).who(Conduct::StopsBeforeCallback);
        let trail = person.visit_blocking(&running.address()?)?;
        let callback = trail.last().and_then(Step::location);
        let callback = callback.ok_or("the issuer does not send the browser back")?;
        let port = callback.port().ok_or("the callback has no port")?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok(SignIn { running, address, callback, home })
    }

    /// How many codes the token endpoint was asked to redeem.
    pub(super) fn token_requests(&self) -> usize {
        self.sandbox.requests_at(&Endpoint::TokenCode).len()
    }

    /// Waits until the token endpoint was asked that often.
    pub(super) fn wait_for_token_requests(&self, count: usize) -> Result<(), Box<dyn Error>> {
        self.sandbox.wait_for(&Endpoint::TokenCode, count, Duration::from_secs(20))?;
        Ok(())
    }
}

/// A program that waits for its callback.
pub(super) struct SignIn {
    pub(super) running: Running,
    pub(super) address: SocketAddr,
    pub(super) callback: Url,
    home: TempDir,
}

/// How a sign-in ended.
pub(super) struct Finish {
    /// From before the browser connects until it has the first byte of its redirect.
    pub(super) redirected: Duration,
    /// From the end of the last page to the end of the program.
    pub(super) exited: Duration,
}

impl SignIn {
    /// What the callback's `Host` is.
    pub(super) fn host(&self) -> &str {
        &self.callback[Position::BeforeHost..Position::AfterPort]
    }

    /// A callback with a `state` that is none, which is answered and forgotten.
    pub(super) fn wrong_callback(&self) -> Vec<u8> {
        get("/auth/callback?code=wrong&state=wrong", self.host())
    }

    /// The way back of the browser to the callback, and no further.
    pub(super) fn redirected(&self) -> Result<Response, Box<dyn Error>> {
        let answer = exchange(self.address, &visit(&self.callback))?;
        match answer.status() {
            Some(302) => Ok(answer),
            other => Err(format!("the callback is answered by {other:?}").into()),
        }
    }

    /// The page that the redirect leads to.
    pub(super) fn follow(&self, redirect: &Response) -> Result<Response, Box<dyn Error>> {
        let page = redirect.location().ok_or("the redirect leads nowhere")?;
        let page = exchange(self.address, &visit(&page))?;
        match page.status() {
            Some(200) => Ok(page),
            other => Err(format!("the last page is answered by {other:?}").into()),
        }
    }

    /// The rest of the sign-in, to the end of the program.
    pub(super) fn finish(&mut self) -> Result<Finish, Box<dyn Error>> {
        let redirect = self.redirected()?;
        self.follow(&redirect)?;
        let landed = Instant::now();
        self.succeeded()?;
        Ok(Finish { redirected: redirect.first_byte, exited: landed.elapsed() })
    }

    /// Waits for the end, which has to be a good one.
    pub(super) fn succeeded(&mut self) -> Result<(), Box<dyn Error>> {
        let status = self.ended()?;
        if status.success() && self.auth_file().is_file() {
            return Ok(());
        }
        Err(format!("the sign-in ended with {status}").into())
    }

    pub(super) fn ended(&mut self) -> Result<ExitStatus, Box<dyn Error>> {
        Ok(self.running.ended()?.0)
    }

    /// Where the credentials are kept.
    pub(super) fn auth_file(&self) -> PathBuf {
        self.home.path().join("auth.json")
    }

    /// How many lines the program has said from its address on, once it has ended.
    pub(super) fn more_lines(&mut self) -> Result<usize, Box<dyn Error>> {
        let mut lines = 1;
        while self.running.next_line()?.is_some() {
            lines += 1;
        }
        Ok(lines)
    }
}
