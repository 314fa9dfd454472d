//! Where this program runs, as far as it matters to a browser that has to come back: whether one that
//! is started here opens before the person, and how theirs reaches a port here otherwise.

use std::net::IpAddr;

/// What is known of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    /// Through SSH.
    pub(crate) ssh: Option<Ssh>,
    /// In a codespace of GitHub.
    pub(crate) codespace: Option<Codespace>,
    /// In a terminal of an editor that runs on another machine, as VS Code does.
    pub(crate) editor: bool,
    /// In a container, which has a network of its own unless it was given another.
    pub(crate) container: bool,
    /// In a container of Kubernetes.
    pub(crate) kubernetes: bool,
    /// In the Linux of a Windows.
    pub(crate) wsl: bool,
    /// With a screen, on which a browser can open.
    pub(crate) screen: bool,
    /// With a program for opening addresses, which somebody has named.
    pub(crate) browser: Option<String>,
}

/// Where a browser that this program starts would open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BrowserPlace {
    /// Before the person.
    Here,
    /// Nowhere, or where the person is not.
    Elsewhere(Why),
}

/// What is between this program and the person's browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    Codespace,
    Editor,
    Ssh,
    Pod,
    Container,
    NoScreen,
}

/// How the person's browser reaches a port here: sentences, and what to run on the person's side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Help {
    pub(crate) sentences: Vec<String>,
    pub(crate) command: Option<String>,
}

/// What opens a container's network, or does without.
pub(crate) const OUT_OF_THE_CONTAINER: &str =
    "start it with --network=host, or sign in outside and mount auth.json";

impl Surroundings {
    /// Who names a program for opening addresses knows where it opens: the one that VS Code names
    /// hands them to the person's side.
    pub(crate) fn browser_place(&self) -> BrowserPlace {
        if self.browser.is_some() {
            return BrowserPlace::Here;
        }
        match self.between() {
            Some(why @ (Why::Codespace | Why::Editor)) => BrowserPlace::Elsewhere(why),
            _ if self.screen => BrowserPlace::Here,
            Some(why) => BrowserPlace::Elsewhere(why),
            None if self.wsl => BrowserPlace::Here,
            None => BrowserPlace::Elsewhere(Why::NoScreen),
        }
    }

    /// What is between this program and a browser on the person's side; `None` when that is this side.
    fn between(&self) -> Option<Why> {
        if self.codespace.is_some() {
            return Some(Why::Codespace);
        }
        // The Windows around it shares its ports, and a folder of its own making may well bear the
        // mark of the container that it was imported from.
        if self.wsl && self.ssh.is_none() {
            return None;
        }
        let found = [
            (self.editor, Why::Editor),
            (self.ssh.is_some(), Why::Ssh),
            (self.kubernetes, Why::Pod),
            (self.container, Why::Container),
        ];
        found.iter().find_map(|(is_so, why)| is_so.then_some(*why))
    }

    /// What somebody has to know who wants no browser to be started.
    ///
    /// Nothing of a container: many share the network of their machine, which is not to be seen from
    /// within, and who opens the address by hand may know.
    pub(crate) fn help_by_hand(&self, port: u16) -> Help {
        let why = self.between().filter(|why| *why != Why::Container);
        why.map(|why| self.help(why, port)).unwrap_or_default()
    }

    /// What somebody has to know for whom no browser is started.
    pub(crate) fn help(&self, why: Why, port: u16) -> Help {
        match why {
            Why::Codespace => codespace_help(self.codespace.as_ref(), port),
            Why::Editor => {
                Help::new([format!("{}: the editor forwards it (Ports view).", reach(port))], None)
            }
            Why::Ssh => run(self.ssh.clone().unwrap_or_default().tunnel(port), port),
            Why::Pod => run(pod_tunnel(port), port),
            Why::Container => container_help(port),
            Why::NoScreen => Help::new(
                [format!(
                    "No browser is started without a screen. One elsewhere has to reach port {port} here."
                )],
                None,
            ),
        }
    }
}

impl Help {
    fn new<const N: usize>(sentences: [String; N], command: Option<String>) -> Self {
        Self { sentences: sentences.into(), command }
    }
}

fn reach(port: u16) -> String {
    format!("The browser on your side has to reach port {port} here")
}

fn run(command: String, port: u16) -> Help {
    Help::new([format!("{}. On your side, run:", reach(port))], Some(command))
}

/// A codespace that is a tab of a browser forwards its ports to other addresses than `localhost`.
fn codespace_help(codespace: Option<&Codespace>, port: u16) -> Help {
    let forwards = format!("{}: VS Code forwards it (Ports view).", reach(port));
    let in_a_tab = "Where the codespace is a tab of a browser, run on your side:".to_owned();
    Help::new([forwards, in_a_tab], Some(codespace.cloned().unwrap_or_default().tunnel(port)))
}

/// A published port does not lead to the loopback address in the container.
fn container_help(port: u16) -> Help {
    let problem = format!("A browser outside of this container may not reach port {port} in it:");
    Help::new([problem, format!("{OUT_OF_THE_CONTAINER}.")], None)
}

/// What forwards a port of a pod.
pub(crate) fn pod_tunnel(port: u16) -> String {
    format!("kubectl port-forward POD {port}:{port}")
}

/// A session through SSH, as far as the person can come the same way again. What does not look like
/// a part of a command is none, whoever has put it into the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ssh {
    server: Option<Server>,
    user: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Server {
    address: IpAddr,
    port: u16,
}

impl Ssh {
    /// From `SSH_CONNECTION`, which is the client's address and port, then the server's (ssh(1)), and
    /// the name of the user here.
    pub(crate) fn new(connection: Option<&str>, user: Option<&str>) -> Self {
        let user = user.filter(|name| is_user_name(name)).map(str::to_owned);
        Self { server: connection.and_then(Server::of), user }
    }

    /// What forwards a port of the person's side to the same one here.
    pub(crate) fn tunnel(&self, port: u16) -> String {
        let Some(server) = self.server else {
            return format!("ssh -L {port}:localhost:{port} HOST");
        };
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        let other_port = Some(server.port).filter(|port| *port != Server::USUAL_PORT);
        let other_port = other_port.map(|port| format!(" -p {port}")).unwrap_or_default();
        format!("ssh -L {port}:localhost:{port}{other_port} {user}{}", server.address)
    }
}

impl Server {
    const USUAL_PORT: u16 = 22;

    /// An address that leads back to whoever uses it is not the one that the person came by.
    fn of(connection: &str) -> Option<Self> {
        let mut words = connection.split(' ').skip(2);
        let address: IpAddr = words.next()?.parse().ok()?;
        let address = address.to_canonical();
        let port = words.next()?.parse().ok().filter(|port| *port != 0)?;
        let leads_back = address.is_loopback() || address.is_unspecified();
        (words.next().is_none() && !leads_back).then_some(Self { address, port })
    }
}

/// A codespace, by its name if that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Codespace(Option<String>);

impl Codespace {
    pub(crate) fn new(name: Option<&str>) -> Self {
        let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
        let is_name = |name: &&str| {
            !name.starts_with('-') && name.len() <= 64 && name.as_bytes().iter().all(is_of_name)
        };
        Self(name.filter(is_name).map(str::to_owned))
    }

    /// What forwards a port of the person's side; without a name, it asks which codespace is meant.
    pub(crate) fn tunnel(&self, port: u16) -> String {
        let name = self.0.as_ref().map(|name| format!(" -c {name}")).unwrap_or_default();
        format!("gh codespace ports forward {port}:{port}{name}")
    }
}

/// Whether it looks like the name of a user, by the rules of useradd(8), and stays itself in a shell.
pub(crate) fn is_user_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let begins = bytes.next().is_some_and(|it| it.is_ascii_alphabetic() || it == b'_');
    let goes_on = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'-' | b'.');
    begins && name.len() <= 32 && bytes.all(goes_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONNECTION: &str = "10.0.0.9 50000 10.0.0.7 22";

    fn through_ssh() -> Surroundings {
        let ssh = Ssh::new(Some(CONNECTION), Some("ada"));
        Surroundings { ssh: Some(ssh), ..Surroundings::default() }
    }

    #[track_caller]
    fn opens(here: &Surroundings, place: BrowserPlace) {
        assert_eq!(here.browser_place(), place, "{here:?}");
    }

    // threats 185
    #[test]
    fn a_browser_opens_only_before_the_person() {
        use BrowserPlace::{Elsewhere, Here};
        let nothing = Surroundings::default();
        let screen = Surroundings { screen: true, ..nothing.clone() };
        let wsl = Surroundings { wsl: true, ..nothing.clone() };
        let container = Surroundings { container: true, ..nothing.clone() };
        let pod = Surroundings { kubernetes: true, ..container.clone() };
        let editor = Surroundings { editor: true, ..nothing.clone() };
        let codespace = Surroundings { codespace: Some(Codespace::default()), ..container.clone() };
        for (here, place) in [
            (nothing, Elsewhere(Why::NoScreen)),
            (screen, Here),
            (wsl.clone(), Here),
            (Surroundings { container: true, ..wsl.clone() }, Here),
            (Surroundings { editor: true, ..wsl.clone() }, Here),
            (Surroundings { wsl: true, ..through_ssh() }, Elsewhere(Why::Ssh)),
            (through_ssh(), Elsewhere(Why::Ssh)),
            (Surroundings { screen: true, ..through_ssh() }, Here),
            (Surroundings { editor: true, ..through_ssh() }, Elsewhere(Why::Editor)),
            (Surroundings { screen: true, ..container.clone() }, Here),
            (container, Elsewhere(Why::Container)),
            (pod, Elsewhere(Why::Pod)),
            (Surroundings { screen: true, ..editor.clone() }, Elsewhere(Why::Editor)),
            (editor, Elsewhere(Why::Editor)),
            (Surroundings { screen: true, ..codespace.clone() }, Elsewhere(Why::Codespace)),
            (codespace, Elsewhere(Why::Codespace)),
        ] {
            opens(&here, place);
            opens(&Surroundings { browser: Some("w3m".to_owned()), ..here }, Here);
        }
    }

    // threats 185
    #[test]
    fn the_line_for_ssh_is_the_way_that_the_person_came() {
        for (connection, user, line) in [
            (CONNECTION, "ada", "ssh -L 1455:localhost:1455 ada@10.0.0.7"),
            (
                "::1 5 10.0.0.7 2222",
                "a.b-c_1",
                "ssh -L 1455:localhost:1455 -p 2222 a.b-c_1@10.0.0.7",
            ),
            ("fe80::9 5 2001:db8::7 22", "ada", "ssh -L 1455:localhost:1455 ada@2001:db8::7"),
            ("::ffff:10.0.0.9 5 ::ffff:10.0.0.7 22", "", "ssh -L 1455:localhost:1455 10.0.0.7"),
        ] {
            assert_eq!(Ssh::new(Some(connection), Some(user)).tunnel(1455), line);
        }
    }

    // threats 185
    #[test]
    fn what_is_no_part_of_a_command_gets_into_none() {
        for user in ["-oProxyCommand=x", "a b", "a;id", "$(id)", "a\u{1b}[2J", "\u{430}da", "a@b"] {
            let line = Ssh::new(Some(CONNECTION), Some(user)).tunnel(1);
            assert_eq!(line, "ssh -L 1:localhost:1 10.0.0.7", "{user:?}");
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
            let line = Ssh::new(Some(connection), Some("ada")).tunnel(1);
            assert_eq!(line, "ssh -L 1:localhost:1 HOST", "{connection:?}");
        }
        for name in ["-x", "a b", "$(id)", "a\u{9b}m"] {
            let line = Codespace::new(Some(name)).tunnel(1);
            assert_eq!(line, "gh codespace ports forward 1:1", "{name:?}");
        }
    }

    // threats 185
    #[test]
    fn the_help_is_short() {
        let here = through_ssh();
        let all = [Why::Codespace, Why::Editor, Why::Ssh, Why::Pod, Why::Container, Why::NoScreen];
        for help in all.map(|why| here.help(why, 65535)) {
            let lines: Vec<_> = help.sentences.iter().chain(&help.command).collect();
            assert!((1..=3).contains(&lines.len()), "{lines:?}");
            assert!(lines.iter().all(|line| line.len() < 96), "{lines:?}");
        }
        assert_eq!(Surroundings::default().help_by_hand(1), Help::default());
        let container = Surroundings { container: true, ..Surroundings::default() };
        assert_eq!(container.help_by_hand(1), Help::default());
        assert_eq!(here.help_by_hand(1), here.help(Why::Ssh, 1));
    }
}
