//! The browser is opened by another process of this program, in a session of its own.
//!
//! What opens a browser is other people's code, down to the program that `BROWSER` names. In a
//! session of its own, Ctrl-C does not reach it, and there is no terminal that a text browser could
//! take over; its output goes nowhere. When it fails it is heard, and when it hangs it is left alone.

use std::io::{self, Read as _, Write as _};
use std::process::{Child, Command, ExitCode, Stdio};

use login::{BrowserError, open_browser};
use url::Url;

use crate::environment;

/// The argument of that process, which reads the URL from standard input: every user of the machine can
/// read the arguments of a process, and who has the URL can answer it. Not a command, because nobody is
/// meant to type it.
const WORD: &str = "__open-browser";

/// Opens `url`, and comes back when it is known how that went. Where this program cannot start itself
/// a second time, such as after its file was removed, the browser is opened from here.
pub(crate) fn open(url: &Url) -> Result<(), BrowserError> {
    match start_apart() {
        Ok(mut process) => {
            // One that has ended already says how.
            if let Some(mut input) = process.stdin.take() {
                let _ = input.write_all(url.as_str().as_bytes());
            }
            match process.wait() {
                Ok(status) if !status.success() => Err(BrowserError::LauncherFailed(status)),
                // Who cannot be waited for may well have opened it.
                Ok(_) | Err(_) => Ok(()),
            }
        }
        // Here, where programs are found is what it is.
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
    let mut command = Command::new(environment::this_program()?);
    command.arg(WORD);
    if let Some(path) = environment::path_without_current_folder() {
        command.env("PATH", path);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

/// Whether this is the process that [`open`] starts.
pub(crate) fn is_asked_for() -> bool {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().is_some_and(|word| word == WORD) && arguments.next().is_none()
}

/// What that process does. Only its exit code is ever seen.
pub(crate) fn open_apart() -> ExitCode {
    /// Longer than any address that a browser takes.
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

/// Leaves the session, and the terminal with it. Refused only to who leads a group of processes, as
/// what a shell starts does: this was typed.
#[cfg(unix)]
fn leave_session() -> bool {
    rustix::process::setsid().is_ok()
}

/// There are no sessions to leave.
#[cfg(not(unix))]
fn leave_session() -> bool {
    true
}

/// Whether the launcher fails, which nobody else waits for. One that runs on for longer is a browser
/// by itself, or hangs; how it ends does not matter any more.
#[cfg(unix)]
fn launcher_fails() -> bool {
    use rustix::process::{WaitOptions, wait};
    use std::time::Duration;
    use std::{sync::mpsc, thread};

    /// A launcher may ask a desktop that does not answer, for 25 seconds by the custom of D-Bus, before
    /// it gives up.
    const LONG_ENOUGH: Duration = Duration::from_secs(30);

    let (tell, end) = mpsc::channel();
    let watch = move || tell.send(wait(WaitOptions::empty()));
    if thread::Builder::new().spawn(watch).is_err() {
        return false;
    }
    // Where the browser was opened without a launcher, there is nobody to wait for: an error.
    let ended = end.recv_timeout(LONG_ENOUGH).ok().and_then(Result::ok).flatten();
    ended.is_some_and(|(_, status)| status.exit_status() != Some(0))
}

/// The system says at once whether it could.
#[cfg(not(unix))]
fn launcher_fails() -> bool {
    false
}
