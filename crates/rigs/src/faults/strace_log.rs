//! The log of `strace`, one system call a line.

/// Replaces the path of the folder in a log.
pub(super) const FOLDER: &str = "$CODEX_HOME";

/// The calls in the folder, in order.
#[derive(Debug, PartialEq)]
pub(super) struct StraceLog {
    calls: Vec<Call>,
}

#[derive(Debug, PartialEq)]
struct Call {
    thread: u32,
    name: String,
    arguments: String,
}

/// One call, as `strace` identifies it: the N-th of its name in its thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Syscall {
    pub(super) call: String,
    pub(super) nth: usize,
    /// Its arguments, for messages.
    pub(super) arguments: String,
}

impl StraceLog {
    /// Reads the lines of `strace -f`. Only the beginning of a call counts, not the end of an interrupted
    /// one, a signal or the end of a thread.
    pub(super) fn parse(text: &str) -> Self {
        Self { calls: text.lines().filter_map(call).collect() }
    }

    /// The calls of the first thread.
    pub(super) fn syscalls_of_first_thread(&self) -> Vec<Syscall> {
        let first = self.calls.first().map(|call| call.thread);
        self.steps(|call| Some(call.thread) == first)
    }

    /// The calls of all threads.
    pub(super) fn all_syscalls(&self) -> Vec<Syscall> {
        self.steps(|_| true)
    }

    fn steps(&self, wanted: impl Fn(&Call) -> bool) -> Vec<Syscall> {
        let step = |(index, call): (usize, &Call)| {
            let before = &self.calls[..index];
            let same = before.iter().filter(|it| it.thread == call.thread && it.name == call.name);
            let (name, arguments) = (call.name.clone(), call.arguments.clone());
            Syscall { call: name, nth: same.count() + 1, arguments }
        };
        self.calls.iter().enumerate().filter(|(_, call)| wanted(call)).map(step).collect()
    }
}

/// `4711  fsync(9</tmp/home>) = 0`, or the same with `<unfinished ...>` in the place of the end.
fn call(line: &str) -> Option<Call> {
    let (thread, rest) = line.split_once(' ')?;
    let (name, rest) = rest.trim_start().split_once('(')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let unfinished = rest.strip_suffix(" <unfinished ...>");
    let finished = || rest.rsplit_once(") ").map_or(rest, |(arguments, _)| arguments);
    let arguments = unfinished.unwrap_or_else(finished);
    name.chars().all(is_name).then_some(())?;
    let (name, arguments) = (name.to_owned(), arguments.to_owned());
    Some(Call { thread: thread.parse().ok()?, name, arguments })
}

/// Whether the fault was injected.
pub(super) fn was_injected(text: &str) -> bool {
    text.contains("(INJECTED)") || text.contains("+++ killed by SIGKILL +++")
}

impl Syscall {
    /// Whether its file is the folder itself.
    pub(super) fn is_on_folder(&self) -> bool {
        self.arguments.ends_with(&format!("<{FOLDER}>"))
    }
}

impl std::fmt::Display for Syscall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({})", self.call, self.arguments)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
501  openat(9<$CODEX_HOME>, \"auth.lock\", O_RDWR, 0600) = 11<$CODEX_HOME/auth.lock>
501  flock(11<$CODEX_HOME/auth.lock>, LOCK_EX|LOCK_NB) = 0
501  fsync(9<$CODEX_HOME> <unfinished ...>
502  fsync(13<$CODEX_HOME/auth.json.login-cli.tmp>) = -1 EIO (Input/output error) (INJECTED)
501  <... fsync resumed>) = 0
502  fsync(9<$CODEX_HOME>) = 0
501  --- SIGXFSZ {si_signo=SIGXFSZ} ---
502  +++ exited with 0 +++
501  fsync(9<$CODEX_HOME>) = ?
501  +++ exited with 1 +++
";

    fn names(steps: &[Syscall]) -> Vec<(&str, usize)> {
        steps.iter().map(|step| (step.call.as_str(), step.nth)).collect()
    }

    #[test]
    fn syscalls_are_counted_per_thread() {
        let record = StraceLog::parse(TEXT);
        let first = [("openat", 1), ("flock", 1), ("fsync", 1), ("fsync", 2)];
        assert_eq!(names(&record.syscalls_of_first_thread()), first);
        let all =
            [("openat", 1), ("flock", 1), ("fsync", 1), ("fsync", 1), ("fsync", 2), ("fsync", 2)];
        assert_eq!(names(&record.all_syscalls()), all);
        assert_eq!(StraceLog::parse("").syscalls_of_first_thread(), []);
    }

    #[test]
    fn syscall_has_its_arguments_and_detects_the_folder() {
        let steps = StraceLog::parse(TEXT).all_syscalls();
        assert_eq!(steps[1].to_string(), "flock(11<$CODEX_HOME/auth.lock>, LOCK_EX|LOCK_NB)");
        let on_folder: Vec<_> = steps.iter().map(Syscall::is_on_folder).collect();
        assert_eq!(on_folder, [false, false, true, false, true, true]);
    }

    #[test]
    fn completed_injection_is_detected() {
        assert!(was_injected(TEXT));
        assert!(was_injected("501  fsync(9<$CODEX_HOME>) = ?\n501  +++ killed by SIGKILL +++\n"));
        assert!(!was_injected("501  fsync(9<$CODEX_HOME>) = 0\n501  +++ exited with 0 +++\n"));
    }
}
