use std::process::{Command, Stdio};

/// Set in the child process.
const MARK: &str = "HTTP_CLIENT_TEST_IS_ALONE";

/// Runs a test, of this full name, in a process of its own, and holds how far the peak of its memory
/// grows after the `warm_up` against this many KiB. Only Linux tells; elsewhere it is run, and not
/// measured.
pub(crate) fn grows_at_most(kib: u64, name: &str, warm_up: impl AsyncFn(), test: impl AsyncFn()) {
    if is_alone() || !cfg!(target_os = "linux") {
        return measured(kib, warm_up, test);
    }
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", name, "--nocapture"]).env(MARK, "1").stdin(Stdio::null());
    let output = again.output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "there is no test of the name {name}: {said}");
}

fn measured(kib: u64, warm_up: impl AsyncFn(), test: impl AsyncFn()) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(warm_up());
    let before = peak();
    runtime.block_on(test());
    let grown = peak() - before;
    assert!(grown < kib, "{grown} KiB");
}

/// The most memory that was ever in use, in KiB (proc(5)).
fn peak() -> u64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "it tells two runs of one test apart")]
fn is_alone() -> bool {
    std::env::var_os(MARK).is_some()
}
