use std::process::{Command, Stdio};

use super::{SKIPPED, report_skipped};

/// The network interfaces in the namespace of a test.
#[derive(Clone, Copy)]
pub(crate) enum Loopback {
    /// IPv4 and IPv6.
    Usual,
    /// IPv4 only.
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

/// Set if the process runs in its own namespaces.
const MARK: &str = "LOGIN_CLI_TEST_IS_ALONE";

/// Runs the test with this full name in its own network and mount namespaces, where every port is
/// free. It needs no privileges. The test is skipped if the machine does not allow namespaces.
#[track_caller]
pub(crate) fn in_own_namespaces(name: &str, loopback: Loopback, test: fn()) {
    if is_in_own_namespaces() {
        return test();
    }
    if !run(loopback, &["true".into()]).is_ok_and(|(succeeds, _)| succeeds) {
        return report_skipped(&format!("{name}: namespaces of its own are not allowed"));
    }
    let this = std::env::current_exe().unwrap().into_os_string().into_string().unwrap();
    let again = [this, "--exact".into(), name.into(), "--nocapture".into()];
    let (succeeds, output) = run(loopback, &again).unwrap();
    assert!(succeeds, "{output}");
    assert!(output.contains("1 passed"), "there is no test of the name {name}: {output}");
    output.lines().filter_map(|line| Some(line.split_once(SKIPPED)?.1)).for_each(report_skipped);
}

/// Runs a program that prepares the namespace. The test is skipped if the program is missing.
pub(crate) fn set_up(program: &str, arguments: &[&str]) -> Option<()> {
    let problem = match Command::new(program).args(arguments).output() {
        Ok(output) if output.status.success() => return Some(()),
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; "),
        Err(error) => error.to_string(),
    };
    report_skipped(&format!("`{program} {}`: {problem}", arguments.join(" ")));
    None
}

#[expect(clippy::disallowed_methods, reason = "it tells two runs of one test apart")]
fn is_in_own_namespaces() -> bool {
    std::env::var_os(MARK).is_some()
}

fn run(loopback: Loopback, line: &[String]) -> std::io::Result<(bool, String)> {
    let script = format!("{} && exec \"$@\"", loopback.set_up());
    let mut unshare = Command::new("unshare");
    unshare.args(["-Urnm", "/bin/sh", "-c", &script, "sh"]).args(line).env(MARK, "1");
    let output = unshare.stdin(Stdio::null()).output()?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}
