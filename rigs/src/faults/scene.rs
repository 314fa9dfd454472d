//! One run of the program, with servers and a folder of its own.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use sandbox::{Account, Endpoint, Fault, On, Sandbox, Scenario, Then};

use super::Outcome;
use super::content::{self, Goal, State};
use super::home::Home;
use crate::program;

/// What changes the stored sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Refresh,
    /// An API key where nothing is stored.
    FirstKey,
    /// An API key in the place of a sign-in.
    OtherKey,
    Logout,
    /// A sign-in in the browser, which is nowhere near.
    Browser,
}

/// Which part of a run is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// From its start on.
    Start,
    /// From the moment on when it has what it is going to save: the issuer has the refresh token,
    /// or the next thing that it reads is the key. Until then nothing is saved.
    Save,
}

/// A key that has the shape of one.
pub(super) const KEY: &str = "sk-faults-0123456789abcdefghijklmnopqrstuvwxyz";

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Scene<'a> {
    pub(super) program: &'a Path,
    pub(super) flow: Flow,
    pub(super) sandbox: Sandbox,
    pub(super) home: Home,
    before: Option<Vec<u8>>,
}

/// How a program ended.
pub(super) struct Ended {
    /// None when a signal ended it.
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Flow {
    /// Those that come to a save by themselves.
    pub(super) const SAVING: [Self; 4] =
        [Self::Refresh, Self::FirstKey, Self::OtherKey, Self::Logout];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Refresh => "refresh",
            Self::FirstKey => "login with a key, the first",
            Self::OtherKey => "login with a key, over a sign-in",
            Self::Logout => "logout",
            Self::Browser => "login",
        }
    }

    /// In which parts it is looked at. A logout does all of it in one thread.
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
            Self::Browser => &["login", "--no-browser", "--port", "0", "--timeout", "10s"],
        }
    }

    /// What it reads.
    fn input(self) -> String {
        match self {
            Self::FirstKey | Self::OtherKey => format!("{KEY}\n"),
            Self::Refresh | Self::Logout | Self::Browser => String::new(),
        }
    }
}

impl<'a> Scene<'a> {
    /// The answer to a refresh is held where the save alone is looked at.
    pub(super) fn set(program: &'a Path, flow: Flow, phase: Phase) -> Outcome<Self> {
        Self::set_with(program, flow, phase, 0)
    }

    /// A refresh whose answer is held, of a document that has this much of another program in it.
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

    /// A program that is told of the folder and of nothing else.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = program::untouched(program, self.home.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What the program is called with.
    pub(super) fn arguments(&self, flow: Flow) -> Vec<&str> {
        let servers = ["--issuer", self.sandbox.issuer_url()];
        flow.arguments().iter().copied().chain(servers).collect()
    }

    pub(super) fn begin(&self, flow: Flow) -> Outcome<Child> {
        Ok(self.command(self.program).args(self.arguments(flow)).spawn()?)
    }

    /// Gives it what it reads, and what it waits for.
    pub(super) fn go_on(&self, flow: Flow, child: &mut Child) {
        self.sandbox.release();
        feed(child, &flow.input());
    }

    /// Runs a flow from the start to the end, with no fault.
    pub(super) fn play(&self, flow: Flow) -> Outcome<Ended> {
        let mut child = self.begin(flow)?;
        self.go_on(flow, &mut child);
        Ended::wait(child)
    }

    /// Waits until the program has come to where the save begins.
    pub(super) fn wait_for_save(&self, process: u32) -> Outcome<()> {
        if self.flow == Flow::Refresh {
            self.sandbox.wait_for(&Endpoint::TokenRefresh, 1, PATIENCE)?;
            return Ok(());
        }
        // Standard input is read by a thread of its own, and that is the first.
        let threads = Path::new("/proc").join(process.to_string()).join("task");
        let begun = Instant::now();
        while threads.read_dir()?.count() < 2 {
            if begun.elapsed() > PATIENCE {
                return Err("the program does not read its input".into());
            }
            thread::sleep(Duration::from_micros(500));
        }
        Ok(())
    }

    /// What the file is now, after one run of the flow.
    pub(super) fn state(&self) -> Outcome<State> {
        Ok(self.state_of(self.home.content()?.as_deref()))
    }

    pub(super) fn state_of(&self, content: Option<&[u8]>) -> State {
        let goal = match self.flow {
            Flow::Refresh => Goal::Tokens(content::refreshed(self.sandbox.issued())),
            Flow::FirstKey | Flow::OtherKey => Goal::Key(KEY.to_owned()),
            Flow::Logout | Flow::Browser => Goal::Nothing,
        };
        content::judge(self.before.as_deref(), content, &goal)
    }

    /// How often the issuer was asked for a refresh.
    pub(super) fn refreshes(&self) -> usize {
        self.sandbox.requests_at(&Endpoint::TokenRefresh).len()
    }

    /// Whether a text has a part of a secret in it.
    pub(super) fn gives_away(&self, text: &str) -> bool {
        const PART: usize = 12;
        let parts: HashSet<&[u8]> = text.as_bytes().windows(PART).collect();
        let mut secrets = self.sandbox.canaries();
        secrets.push(KEY.to_owned());
        secrets.iter().any(|it| it.as_bytes().windows(PART).any(|part| parts.contains(part)))
    }
}

/// Writes all that a program is to read. One that does not read it has no use for it.
pub(super) fn feed(child: &mut Child, input: &str) {
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

    /// How it ended, and the last that it said.
    pub(super) fn in_words(&self) -> String {
        let end = self.code.map_or("a signal".to_owned(), |code| format!("code {code}"));
        let error = self.stderr.lines().rfind(|line| line.starts_with("error: "));
        format!("ended by {end}: {}", error.or(self.stderr.lines().last()).unwrap_or_default())
    }
}
