//! Where the program runs, as far as the browser is somewhere else.

use diagnostics::{Codespace, Container, Host, RemoteContext, SshSession};
use login::registered::SIGN_IN_PORT;

use super::check::{Check, Verdict};
use crate::opener::OUT_OF_THE_CONTAINER;
use terminal_ui::{Hint, say};

const AREA: &str = "session";

/// For a sign-in that comes back to this port.
pub(super) fn checks(here: &Host, port: u16) -> Vec<Check> {
    let login = match port {
        SIGN_IN_PORT => "login --no-browser".to_owned(),
        other => format!("login --no-browser --port {other}"),
    };
    let login = [say("here: ").run(login), say("without a way back: ").run("login --device")];
    let mut checks = Vec::new();
    if let Some(codespace) = &here.codespace {
        checks.push(in_codespace(codespace, port, &login));
    } else if here.editor && !here.wsl {
        checks.push(editor(port, &login));
    }
    if let Some(session) = &here.ssh {
        checks.push(ssh(session, here.display, port, &login));
    }
    if here.container == Some(Container::Kubernetes) {
        checks.push(pod(port, &login));
    } else if here.container.is_some() && here.codespace.is_none() && !here.editor {
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

fn in_codespace(codespace: &Codespace, port: u16, login: &[Hint; 2]) -> Check {
    let found = format!("in a codespace: a browser on your side has to reach port {port} here");
    let tunnel =
        RemoteContext::Codespace(codespace.clone()).forward_command(port).unwrap_or_default();
    let forward = say("VS Code forwards it (Ports view); else on your side: ").run_other(tunnel);
    then_sign_in(note("codespace", found).remedy(forward), login)
}

fn editor(port: u16, login: &[Hint; 2]) -> Check {
    let found = format!("behind an editor: the browser there has to reach port {port} here");
    then_sign_in(note("editor", found).remedy("forward it in the editor's Ports view"), login)
}

fn ssh(session: &SshSession, has_screen: bool, port: u16, login: &[Hint; 2]) -> Check {
    if has_screen {
        let found = "through SSH, with a screen to open a browser on";
        return Check::new(AREA, "ssh", Verdict::Good, found);
    }
    let found = format!("through SSH: a browser on your side has to reach port {port} here");
    let forward = say("on your side: ")
        .run_other(RemoteContext::Ssh(session.clone()).forward_command(port).unwrap_or_default());
    then_sign_in(note("ssh", found).remedy(forward), login)
}

fn pod(port: u16, login: &[Hint; 2]) -> Check {
    let found = format!("in a pod: a browser on your side has to reach port {port} here");
    let forward = say("on your side: ")
        .run_other(RemoteContext::Pod.forward_command(port).unwrap_or_default());
    then_sign_in(note("container", found).remedy(forward), login)
}

/// A published port does not lead to the loopback address in the container.
fn container(login: &[Hint; 2]) -> Check {
    let found = "in a container: a browser outside of it may not reach its ports".to_owned();
    then_sign_in(note("container", found).remedy(OUT_OF_THE_CONTAINER), login)
}

fn wsl(port: u16) -> Check {
    note("wsl", format!("in WSL: the browser of Windows has to reach port {port} here"))
        .remedy("if it does not: localhostForwarding=true under [wsl2] in .wslconfig")
}

fn then_sign_in(check: Check, login: &[Hint; 2]) -> Check {
    login.iter().cloned().fold(check, Check::remedy)
}

fn note(name: &'static str, found: String) -> Check {
    Check::new(AREA, name, Verdict::Note, found)
}
