use std::process::{Command, Stdio};

use super::left_out;

/// What the network namespace of a test has.
#[derive(Clone, Copy)]
pub(crate) enum Loopback {
    /// What every machine has.
    Usual,
    /// No IPv6.
    WithoutIpv6,
}

impl Loopback {
    fn set_up(self) -> &'static str {
        match self {
            Self::Usual => "ip link set lo up",
            Self::WithoutIpv6 => {
                "ip link set lo up && echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"
            }
        }
    }
}

/// Set in a run that is in a namespace of its own.
const MARK: &str = "LOGIN_CLI_TEST_IS_ALONE";

/// Runs a test, of this full name, in a network namespace of its own, where every port is free. It
/// needs no privileges; where the machine does not allow it all the same, the test is left out.
#[track_caller]
pub(crate) fn alone(name: &str, loopback: Loopback, test: fn()) {
    if is_alone() {
        return test();
    }
    if !run(loopback, &["true".into()]).is_ok_and(|(succeeds, _)| succeeds) {
        return left_out(&format!("{name}: a network namespace of its own is not allowed"));
    }
    let this = std::env::current_exe().unwrap().into_os_string().into_string().unwrap();
    let again = [this, "--exact".into(), name.into(), "--nocapture".into()];
    let (succeeds, output) = run(loopback, &again).unwrap();
    assert!(succeeds, "{output}");
    assert!(output.contains("1 passed"), "there is no test of the name {name}: {output}");
}

#[expect(clippy::disallowed_methods, reason = "it tells two runs of one test apart")]
fn is_alone() -> bool {
    std::env::var_os(MARK).is_some()
}

fn run(loopback: Loopback, line: &[String]) -> std::io::Result<(bool, String)> {
    let script = format!("{} && exec \"$@\"", loopback.set_up());
    let mut unshare = Command::new("unshare");
    unshare.args(["-Urn", "/bin/sh", "-c", &script, "sh"]).args(line).env(MARK, "1");
    let output = unshare.stdin(Stdio::null()).output()?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}
