//! A second process of this program opens the browser, in its own session.
//!
//! A browser launcher is foreign code, such as the program in `BROWSER`. In its own session, it does not
//! get Ctrl-C, and a text browser cannot take over the terminal. Its output is discarded. An error of the
//! launcher is reported; a launcher that hangs keeps running.

use std::io::{self, Read as _, Write as _};
use std::process::{Child, Command, ExitCode, Stdio};

use login::{BrowserError, open_browser};
use url::Url;

use crate::environment;

/// The argument of that process. It reads the URL from standard input: every user of the machine can see
/// the arguments of a process, and could answer the URL. It is not a command for users.
const WORD: &str = "__open-browser";

/// Opens `url`, and returns when the outcome is known. If this program cannot start itself again, such as
/// after its file was removed, this process opens the browser.
pub(crate) fn open(url: &Url) -> Result<(), BrowserError> {
    match start_apart() {
        Ok(mut process) => {
            // If it has ended already, its exit code is the outcome.
            if let Some(mut input) = process.stdin.take() {
                let _ = input.write_all(url.as_str().as_bytes());
            }
            match process.wait() {
                Ok(status) if !status.success() => Err(BrowserError::LauncherFailed(status)),
                // If the wait fails, the browser may still have opened.
                Ok(_) | Err(_) => Ok(()),
            }
        }
        // This process cannot remove the relative folders from `PATH`.
        Err(error) if environment::path_without_current_folder().is_some() => {
            Err(BrowserError::NoBrowser(error))
        }
        Err(error) => {
            tracing::debug!(%error, "no process of its own for the browser");
            open_browser(url)
        }
    }
}

fn start_apart() -> io::Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(WORD);
    // The password of the database. The launcher is foreign code, and has no use for it.
    command.env_remove("PGPASSWORD");
    if let Some(path) = environment::path_without_current_folder() {
        command.env("PATH", path);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// Whether [`open`] has started this process.
pub(crate) fn is_launcher() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().is_some_and(|word| word == WORD) && arguments.next().is_none()
}

/// Opens the browser in that process. Its exit code is the outcome.
pub(crate) fn open_apart() -> ExitCode {
    /// Longer than any URL that a browser accepts.
    const LONGEST: u64 = 64 * 1024;
    let mut url = String::new();
    let read = io::stdin().take(LONGEST).read_to_string(&mut url);
    let Some(url) = read.ok().and_then(|_| Url::parse(&url).ok()) else {
        return ExitCode::FAILURE;
    };
    if leave_session() && open_browser(&url).is_ok() && !launcher_fails() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Leaves the session and its terminal. This fails for the leader of a process group, such as a process
/// that a user has started in a shell.
#[cfg(unix)]
fn leave_session() -> bool {
    rustix::process::setsid().is_ok()
}

/// This system has no sessions.
#[cfg(not(unix))]
fn leave_session() -> bool {
    true
}

/// Waits for the launcher, and returns whether it failed. A launcher that runs longer is the browser
/// itself, or hangs; its exit code does not matter.
#[cfg(unix)]
fn launcher_fails() -> bool {
    use rustix::process::{WaitOptions, wait};
    use std::time::Duration;
    use std::{sync::mpsc, thread};

    /// A launcher may call a desktop that does not respond. The default timeout of D-Bus is 25 seconds.
    const LONG_ENOUGH: Duration = Duration::from_secs(30);

    let (tell, end) = mpsc::channel();
    let watch = move || tell.send(wait(WaitOptions::empty()));
    if thread::Builder::new().spawn(watch).is_err() {
        return false;
    }
    // If there was no launcher, `wait` fails.
    let ended = end.recv_timeout(LONG_ENOUGH).ok().and_then(Result::ok).flatten();
    ended.is_some_and(|(_, status)| status.exit_status() != Some(0))
}

/// The system has reported the outcome already.
#[cfg(not(unix))]
fn launcher_fails() -> bool {
    false
}
