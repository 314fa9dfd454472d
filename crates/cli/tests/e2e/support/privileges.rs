use std::process::{Command, Stdio};

use super::report_skipped;

const SETPRIV: &str = "/usr/bin/setpriv";

/// Gives up what the superuser may, so that modes bind.
const BOUND: [&str; 3] = [SETPRIV, "--bounding-set=-all", "--inh-caps=-all"];

/// The line under which a program is bound by modes: an empty one for everybody but the superuser.
/// Where that cannot be had, the test of this is left out.
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
