use std::process::{Command, Stdio};

/// Set in the child process.
const MARK: &str = "HTTP_CLIENT_TEST_IS_ALONE";

/// Runs the test with this full name in a process of its own. Asserts that after the `warm_up`, the peak
/// of its memory grows by less than this many KiB. Only Linux reports the peak; other systems only run
/// the test.
pub(crate) fn assert_memory_growth(
    kib: u64,
    name: &str,
    warm_up: impl AsyncFn(),
    test: impl AsyncFn(),
) {
    if is_child() || !cfg!(target_os = "linux") {
        return measure(kib, warm_up, test);
    }
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", name, "--nocapture"]).env(MARK, "1").stdin(Stdio::null());
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "there is no test {name}: {text}");
}

fn measure(kib: u64, warm_up: impl AsyncFn(), test: impl AsyncFn()) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(warm_up());
    let before = peak_memory();
    runtime.block_on(test());
    let grown = peak_memory() - before;
    assert!(grown < kib, "{grown} KiB");
}

/// The peak of the memory in use, in KiB (proc(5)).
fn peak_memory() -> u64 {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return 0 };
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "it distinguishes the two runs of a test")]
fn is_child() -> bool {
    std::env::var_os(MARK).is_some()
}
