use crate::host::{Container, Host};
use crate::remote_context::RemoteContext;
use crate::status::Status;

/// Where this program runs, as far as the browser may be elsewhere.
#[derive(Debug)]
pub enum SessionFinding {
    /// On the person's machine.
    Local,
    /// A browser on the person's side has to reach a port here.
    Remote {
        /// What is between.
        context: RemoteContext,
        /// The port.
        port: u16,
    },
    /// Through SSH, with a display on which a browser can open.
    SshWithDisplay,
    /// In WSL: the browser of Windows has to reach this port here.
    Wsl(u16),
}

/// For a sign-in that comes back to `port`. Several findings may be true at once, such as SSH into a
/// container.
pub(crate) fn check(host: &Host, port: u16) -> Vec<(Status, SessionFinding)> {
    let remote = |context| SessionFinding::Remote { context, port };
    let codespace = host.codespace.clone().map(RemoteContext::Codespace);
    let is_editor = codespace.is_none() && host.editor;
    let editor = (is_editor && !host.wsl).then_some(RemoteContext::Editor);
    let ssh = host.ssh.clone().map(|session| match host.display {
        true => SessionFinding::SshWithDisplay,
        false => remote(RemoteContext::Ssh(session)),
    });
    // A codespace and the server of an editor are containers themselves.
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
    findings.into_iter().map(rated).collect()
}

fn rated(finding: SessionFinding) -> (Status, SessionFinding) {
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

    /// `Remote` with what is between, and the other findings by their names.
    fn name(finding: &SessionFinding) -> String {
        let debug = match finding {
            SessionFinding::Remote { context, .. } => format!("{context:?}"),
            other => format!("{other:?}"),
        };
        debug.split('(').next().unwrap_or_default().to_owned()
    }

    #[test]
    fn everything_between_the_program_and_the_browser_is_found() {
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
