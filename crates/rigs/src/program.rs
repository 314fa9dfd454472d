//! Builds and runs `login-cli`.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};

use cargo_metadata::Message;

/// A profile of cargo.
#[derive(Clone, Copy, Debug)]
pub enum Profile {
    /// Compiles quickly.
    Dev,
    /// The release build.
    Release,
}

/// Builds `login-cli`, and returns its path. The output of the compiler is shown.
///
/// # Errors
///
/// Cargo cannot be started, or the build fails.
pub fn build(root: &Path, profile: Profile) -> Result<PathBuf, Box<dyn Error>> {
    let profile: &[&str] = if matches!(profile, Profile::Release) { &["--release"] } else { &[] };
    built("login-cli")
        .map_or_else(|| build_with(root, &[&["--package", "login-cli"], profile].concat()), Ok)
}

/// Builds an example of a crate, and returns its path.
///
/// # Errors
///
/// Like [`build`].
pub fn build_example(root: &Path, package: &str, example: &str) -> Result<PathBuf, Box<dyn Error>> {
    built(&format!("examples/{example}"))
        .map_or_else(|| build_with(root, &["--package", package, "--example", example]), Ok)
}

/// A program in the folder that `BUILT_PROGRAMS` names: CI has compiled it before, with other features.
#[expect(clippy::disallowed_methods, reason = "a recipe names the folder by it")]
fn built(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("BUILT_PROGRAMS")?);
    let program = folder.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    program.is_file().then_some(program)
}

fn build_with(root: &Path, arguments: &[&str]) -> Result<PathBuf, Box<dyn Error>> {
    let mut build = cargo(root);
    build.args(["build", "--quiet", "--message-format", "json-render-diagnostics"]).args(arguments);
    let output = build.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("`cargo build {}` failed", arguments.join(" ")).into());
    }
    let programs = Message::parse_stream(output.stdout.as_slice()).filter_map(program);
    programs.last().ok_or_else(|| "cargo does not say where the program is".into())
}

fn program(message: io::Result<Message>) -> Option<PathBuf> {
    match message {
        Ok(Message::CompilerArtifact(artifact)) => artifact.executable.map(Into::into),
        _ => None,
    }
}

/// The cargo that runs this program, in the folder of the workspace.
pub fn cargo(root: &Path) -> Command {
    let mut cargo = Command::new(running_cargo());
    cargo.current_dir(root).stdin(Stdio::null());
    for name in cargo_variables() {
        cargo.env_remove(name);
    }
    cargo
}

/// The variables of the running package. Some build scripts run again when one changes, and then their
/// dependents are built again.
#[expect(clippy::disallowed_methods, reason = "only the names matter")]
fn cargo_variables() -> impl Iterator<Item = OsString> {
    const PREFIXES: [&str; 2] = ["CARGO_MANIFEST_", "CARGO_PKG_"];
    let names = std::env::vars_os().map(|(name, _)| name);
    names.filter(|name| name.to_str().is_some_and(|it| PREFIXES.iter().any(|p| it.starts_with(p))))
}

/// The compiler of that cargo.
pub fn rustc() -> Command {
    let beside = Path::new(&running_cargo()).with_file_name("rustc");
    let beside = beside.with_extension(std::env::consts::EXE_EXTENSION);
    Command::new(if beside.is_file() { beside } else { "rustc".into() })
}

/// The folder of the standard library for a target, which exists if the target is installed.
///
/// # Errors
///
/// The compiler cannot be started, or does not know the target.
pub fn standard_library(target: &str) -> Result<PathBuf, Box<dyn Error>> {
    let output = rustc().args(["--print", "target-libdir", "--target", target]).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(String::from_utf8(output.stdout)?.trim().into())
}

/// The options of the compiler that a static program needs to be position-independent. The compiler has
/// them for x86-64. For arm64 it chooses musl's start code for a fixed address, although it has the other.
///
/// # Errors
///
/// Like [`standard_library`].
pub fn position_independent(target: &str) -> Result<Vec<String>, Box<dyn Error>> {
    if target != "aarch64-unknown-linux-musl" {
        return Ok(Vec::new());
    }
    let musl = standard_library(target)?.join("self-contained").display().to_string();
    let linker = [
        "-nostartfiles".to_owned(),
        "-static-pie".to_owned(),
        format!("{musl}/rcrt1.o"),
        format!("-L{musl}"),
        "-lc".to_owned(),
        // Ends the list of frames, without which unwinding does not stop.
        format!("{musl}/crtendS.o"),
    ];
    let linker = linker.into_iter().map(|argument| format!("-Clink-arg={argument}"));
    Ok(["-Clink-self-contained=no".to_owned()].into_iter().chain(linker).collect())
}

#[expect(clippy::disallowed_methods, reason = "cargo tells its tasks by this who it is")]
fn running_cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// `login-cli`, without the settings in this environment.
pub fn command_without_user_settings(program: &Path, codex_home: &Path) -> Command {
    const THEIRS: [&str; 12] = [
        "ALL_PROXY",
        "CODEX_CA_CERTIFICATE",
        "HTTPS_PROXY",
        "LOGIN_CLI_LOG",
        "NO_PROXY",
        "OPENAI_API_KEY",
        // Each certificate there is read before the URL is printed.
        "SSL_CERT_DIR",
        "SSL_CERT_FILE",
        "all_proxy",
        "https_proxy",
        "no_proxy",
        "CLICOLOR_FORCE",
    ];
    let mut command = Command::new(program);
    for name in THEIRS {
        command.env_remove(name);
    }
    command.env("CODEX_HOME", codex_home);
    command
}

/// A running program and its standard error. It is killed when this is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
}

impl Running {
    /// Starts it.
    ///
    /// # Errors
    ///
    /// The program cannot be started.
    pub fn start(command: &mut Command) -> io::Result<Self> {
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = quiet.spawn()?;
        let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self { child, stderr: BufReader::new(stderr) })
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of standard error; `None` at its end.
    ///
    /// # Errors
    ///
    /// The line is not text, or cannot be read.
    pub fn next_line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        let read = self.stderr.read_line(&mut line)?;
        line.truncate(line.trim_end_matches(['\r', '\n']).len());
        Ok(Some(line).filter(|_| read > 0))
    }

    /// Reads standard error until it prints an address.
    ///
    /// # Errors
    ///
    /// It ended without an address; the error is its output.
    pub fn address(&mut self) -> Result<String, Box<dyn Error>> {
        let mut said = String::new();
        while let Some(line) = self.next_line()? {
            if is_address(&line) {
                return Ok(line);
            }
            said = said + &line + "\n";
        }
        Err(format!("it names no address to open, and says:\n{said}").into())
    }

    /// Waits until it ends; returns its status and its standard output.
    ///
    /// # Errors
    ///
    /// The operating system's.
    pub fn ended(&mut self) -> io::Result<(ExitStatus, String)> {
        let mut result = String::new();
        if let Some(mut stdout) = self.child.stdout.take() {
            stdout.read_to_string(&mut result)?;
        }
        Ok((self.child.wait()?, result))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a line is an address.
pub fn is_address(line: &str) -> bool {
    line.starts_with("http://") || line.starts_with("https://")
}
