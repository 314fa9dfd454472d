//! `localhost`, the browser, and where the program runs, in words.

use diagnostics::{BrowserFinding, LocalhostFinding, RemoteContext, SessionFinding, Status};
use login::openai::SIGN_IN_PORT;
use terminal_ui::{Hint, command, say};

use super::row::Text;
use crate::opener::OUT_OF_THE_CONTAINER;

const FIX_LOCALHOST: &str = if cfg!(windows) {
    "name 127.0.0.1 and ::1 localhost in C:\\Windows\\System32\\drivers\\etc\\hosts"
} else {
    "name 127.0.0.1 and ::1 localhost, and nothing else, in /etc/hosts"
};

pub(super) fn localhost(finding: &LocalhostFinding, status: Status) -> Text {
    let found = match finding {
        LocalhostFinding::TimedOut => "looking up localhost takes too long".to_owned(),
        LocalhostFinding::Unresolved(error) => format!("localhost has no address: {error}"),
        LocalhostFinding::Addresses(all) => {
            let all: Vec<String> = all.iter().map(ToString::to_string).collect();
            let all = all.join(" and ");
            match status {
                Status::Ok => format!("localhost is {all}"),
                Status::Note => format!("localhost is {all} alone, which is enough"),
                Status::Warning | Status::Problem => format!("localhost leads to {all}"),
            }
        }
    };
    let text = Text::new("localhost", found);
    if status >= Status::Warning { text.remedy(FIX_LOCALHOST) } else { text }
}

pub(super) fn browser(finding: &BrowserFinding) -> Text {
    let text = |found: &str| Text::new("launcher", found);
    let alone = || command("login --no-browser").then(", and open the address yourself");
    match finding {
        BrowserFinding::Available => text("one can be opened"),
        BrowserFinding::Remote(RemoteContext::Codespace(_) | RemoteContext::Editor) => {
            text("none opens here, where the editor's screen is not").remedy(alone())
        }
        BrowserFinding::Remote(_) => text("none opens here, without a screen").remedy(alone()),
        BrowserFinding::Missing(program) => {
            text(&format!("BROWSER names {program}, which is not there"))
                .remedy(say("name another one in BROWSER, or ").and(alone()))
        }
        BrowserFinding::NoLauncher => text("no program that opens one is there")
            .remedy(say("name one in BROWSER, or ").and(alone())),
        BrowserFinding::TimedOut => {
            text("the program that knows the default browser does not answer").remedy(alone())
        }
    }
}

pub(super) fn session(finding: &SessionFinding) -> Text {
    match finding {
        SessionFinding::Local => {
            Text::new("local", "on this machine itself: no SSH, no container, no WSL")
        }
        SessionFinding::SshWithDisplay => {
            Text::new("ssh", "through SSH, with a screen to open a browser on")
        }
        SessionFinding::Wsl(port) => Text::new(
            "wsl",
            format!("in WSL: the browser of Windows has to reach port {port} here"),
        )
        .remedy("if it does not: localhostForwarding=true under [wsl2] in .wslconfig"),
        SessionFinding::Remote { context, port } => {
            let (text, forward) = remote(context, *port);
            let login = match *port {
                SIGN_IN_PORT => "login --no-browser".to_owned(),
                other => format!("login --no-browser --port {other}"),
            };
            text.remedy(forward)
                .remedy(say("here: ").run(login))
                .remedy(say("without a way back: ").run("login --device"))
        }
    }
}

/// With what lets the browser reach the port.
fn remote(context: &RemoteContext, port: u16) -> (Text, Hint) {
    let text = |name: &'static str, browser: &str| {
        Text::new(name, format!("{browser} has to reach port {port} here"))
    };
    let run = |words: &'static str| {
        say(words).run_other(context.forward_command(port).unwrap_or_default())
    };
    match context {
        RemoteContext::Codespace(_) => (
            text("codespace", "in a codespace: a browser on your side"),
            run("VS Code forwards it (Ports view); else on your side: "),
        ),
        RemoteContext::Editor => (
            text("editor", "behind an editor: the browser there"),
            say("forward it in the editor's Ports view"),
        ),
        RemoteContext::Ssh(_) => {
            (text("ssh", "through SSH: a browser on your side"), run("on your side: "))
        }
        RemoteContext::Pod => {
            (text("container", "in a pod: a browser on your side"), run("on your side: "))
        }
        RemoteContext::Container | RemoteContext::NoDisplay => (
            Text::new(
                "container",
                "in a container: a browser outside of it may not reach its ports",
            ),
            say(OUT_OF_THE_CONTAINER),
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[track_caller]
    fn assert_localhost(addresses: &[&str], status: Status, found: &str) {
        let addresses = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let text = localhost(&LocalhostFinding::Addresses(addresses), status);
        assert_eq!((text.found.as_str(), !text.remedy.is_empty()), (found, status > Status::Note));
    }

    #[test]
    fn localhost_is_shown_with_its_addresses() {
        assert_localhost(&["::1", "127.0.0.1"], Status::Ok, "localhost is 127.0.0.1 and ::1");
        let alone = "localhost is 127.0.0.1 alone, which is enough";
        assert_localhost(&["127.0.0.1"], Status::Note, alone);
        assert_localhost(&["10.0.0.7"], Status::Problem, "localhost leads to 10.0.0.7");
        let unresolved = LocalhostFinding::Unresolved(io::Error::other("no such name"));
        let text = localhost(&unresolved, Status::Warning);
        assert_eq!(text.found, "localhost has no address: no such name");
        assert_eq!(text.remedy, [FIX_LOCALHOST.into()]);
    }
}
