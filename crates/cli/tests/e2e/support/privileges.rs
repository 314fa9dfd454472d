use std::process::{Command, Stdio};

use super::report_skipped;

const SETPRIV: &str = "/usr/bin/setpriv";

/// Drops the capabilities of root, so that file modes apply.
const BOUND: [&str; 3] = [SETPRIV, "--bounding-set=-all", "--inh-caps=-all"];

/// The command prefix that runs a program without root privileges; empty for other users. `None`,
/// with a report, if it does not work.
pub(crate) fn without_root_privileges(what: &str) -> Option<&'static [&'static str]> {
    if !rustix::process::geteuid().is_root() {
        return Some(&[]);
    }
    let mut probe = Command::new(SETPRIV);
    probe.args(&BOUND[1..]).arg("/bin/true").stderr(Stdio::null());
    if !probe.status().is_ok_and(|status| status.success()) {
        report_skipped(&format!("{what}: privileges cannot be given up"));
        return None;
    }
    Some(&BOUND)
}
