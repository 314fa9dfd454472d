//! One run of the program, with its own servers and its own folder.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sandbox::{Account, Canaries, Endpoint, Fault, On, Sandbox, Scenario, Then};

use super::Outcome;
use super::content::{self, Goal, State};
use super::home::Home;
use crate::program;

/// A command that changes the stored sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Refresh,
    /// Stores an API key where nothing is stored.
    FirstKey,
    /// Replaces a sign-in by an API key.
    OtherKey,
    Logout,
}

/// The part of a run that is traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// From the start.
    Start,
    /// From the moment before the save: the issuer has received the refresh token, or the program is
    /// about to read the key.
    Save,
}

/// A key of the usual form.
pub(super) const KEY: &str = "sk-faults-0123456789abcdefghijklmnopqrstuvwxyz";

/// Enough on a busy machine.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) struct Case<'a> {
    pub(super) program: &'a Path,
    pub(super) flow: Flow,
    pub(super) sandbox: Sandbox,
    pub(super) home: Home,
    before: Option<Vec<u8>>,
}

/// How a program ended.
pub(super) struct Ended {
    /// `None` after a signal.
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Flow {
    /// The flows that save without a browser.
    pub(super) const SAVING: [Self; 4] =
        [Self::Refresh, Self::FirstKey, Self::OtherKey, Self::Logout];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::FirstKey => "login with a key, the first",
            Self::OtherKey => "login with a key, over a sign-in",
            Self::Logout => "logout",
        }
    }

    /// The phases to trace. A logout does everything in one thread.
    pub(super) fn phases(self) -> &'static [Phase] {
        match self {
            Self::Logout => &[Phase::Start],
            _ => &[Phase::Start, Phase::Save],
        }
    }

    pub(super) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Refresh => &["refresh"],
            Self::FirstKey | Self::OtherKey => &["login", "--with-api-key"],
            Self::Logout => &["logout"],
        }
    }

    /// Its standard input.
    fn input(self) -> String {
        match self {
            Self::FirstKey | Self::OtherKey => format!("{KEY}\n"),
            Self::Refresh | Self::Logout => String::new(),
        }
    }
}

impl<'a> Case<'a> {
    /// In the phase of the save, the issuer holds its response to a refresh.
    pub(super) fn set(program: &'a Path, flow: Flow, phase: Phase) -> Outcome<Self> {
        Self::set_with(program, flow, phase, 0)
    }

    /// A refresh with a held response, of a document with so many bytes of another program.
    pub(super) fn with_document(program: &'a Path, length: usize) -> Outcome<Self> {
        Self::set_with(program, Flow::Refresh, Phase::Save, length)
    }

    fn set_with(program: &'a Path, flow: Flow, phase: Phase, length: usize) -> Outcome<Self> {
        let held = Fault::new(Endpoint::TokenRefresh, Then::Hold).on(On::First(1));
        let faults = if phase == Phase::Save { vec![held] } else { Vec::new() };
        let sandbox = Sandbox::start_in_thread(Scenario { faults, ..Scenario::default() })?;
        let home = Home::empty()?;
        if flow != Flow::FirstKey {
            let tokens = sandbox.mint(Account::OWNER).ok_or("nobody to sign in")?;
            home.put(&content::sign_in_of(&tokens, length))?;
        }
        let before = home.content()?;
        Ok(Self { program, flow, sandbox, home, before })
    }

    /// A program with the folder in its environment.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = program::command_without_user_settings(program, self.home.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// The arguments of the program.
    pub(super) fn arguments(&self, flow: Flow) -> Vec<&str> {
        let servers = ["--issuer", self.sandbox.issuer_url()];
        flow.arguments().iter().copied().chain(servers).collect()
    }

    pub(super) fn begin(&self, flow: Flow) -> Outcome<Child> {
        Ok(self.command(self.program).args(self.arguments(flow)).spawn()?)
    }

    /// Writes its standard input, and releases a held response.
    pub(super) fn release(&self, flow: Flow, child: &mut Child) {
        self.sandbox.release();
        write_stdin(child, &flow.input());
    }

    /// Runs a flow without a fault.
    pub(super) fn run_flow(&self, flow: Flow) -> Outcome<Ended> {
        let mut child = self.begin(flow)?;
        self.release(flow, &mut child);
        Ended::wait(child)
    }

    /// Waits until the program is about to save.
    pub(super) fn wait_for_save(&self, process: u32) -> Outcome<()> {
        if self.flow == Flow::Refresh {
            self.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TIMEOUT)?;
            return Ok(());
        }
        // The first thread that the program starts reads standard input.
        let threads = Path::new("/proc").join(process.to_string()).join("task");
        let begun = Instant::now();
        while threads.read_dir()?.count() < 2 {
            if begun.elapsed() > TIMEOUT {
                return Err("the program does not read its input".into());
            }
            thread::sleep(Duration::from_micros(500));
        }
        Ok(())
    }

    /// What the file is after one run of the flow.
    pub(super) fn state(&self) -> Outcome<State> {
        Ok(self.state_of(self.home.content()?.as_deref()))
    }

    pub(super) fn state_of(&self, content: Option<&[u8]>) -> State {
        let goal = match self.flow {
            Flow::Refresh => Goal::Tokens(content::refreshed(self.sandbox.issued())),
            Flow::FirstKey | Flow::OtherKey => Goal::Key(KEY.to_owned()),
            Flow::Logout => Goal::Nothing,
        };
        content::classify(self.before.as_deref(), content, &goal)
    }

    /// The refresh requests at the issuer.
    pub(super) fn refreshes(&self) -> usize {
        self.sandbox.requests_at(&Endpoint::TokenRefresh).len()
    }

    /// Whether a text contains a part of a secret.
    pub(super) fn shows_secret(&self, text: &str) -> bool {
        let mut secrets = self.sandbox.canaries();
        secrets.push(KEY.to_owned());
        Canaries::new(&secrets).found_in(text.as_bytes()).is_some()
    }
}

/// Writes standard input. A program may end without reading it.
pub(super) fn write_stdin(child: &mut Child, input: &str) {
    if let Some(mut stdin) = child.stdin.take() {
        let _ = stdin.write_all(input.as_bytes());
    }
}

impl Ended {
    pub(super) fn wait(child: Child) -> Outcome<Self> {
        let output = child.wait_with_output()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        Ok(Self { code: output.status.code(), stdout, stderr })
    }

    /// Exit code and error message.
    pub(super) fn summary(&self) -> String {
        let end = self.code.map_or("a signal".to_owned(), |code| format!("code {code}"));
        let error = self.stderr.lines().rfind(|line| line.starts_with("error: "));
        format!("ended by {end}: {}", error.or(self.stderr.lines().last()).unwrap_or_default())
    }
}
