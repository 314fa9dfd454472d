use std::ffi::OsString;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

#[cfg(target_os = "linux")]
use super::capture::Capture;
use super::{Allowed, Finished, Printed, Running, World};

/// A run that is being put together. The environment is empty but for what is named here; `PATH`
/// leads to an empty folder, so that no test ever finds a real browser. Every run logs all that it
/// can, so that every run shows whether a secret gets there.
pub(crate) struct Start<'w> {
    world: &'w World,
    wrapper: Vec<OsString>,
    arguments: Vec<OsString>,
    environment: Vec<(String, OsString)>,
    allowed: Allowed,
    log: Log,
    streams: Streams,
    /// What stands on standard input, which is empty otherwise.
    input: Option<Vec<u8>>,
    /// Whether the test writes to it later.
    is_read_later: bool,
}

/// Where a test finds the log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Log {
    /// Beside standard error, as if it had not been asked for.
    Apart,
    /// On standard error, where the program writes it if it was asked to.
    InPlace,
}

/// The variable that asks for a log.
const LOG: &str = "LOGIN_CLI_LOG";

/// What the program's output leads to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Streams {
    Read,
    /// Nobody reads standard output any more.
    StdoutGone,
    /// Nobody reads standard error any more.
    #[cfg(target_os = "linux")]
    StderrGone,
}

impl<'w> Start<'w> {
    pub(crate) fn new(world: &'w World, command: &str) -> Self {
        let prints = match command {
            "create-key" => Printed::ApiKey,
            "token" => Printed::AccessToken,
            _ => Printed::Nothing,
        };
        let allowed = Allowed { prints, ends_as_another: command == "exec", ..Allowed::default() };
        Self { allowed, ..Self::bare(world).arg(command) }
    }

    pub(crate) fn bare(world: &'w World) -> Self {
        let environment = [
            ("PATH", world.path("bin")),
            ("HOME", world.path("home")),
            ("CODEX_HOME", world.codex_home()),
            ("XDG_RUNTIME_DIR", world.path("run")),
        ];
        Self {
            world,
            wrapper: Vec::new(),
            arguments: Vec::new(),
            environment: environment.map(|(name, value)| (name.to_owned(), value.into())).into(),
            allowed: Allowed::default(),
            log: Log::Apart,
            streams: Streams::Read,
            input: None,
            is_read_later: false,
        }
    }

    /// May print this secret, and no other one.
    pub(crate) fn allowed_to_print(mut self, secret: Printed) -> Self {
        self.allowed.prints = secret;
        self
    }

    /// Reads this from standard input.
    pub(crate) fn with_stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// Reads from standard input what the test writes to [`Running::stdin`].
    pub(crate) fn with_open_stdin(mut self) -> Self {
        self.is_read_later = true;
        self
    }

    pub(crate) fn arg(self, argument: impl Into<OsString>) -> Self {
        self.args([argument])
    }

    pub(crate) fn args<A: Into<OsString>>(mut self, all: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(all.into_iter().map(Into::into));
        if self.arguments.iter().any(|argument| argument == "--verbose" || argument == "-v") {
            self.log = Log::InPlace;
        }
        self
    }

    /// Takes an option away again, and the values that follow it.
    pub(crate) fn without(mut self, option: &str, values: usize) -> Self {
        let place = self.arguments.iter().position(|argument| argument == option);
        let place = place.expect("the option is there");
        self.arguments.drain(place..=place + values);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        if name == LOG {
            self.log = Log::InPlace;
        }
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.environment.retain(|(set, _)| set != name);
        self
    }

    /// With everything that a log can hold on standard error.
    pub(crate) fn with_trace_log(self) -> Self {
        self.env(LOG, "trace")
    }

    /// The port that the registered redirect would have.
    pub(crate) fn port(self, port: u16) -> Self {
        self.ports(&[port])
    }

    /// A list of them, to be tried in this order.
    pub(crate) fn ports(self, ports: &[u16]) -> Self {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        self.without("--port", 1).args(["--port".to_owned(), ports.join(",")])
    }

    /// Opens the browser, which `BROWSER` names.
    #[cfg(target_os = "linux")]
    pub(crate) fn opening_browser(self, browser: &super::BrowserDouble) -> Self {
        self.without("--no-browser", 0).with_browser(browser)
    }

    /// Says which browser there is, whether or not it is opened.
    #[cfg(target_os = "linux")]
    pub(crate) fn with_browser(self, browser: &super::BrowserDouble) -> Self {
        self.env("BROWSER", browser.command())
    }

    /// Runs under another program, such as a tracer.
    #[cfg(unix)]
    pub(crate) fn under<A: Into<OsString>>(mut self, all: impl IntoIterator<Item = A>) -> Self {
        self.wrapper = all.into_iter().map(Into::into).collect();
        self
    }

    /// Runs with the shell's redirections or limits, such as `>&-`.
    #[cfg(unix)]
    pub(crate) fn in_shell(self, before: &str, redirection: &str) -> Self {
        let script = format!("{before} exec \"$@\" {redirection}");
        self.under(["/bin/sh", "-c", &script, "sh"])
    }

    pub(crate) fn without_stdout_reader(mut self) -> Self {
        self.streams = Streams::StdoutGone;
        self
    }

    #[cfg(target_os = "linux")]
    pub(crate) fn without_stderr_reader(mut self) -> Self {
        self.streams = Streams::StderrGone;
        self
    }

    pub(crate) fn start(self) -> Running<'w> {
        let mut child = self.command().spawn().unwrap();
        self.hand_over(&mut child);
        let stdin = child.stdin.take();
        match self.streams {
            Streams::Read => {}
            Streams::StdoutGone => drop(child.stdout.take()),
            #[cfg(target_os = "linux")]
            Streams::StderrGone => drop(child.stderr.take()),
        }
        let running = Running::new(self.world, child, self.allowed, self.log);
        running.stdin.replace(stdin);
        running
    }

    /// Starts it on the streams of a terminal, which controls it, or on all of them but standard
    /// output.
    #[cfg(target_os = "linux")]
    pub(super) fn start_on(
        mut self,
        [stdin, stdout, stderr]: [Stdio; 3],
        is_captured: bool,
        shown: Capture,
    ) -> Running<'w> {
        for (name, usual) in [("TERM", "xterm-256color"), ("LANG", "C.UTF-8")] {
            if !self.environment.iter().any(|(set, _)| set == name) {
                self = self.env(name, usual);
            }
        }
        // A log would tear the screen.
        self.log = Log::InPlace;
        let controlled = ["/usr/bin/setsid", "--ctty"].map(OsString::from);
        self.wrapper.splice(..0, controlled);
        let mut command = self.command();
        command.stdin(stdin).stderr(stderr);
        if !is_captured {
            command.stdout(stdout);
            self.allowed.shows = self.allowed.prints;
        }
        let child = command.spawn().unwrap();
        Running::captured(self.world, child, shown, (self.allowed, self.log))
    }

    /// Starts it, and waits for its end without anybody coming to the callback.
    #[track_caller]
    pub(crate) fn run(self) -> Finished {
        self.start().finish()
    }

    /// Starts it, signs this account in, and waits for the end of both.
    #[track_caller]
    pub(crate) fn signs_in(self, account: &str) -> Finished {
        let running = self.start();
        running.visit(account);
        running.finish()
    }

    /// The end of standard input follows; whoever does not want the rest of it may be gone by then.
    fn hand_over(&self, child: &mut Child) {
        if let Some(input) = &self.input
            && let Some(mut stdin) = child.stdin.take()
        {
            let _ = stdin.write_all(input);
        }
    }

    fn command(&self) -> Command {
        let program = OsString::from(env!("CARGO_BIN_EXE_login-cli"));
        let mut line = self.wrapper.iter().chain([&program]).chain(&self.arguments);
        let mut command = Command::new(line.next().unwrap());
        command
            .args(line)
            .env_clear()
            .envs((self.log == Log::Apart).then_some((LOG, "trace")))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.world.path("work"))
            .stdin(if self.input.is_some() || self.is_read_later {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        keep_what_windows_needs(&mut command);
        command
    }
}

/// Windows finds its own network libraries by this variable.
#[expect(clippy::disallowed_methods, reason = "handed on to the program, not read")]
fn keep_what_windows_needs(command: &mut Command) {
    if let Some(root) = std::env::var_os("SystemRoot").filter(|_| cfg!(windows)) {
        command.env("SystemRoot", root);
    }
}
