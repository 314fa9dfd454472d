use std::ffi::OsString;
use std::io::Write as _;
use std::process::{Child, Command, Stdio};

#[cfg(target_os = "linux")]
use super::capture::Capture;
use super::schema::ExpectedJson;
use super::{Allowed, Finished, Printed, Running, World};

/// Configures a run. The environment is empty except for the variables here. `PATH` is an empty
/// folder, so that no test starts a real browser. Every run logs everything, so that leaks are
/// found.
pub(crate) struct Start<'w> {
    world: &'w World,
    wrapper: Vec<OsString>,
    arguments: Vec<OsString>,
    environment: Vec<(String, OsString)>,
    allowed: Allowed,
    log: Log,
    streams: Streams,
    /// The content of standard input; empty by default.
    input: Option<Vec<u8>>,
    /// Whether the test writes to standard input later.
    is_read_later: bool,
}

/// The location of the log.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Log {
    /// Separated from standard error.
    Apart,
    /// On standard error, if the test asked for it.
    InPlace,
}

/// The variable that enables the log.
const LOG: &str = "LOGIN_CLI_LOG";

/// The readers of the output.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Streams {
    Read,
    /// Standard output has no reader.
    StdoutGone,
    /// Standard error has no reader.
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

    /// Allows this secret on standard output.
    pub(crate) fn allowed_to_print(mut self, secret: Printed) -> Self {
        self.allowed.prints = secret;
        self
    }

    /// Sets the content of standard input.
    pub(crate) fn with_stdin(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = Some(input.into());
        self
    }

    /// Keeps standard input open for [`Running::stdin`].
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

    /// Removes an option and this many values.
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

    /// Logs everything to standard error.
    pub(crate) fn with_trace_log(self) -> Self {
        self.env(LOG, "trace")
    }

    /// Sets the callback port.
    pub(crate) fn port(self, port: u16) -> Self {
        self.ports(&[port])
    }

    /// Sets a list of callback ports.
    pub(crate) fn ports(self, ports: &[u16]) -> Self {
        let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
        self.without("--port", 1).args(["--port".to_owned(), ports.join(",")])
    }

    /// Opens this browser double.
    #[cfg(target_os = "linux")]
    pub(crate) fn opening_browser(self, browser: &super::BrowserDouble) -> Self {
        self.without("--no-browser", 0).with_browser(browser)
    }

    /// Sets `BROWSER` to this browser double without opening it.
    #[cfg(target_os = "linux")]
    pub(crate) fn with_browser(self, browser: &super::BrowserDouble) -> Self {
        self.env("BROWSER", browser.command())
    }

    /// Runs the program under another program, such as strace.
    #[cfg(unix)]
    pub(crate) fn under<A: Into<OsString>>(mut self, all: impl IntoIterator<Item = A>) -> Self {
        self.wrapper = all.into_iter().map(Into::into).collect();
        self
    }

    /// Runs the program in a shell with redirections or limits, such as `>&-`.
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

    pub(crate) fn start(mut self) -> Running<'w> {
        self.allowed.json = self.expected_json();
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

    /// Starts the program on a controlling terminal; standard output can be captured.
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
        // A log would disturb the screen.
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

    /// The JSON of this command line. A wrapper can print more, or less.
    fn expected_json(&self) -> Option<ExpectedJson> {
        let words: Option<Vec<&str>> = self.arguments.iter().map(|word| word.to_str()).collect();
        let words: Vec<&str> = words?.into_iter().take_while(|word| *word != "--").collect();
        ExpectedJson::from_words(&words).filter(|_| self.wrapper.is_empty())
    }

    /// Starts the program and waits for its end, without a browser.
    #[track_caller]
    pub(crate) fn run(self) -> Finished {
        self.start().finish()
    }

    /// Starts the program, signs this account in and waits for the end.
    #[track_caller]
    pub(crate) fn signs_in(self, account: &str) -> Finished {
        let running = self.start();
        running.visit(account);
        running.finish()
    }

    /// Closes standard input after writing. The program can exit without reading all of it.
    fn hand_over(&self, child: &mut Child) {
        if let Some(input) = &self.input
            && let Some(mut stdin) = child.stdin.take()
        {
            let _ = stdin.write_all(input);
        }
    }

    fn command(&self) -> Command {
        let program = program();
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

/// The program. `LOGIN_CLI_TEST_PROGRAM` names another one, such as a script that runs it in an emulator.
#[expect(clippy::disallowed_methods, reason = "it is for the tests, not for the program")]
pub(crate) fn program() -> OsString {
    let other = std::env::var_os("LOGIN_CLI_TEST_PROGRAM");
    other.unwrap_or_else(|| env!("CARGO_BIN_EXE_login-cli").into())
}

/// Whether the program is linked with musl, which looks names up in another way.
#[cfg(target_os = "linux")]
pub(crate) fn has_musl() -> bool {
    program().to_string_lossy().contains("-musl/")
}

/// Windows needs this variable to find its network libraries.
#[expect(clippy::disallowed_methods, reason = "handed on to the program, not read")]
fn keep_what_windows_needs(command: &mut Command) {
    if let Some(root) = std::env::var_os("SystemRoot").filter(|_| cfg!(windows)) {
        command.env("SystemRoot", root);
    }
}
