use std::ffi::OsString;
use std::fs;
use std::path::Path;

use crate::remote_context::{Codespace, RemoteContext, SshSession};

/// Looks up an environment variable. An empty one counts as unset.
pub type Environment<'a> = dyn Fn(&str) -> Option<OsString> + 'a;

/// Where the program runs, as far as it matters for a browser that has to reach a port of this machine.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// In an SSH session.
    pub ssh: Option<SshSession>,
    /// In a GitHub codespace.
    pub codespace: Option<Codespace>,
    /// In the terminal of an editor whose window is on another machine, such as VS Code.
    pub editor: bool,
    /// In a container, which usually has a network of its own.
    pub container: Option<Container>,
    /// In the Windows Subsystem for Linux.
    pub wsl: bool,
    /// With a display.
    pub display: bool,
    /// The value of `BROWSER`: programs that open a URL.
    pub browser: Option<String>,
}

/// The kind of container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// Kubernetes.
    Kubernetes,
    /// Docker, Podman or another kind.
    Other,
}

impl Host {
    /// Detects the host by environment variables, the marker files of Docker and Podman, and the kernel release of
    /// WSL.
    #[must_use]
    pub fn detect(variable: &Environment<'_>) -> Self {
        let host = Self::from_environment(variable);
        let container = host.container.or_else(container_by_file);
        let wsl = host.wsl || (container.is_none() && has_windows_kernel());
        // These systems have a display without a variable for it. The user of an SSH session does not see it.
        let own_display = cfg!(any(target_os = "macos", windows)) && host.ssh.is_none();
        Self { container, wsl, display: host.display || own_display, ..host }
    }

    fn from_environment(variable: &Environment<'_>) -> Self {
        let text = |name| variable(name)?.into_string().ok();
        let any = |names: &[&str]| names.iter().any(|name| variable(name).is_some());
        let user = text("USER").or_else(|| text("LOGNAME"));
        let connection = text("SSH_CONNECTION");
        let ssh = any(&["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"])
            .then(|| SshSession::new(connection.as_deref(), user.as_deref()));
        let codespace = text("CODESPACES")
            .filter(|it| it.eq_ignore_ascii_case("true"))
            .map(|_| Codespace::new(text("CODESPACE_NAME").as_deref()));
        let is_vscode = || text("TERM_PROGRAM").is_some_and(|it| it == "vscode");
        Self {
            codespace,
            editor: any(&["VSCODE_IPC_HOOK_CLI"]) || (ssh.is_some() && is_vscode()),
            container: container_by_name(any(&["KUBERNETES_SERVICE_HOST"]), text("container")),
            wsl: any(&["WSL_DISTRO_NAME", "WSL_INTEROP"]),
            display: any(&["DISPLAY", "WAYLAND_DISPLAY"]),
            browser: text("BROWSER"),
            ssh,
        }
    }

    /// Why a browser that this program starts would not open on the user's screen; `None` if it does.
    ///
    /// A program in `BROWSER` is the user's choice: VS Code sets one that opens URLs on the user's machine.
    #[must_use]
    pub fn browser_obstacle(&self) -> Option<RemoteContext> {
        use RemoteContext::{Codespace, Editor, NoDisplay};
        if self.browser.is_some() {
            return None;
        }
        match self.remote_context() {
            Some(context @ (Codespace(_) | Editor)) => Some(context),
            _ if self.display => None,
            Some(context) => Some(context),
            None => (!self.wsl).then_some(NoDisplay),
        }
    }

    /// What is between this program and the user's browser; `None` if both are on this machine.
    #[must_use]
    pub fn remote_context(&self) -> Option<RemoteContext> {
        if let Some(codespace) = &self.codespace {
            return Some(RemoteContext::Codespace(codespace.clone()));
        }
        // WSL shares its ports with Windows. A distribution that was imported from a container may still have the
        // container's marker file.
        if self.wsl && self.ssh.is_none() {
            return None;
        }
        if self.editor {
            return Some(RemoteContext::Editor);
        }
        let ssh = self.ssh.clone().map(RemoteContext::Ssh);
        ssh.or(self.container.map(RemoteContext::from))
    }
}

impl From<Container> for RemoteContext {
    fn from(container: Container) -> Self {
        match container {
            Container::Kubernetes => Self::Pod,
            Container::Other => Self::Container,
        }
    }
}

/// A Flatpak shares the network of the host.
fn container_by_name(is_kubernetes: bool, kind: Option<String>) -> Option<Container> {
    if is_kubernetes {
        return Some(Container::Kubernetes);
    }
    kind.filter(|kind| !kind.eq_ignore_ascii_case("flatpak")).map(|_| Container::Other)
}

fn container_by_file() -> Option<Container> {
    let markers = ["/.dockerenv", "/run/.containerenv"];
    markers.iter().any(|marker| Path::new(marker).exists()).then_some(Container::Other)
}

/// The kernel release of WSL is like `5.15.153.1-microsoft-standard-WSL2`.
fn has_windows_kernel() -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    release.to_ascii_lowercase().contains("microsoft")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONNECTION: (&str, &str) = ("SSH_CONNECTION", "10.0.0.9 50000 10.0.0.7 22");
    const DISPLAY: (&str, &str) = ("DISPLAY", ":0");
    const WSL: (&str, &str) = ("WSL_DISTRO_NAME", "Ubuntu");
    const CONTAINER: (&str, &str) = ("container", "docker");
    const EDITOR: (&str, &str) = ("VSCODE_IPC_HOOK_CLI", "/run/x.sock");
    const CODESPACE: (&str, &str) = ("CODESPACES", "true");

    fn host(variables: &[(&str, &str)]) -> Host {
        Host::from_environment(&|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    /// The name of the variant.
    fn name(context: &RemoteContext) -> &'static str {
        match context {
            RemoteContext::Codespace(_) => "codespace",
            RemoteContext::Editor => "editor",
            RemoteContext::Ssh(_) => "ssh",
            RemoteContext::Pod => "pod",
            RemoteContext::Container => "container",
            RemoteContext::NoDisplay => "no display",
        }
    }

    #[track_caller]
    fn assert_obstacle(variables: &[(&str, &str)], obstacle: Option<&str>) {
        let found = host(variables).browser_obstacle();
        assert_eq!(found.as_ref().map(name), obstacle, "{variables:?}");
        let with_browser = [variables, &[("BROWSER", "w3m")]].concat();
        assert_eq!(host(&with_browser).browser_obstacle(), None, "{variables:?}");
    }

    // threats 185
    #[test]
    fn browser_opens_only_on_the_users_screen() {
        assert_obstacle(&[], Some("no display"));
        assert_obstacle(&[DISPLAY], None);
        assert_obstacle(&[("WAYLAND_DISPLAY", "wayland-0")], None);
        assert_obstacle(&[WSL], None);
        assert_obstacle(&[WSL, CONTAINER], None);
        assert_obstacle(&[WSL, EDITOR], None);
        assert_obstacle(&[WSL, CONNECTION], Some("ssh"));
        assert_obstacle(&[CONNECTION], Some("ssh"));
        assert_obstacle(&[("SSH_TTY", "/dev/pts/3")], Some("ssh"));
        assert_obstacle(&[CONNECTION, DISPLAY], None);
        assert_obstacle(&[CONNECTION, EDITOR], Some("editor"));
        assert_obstacle(&[CONNECTION, ("TERM_PROGRAM", "vscode")], Some("editor"));
        assert_obstacle(&[("TERM_PROGRAM", "vscode"), DISPLAY], None);
        assert_obstacle(&[CONTAINER], Some("container"));
        assert_obstacle(&[CONTAINER, DISPLAY], None);
        assert_obstacle(&[("container", "flatpak"), DISPLAY], None);
        assert_obstacle(&[CONTAINER, ("KUBERNETES_SERVICE_HOST", "10.0.0.1")], Some("pod"));
        assert_obstacle(&[EDITOR], Some("editor"));
        assert_obstacle(&[EDITOR, DISPLAY], Some("editor"));
        assert_obstacle(&[CODESPACE, CONTAINER], Some("codespace"));
        assert_obstacle(&[CODESPACE, DISPLAY], Some("codespace"));
        assert_obstacle(&[("CODESPACES", "false"), DISPLAY], None);
    }

    // threats 185
    #[test]
    fn ssh_session_with_a_display_is_remote() {
        let context = host(&[CONNECTION, DISPLAY]).remote_context();
        assert_eq!(context.as_ref().map(name), Some("ssh"));
        assert_eq!(host(&[DISPLAY]).remote_context(), None);
        assert_eq!(host(&[]).remote_context(), None);
    }
}
