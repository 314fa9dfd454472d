use crate::host::{Container, Host};
use crate::remote_context::RemoteContext;
use crate::status::Status;

/// Where the program runs, and whether the browser may be on another machine.
#[derive(Debug)]
pub enum SessionFinding {
    /// On the user's machine.
    Local,
    /// A browser on another machine has to reach a port of this machine.
    Remote {
        /// What is between them.
        context: RemoteContext,
        /// The port.
        port: u16,
    },
    /// In an SSH session with a display.
    SshWithDisplay,
    /// In WSL: a browser in Windows has to reach this port.
    Wsl(u16),
}

/// Checks for a sign-in with a redirect URI at `port`. There may be several findings, such as SSH and a container.
pub(crate) fn check(host: &Host, port: u16) -> Vec<(Status, SessionFinding)> {
    let remote = |context| SessionFinding::Remote { context, port };
    let codespace = host.codespace.clone().map(RemoteContext::Codespace);
    let is_editor = codespace.is_none() && host.editor;
    let editor = (is_editor && !host.wsl).then_some(RemoteContext::Editor);
    let ssh = host.ssh.clone().map(|session| match host.display {
        true => SessionFinding::SshWithDisplay,
        false => remote(RemoteContext::Ssh(session)),
    });
    // A codespace, and the remote part of an editor, are containers.
    let is_known = codespace.is_some() || is_editor;
    let container = host
        .container
        .filter(|it| *it == Container::Kubernetes || !is_known)
        .map(RemoteContext::from);

    let mut findings: Vec<_> = codespace.or(editor).map(remote).into_iter().collect();
    findings.extend(ssh);
    findings.extend(container.map(remote));
    findings.extend(host.wsl.then_some(SessionFinding::Wsl(port)));
    if findings.is_empty() {
        findings.push(SessionFinding::Local);
    }
    findings.into_iter().map(with_status).collect()
}

fn with_status(finding: SessionFinding) -> (Status, SessionFinding) {
    let status = match finding {
        SessionFinding::Local | SessionFinding::SshWithDisplay => Status::Ok,
        SessionFinding::Remote { .. } | SessionFinding::Wsl(_) => Status::Note,
    };
    (status, finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::remote_context::{Codespace, SshSession};

    #[track_caller]
    fn assert_findings(host: &Host, names: &[&str]) {
        let found: Vec<_> = check(host, 1455).iter().map(|it| name(&it.1)).collect();
        assert_eq!(found, names, "{host:?}");
    }

    /// The name of the context of `Remote`, or of another variant.
    fn name(finding: &SessionFinding) -> String {
        let debug = match finding {
            SessionFinding::Remote { context, .. } => format!("{context:?}"),
            other => format!("{other:?}"),
        };
        debug.split('(').next().unwrap_or_default().to_owned()
    }

    #[test]
    fn each_context_between_program_and_browser_is_found() {
        let local = Host::default();
        let ssh = Host { ssh: Some(SshSession::default()), ..local.clone() };
        let codespace = Host { codespace: Some(Codespace::default()), ..local.clone() };
        let editor = Host { editor: true, ..local.clone() };
        let (plain, pod) = (Some(Container::Other), Some(Container::Kubernetes));
        assert_findings(&local, &["Local"]);
        assert_findings(&Host { display: true, ..ssh.clone() }, &["SshWithDisplay"]);
        assert_findings(&Host { container: plain, ..ssh }, &["Ssh", "Container"]);
        assert_findings(&Host { container: plain, ..codespace.clone() }, &["Codespace"]);
        assert_findings(&Host { container: pod, ..codespace }, &["Codespace", "Pod"]);
        assert_findings(&Host { container: plain, ..editor.clone() }, &["Editor"]);
        assert_findings(&Host { wsl: true, ..editor }, &["Wsl"]);
        assert_findings(&Host { wsl: true, container: plain, ..local }, &["Container", "Wsl"]);
    }
}
