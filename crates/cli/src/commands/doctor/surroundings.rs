//! Where the program runs, as far as the browser is somewhere else.

use super::check::{Check, Verdict};
use crate::environment::Surroundings;

const AREA: &str = "session";

/// With the port that a sign-in would wait on, and the flag that says so.
pub(super) fn checks(here: &Surroundings, (port, flag): (u16, &str)) -> Vec<Check> {
    let login = format!("here: login-cli login --no-browser{flag}");
    let mut checks = Vec::new();
    if here.ssh {
        checks.push(ssh(here.screen, port, &login));
    }
    if here.kubernetes {
        checks.push(pod(port, &login));
    } else if here.container {
        checks.push(container(&login));
    }
    if here.wsl {
        checks.push(wsl(port));
    }
    if checks.is_empty() {
        let found = "on this machine itself: no SSH, no container, no WSL";
        checks.push(Check::new(AREA, "local", Verdict::Good, found));
    }
    checks
}

fn ssh(has_screen: bool, port: u16, login: &str) -> Check {
    if has_screen {
        let found = "through SSH, with a screen to open a browser on";
        return Check::new(AREA, "ssh", Verdict::Good, found);
    }
    note("ssh", format!("through SSH: a browser on your side has to reach port {port} here"))
        .remedy(format!("on your side: ssh -L {port}:localhost:{port} HOST\n{login}"))
}

fn pod(port: u16, login: &str) -> Check {
    note("container", format!("in a pod: a browser on your side has to reach port {port} here"))
        .remedy(format!("on your side: kubectl port-forward POD {port}:{port}\n{login}"))
}

/// A published port does not lead to the loopback address in the container.
fn container(login: &str) -> Check {
    let share = "start it with --network=host, or sign in outside and mount auth.json";
    note("container", "in a container: a browser outside of it may not reach its ports".to_owned())
        .remedy(format!("{share}\n{login}"))
}

fn wsl(port: u16) -> Check {
    note("wsl", format!("in WSL: the browser of Windows has to reach port {port} here"))
        .remedy("if it does not: localhostForwarding=true under [wsl2] in .wslconfig")
}

fn note(name: &'static str, found: String) -> Check {
    Check::new(AREA, name, Verdict::Note, found)
}
