//! The program and the servers, and one sign-in.

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

/// The program and the servers.
pub(super) struct Harness<'a> {
    program: &'a Path,
    sandbox: Sandbox,
}

impl<'a> Harness<'a> {
    pub(super) fn start(program: &'a Path, faults: Vec<Fault>) -> Result<Self, Box<dyn Error>> {
        let scenario = Scenario { faults, ..Scenario::default() };
        Ok(Self { program, sandbox: Sandbox::start_in_thread(scenario)? })
    }

    /// Starts the program, and signs the person in, up to the callback.
    pub(super) fn start_sign_in(&self) -> Result<SignIn, Box<dyn Error>> {
        let home = TempDir::new()?;
        let mut command = program::command_without_user_settings(self.program, home.path());
        command.args(["login", "--no-browser", "--port", "0", "--timeout", "3m"]);
        command.args(["--issuer", self.sandbox.issuer_url()]);
        let mut running = Running::start(&mut command)?;
        let person = self.sandbox.person(Account::OWNER).with_conduct(Conduct::StopsBeforeCallback);
        let trail = person.visit_blocking(&running.address()?)?;
        let callback = trail.last().and_then(Step::location);
        let callback = callback.ok_or("the issuer does not send the browser back")?;
        let port = callback.port().ok_or("the callback has no port")?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok(SignIn { running, address, callback, home })
    }

    /// The code exchanges at the token endpoint.
    pub(super) fn code_exchange_count(&self) -> usize {
        self.sandbox.requests_at(&Endpoint::TokenCode).len()
    }

    /// Waits for so many code exchanges.
    pub(super) fn wait_for_code_exchanges(&self, count: usize) -> Result<(), Box<dyn Error>> {
        self.sandbox.wait_for_requests_blocking(
            &Endpoint::TokenCode,
            count,
            Duration::from_secs(20),
        )?;
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
    /// From before the browser connects to the first byte of the redirect.
    pub(super) redirected: Duration,
    /// From the end of the last page to the end of the program.
    pub(super) exited: Duration,
}

impl SignIn {
    /// The `Host` of the callback.
    pub(super) fn host(&self) -> &str {
        &self.callback[Position::BeforeHost..Position::AfterPort]
    }

    /// A callback with a wrong `state`.
    pub(super) fn wrong_callback(&self) -> Vec<u8> {
        get("/auth/callback?code=wrong&state=wrong", self.host())
    }

    /// Requests the callback, without following its redirect.
    pub(super) fn redirected(&self) -> Result<Response, Box<dyn Error>> {
        let response = exchange(self.address, &visit(&self.callback))?;
        match response.status() {
            Some(302) => Ok(response),
            other => Err(format!("the callback gets {other:?}").into()),
        }
    }

    /// Requests the page of the redirect.
    pub(super) fn follow(&self, redirect: &Response) -> Result<Response, Box<dyn Error>> {
        let page = redirect.location().ok_or("the redirect leads nowhere")?;
        let page = exchange(self.address, &visit(&page))?;
        match page.status() {
            Some(200) => Ok(page),
            other => Err(format!("the last page gets {other:?}").into()),
        }
    }

    /// Runs the rest of the sign-in.
    pub(super) fn finish(&mut self) -> Result<Finish, Box<dyn Error>> {
        let redirect = self.redirected()?;
        self.follow(&redirect)?;
        let landed = Instant::now();
        self.succeeded()?;
        Ok(Finish { redirected: redirect.first_byte, exited: landed.elapsed() })
    }

    /// Waits for a successful end.
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

    /// The file of credentials.
    pub(super) fn auth_file(&self) -> PathBuf {
        self.home.path().join("auth.json")
    }

    /// The lines on standard error from the address on, after the end.
    pub(super) fn remaining_lines(&mut self) -> Result<usize, Box<dyn Error>> {
        let mut lines = 1;
        while self.running.next_line()?.is_some() {
            lines += 1;
        }
        Ok(lines)
    }
}
