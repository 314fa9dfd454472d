use std::net::IpAddr;

use crate::user_name::is_user_name;

/// What is between this program and the user's browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteContext {
    /// A GitHub codespace.
    Codespace(Codespace),
    /// An editor whose window is on another machine.
    Editor,
    /// SSH.
    Ssh(SshSession),
    /// The network of a Kubernetes pod.
    Pod,
    /// The network of another container.
    Container,
    /// This machine has no display, and the user may be anywhere.
    NoDisplay,
}

impl RemoteContext {
    /// The command that forwards `port` of the user's machine to the same port of this machine, if there is one. The
    /// user runs it on their machine.
    #[must_use]
    pub fn forward_command(&self, port: u16) -> Option<String> {
        match self {
            Self::Codespace(codespace) => Some(codespace.forward_command(port)),
            Self::Ssh(session) => Some(session.forward_command(port)),
            Self::Pod => Some(format!("kubectl port-forward POD {port}:{port}")),
            Self::Editor | Self::Container | Self::NoDisplay => None,
        }
    }
}

/// An SSH session: the address of the server and the name of the user. Values from the environment that are not valid
/// are ignored, because another program may have set them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SshSession {
    server: Option<SshServer>,
    user: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SshServer {
    address: IpAddr,
    port: u16,
}

const DEFAULT_SSH_PORT: u16 = 22;

impl SshSession {
    /// Parses `SSH_CONNECTION`, which has the address and port of the client, then of the server (`ssh(1)`), and the
    /// user name.
    pub(crate) fn new(connection: Option<&str>, user: Option<&str>) -> Self {
        let user = user.filter(|name| is_user_name(name)).map(str::to_owned);
        Self { server: connection.and_then(SshServer::parse), user }
    }

    fn forward_command(&self, port: u16) -> String {
        let Some(server) = self.server else {
            return format!("ssh -L {port}:localhost:{port} HOST");
        };
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        let ssh_port = match server.port {
            DEFAULT_SSH_PORT => String::new(),
            other => format!(" -p {other}"),
        };
        format!("ssh -L {port}:localhost:{port}{ssh_port} {user}{}", server.address)
    }
}

impl SshServer {
    /// A loopback address is not the address that the user connected to.
    fn parse(connection: &str) -> Option<Self> {
        let mut words = connection.split(' ').skip(2);
        let address = words.next()?.parse::<IpAddr>().ok()?.to_canonical();
        let port = words.next()?.parse().ok().filter(|port| *port != 0)?;
        let is_local = address.is_loopback() || address.is_unspecified();
        (words.next().is_none() && !is_local).then_some(Self { address, port })
    }
}

/// A codespace, with its name if it is valid.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Codespace {
    name: Option<String>,
}

impl Codespace {
    /// Parses `CODESPACE_NAME`.
    pub(crate) fn new(name: Option<&str>) -> Self {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_name = |name: &&str| {
            !name.starts_with('-') && name.len() <= 64 && name.bytes().all(is_allowed)
        };
        Self { name: name.filter(is_name).map(str::to_owned) }
    }

    /// Without a name, `gh` asks for the codespace.
    fn forward_command(&self, port: u16) -> String {
        let name = self.name.as_ref().map(|name| format!(" -c {name}")).unwrap_or_default();
        format!("gh codespace ports forward {port}:{port}{name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONNECTION: &str = "10.0.0.9 50000 10.0.0.7 22";

    #[track_caller]
    fn assert_ssh(connection: &str, user: &str, command: &str) {
        let session = SshSession::new(Some(connection), Some(user));
        let context = RemoteContext::Ssh(session);
        assert_eq!(context.forward_command(1).as_deref(), Some(command), "{connection} {user:?}");
    }

    // threats 185
    #[test]
    fn ssh_command_has_the_address_of_the_session() {
        assert_ssh(CONNECTION, "ada", "ssh -L 1:localhost:1 ada@10.0.0.7");
        let other_port = "::1 5 10.0.0.7 2222";
        assert_ssh(other_port, "a.b-c_1", "ssh -L 1:localhost:1 -p 2222 a.b-c_1@10.0.0.7");
        let ipv6 = "fe80::9 5 2001:db8::7 22";
        assert_ssh(ipv6, "ada", "ssh -L 1:localhost:1 ada@2001:db8::7");
        let mapped = "::ffff:10.0.0.9 5 ::ffff:10.0.0.7 22";
        assert_ssh(mapped, "", "ssh -L 1:localhost:1 10.0.0.7");
    }

    // threats 185
    #[test]
    fn invalid_variables_are_not_in_a_command() {
        for user in ["-oProxyCommand=x", "a b", "a;id", "$(id)", "a\u{1b}[2J", "\u{430}da", "a@b"] {
            assert_ssh(CONNECTION, user, "ssh -L 1:localhost:1 10.0.0.7");
        }
        for connection in [
            "",
            "10.0.0.9 50000 10.0.0.7",
            "10.0.0.9 50000 10.0.0.7 22 x",
            "10.0.0.9 50000 $(id) 22",
            "10.0.0.9 50000 -oProxyCommand=x 22",
            "10.0.0.9 50000 10.0.0.7 22;id",
            "10.0.0.9 50000 10.0.0.7 0",
            "10.0.0.9 50000 fe80::7%eth0 22",
            "127.0.0.1 50000 127.0.0.1 22",
            "\u{1b}[2J 1 2 3",
        ] {
            assert_ssh(connection, "ada", "ssh -L 1:localhost:1 HOST");
        }
        for name in ["-x", "a b", "$(id)", "a\u{9b}m"] {
            let command = Codespace::new(Some(name)).forward_command(1);
            assert_eq!(command, "gh codespace ports forward 1:1", "{name:?}");
        }
    }
}
