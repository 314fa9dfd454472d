//! Callback ports that are in use.

use login::openai::{CREATE_API_KEY_PORT, SIGN_IN_OTHER_PORT, SIGN_IN_PORT};
use oauth_callback_server::{PortInUse, PortOwner};
use serde_json::{Value, json};
use terminal_ui::say;

use super::{Explanation, plain};

pub(super) fn explain(taken: &[PortInUse]) -> Explanation {
    let hint = say(hint(taken) + unknown_owner(taken));
    let hint = match taken {
        [PortInUse { port: SIGN_IN_PORT, .. }, _] => {
            hint.then("; or sign in without a port: ").run("login --device")
        }
        _ => hint,
    };
    plain()
        .message(taken.iter().map(message).collect::<Vec<_>>().join("; "))
        .hint(Some(hint))
        .fields(json!({ "ports": taken.iter().map(as_json).collect::<Vec<_>>() }))
}

fn message(PortInUse { port, owner, .. }: &PortInUse) -> String {
    match owner {
        Some(owner) if owner.same_program => {
            let pid = owner.pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
            format!("another sign-in is waiting on port {port}{pid}")
        }
        owner => {
            let by = owner.as_ref().and_then(by_owner).unwrap_or_default();
            format!("port {port} is in use{by}")
        }
    }
}

/// ` by code (pid 812)`, as far as the system reports it.
fn by_owner(owner: &PortOwner) -> Option<String> {
    match (&owner.program, owner.pid, owner.uid) {
        (Some(program), Some(pid), _) => Some(format!(" by {program} (pid {pid})")),
        (None, Some(pid), _) => Some(format!(" by the process {pid}")),
        (_, None, Some(uid)) => Some(format!(" by a program of another user (uid {uid})")),
        _ => None,
    }
}

fn hint(taken: &[PortInUse]) -> String {
    let mut owners = taken.iter().filter_map(|taken| taken.owner.as_ref());
    if let Some(sign_in) = owners.find(|owner| owner.same_program) {
        let kill = sign_in.pid.map(|pid| format!(", or run kill {pid}")).unwrap_or_default();
        let beside = other_port(taken).map(|port| format!("; or use --port {port} here"));
        return format!(
            "finish that sign-in in the browser, or end it: press Ctrl-C in its terminal{kill}{}",
            beside.unwrap_or_default()
        );
    }
    if let Some(other) = other_port(taken) {
        return format!("stop that program, or use the other registered port with --port {other}");
    }
    match taken {
        _ if !taken.iter().all(is_registered) => {
            "stop that program, or give another --port".to_owned()
        }
        [_] => "stop that program; OpenAI has registered no other port for this sign-in".to_owned(),
        _ => "stop one of these programs; OpenAI has registered no other port for this sign-in"
            .to_owned(),
    }
}

/// How to find that program where this one cannot.
fn unknown_owner(taken: &[PortInUse]) -> &'static str {
    match taken.iter().all(|taken| taken.owner.is_none()) {
        true if cfg!(windows) => "; netstat -ano shows which process has which port",
        true if cfg!(target_os = "macos") => "; lsof -nP -iTCP -sTCP:LISTEN shows which",
        _ => "",
    }
}

/// The port of a sign-in with ChatGPT that was not tried.
fn other_port(taken: &[PortInUse]) -> Option<u16> {
    match taken {
        [PortInUse { port: port @ (SIGN_IN_PORT | SIGN_IN_OTHER_PORT), .. }] => {
            Some(SIGN_IN_PORT + SIGN_IN_OTHER_PORT - port)
        }
        _ => None,
    }
}

fn is_registered(taken: &PortInUse) -> bool {
    [SIGN_IN_PORT, SIGN_IN_OTHER_PORT, CREATE_API_KEY_PORT].contains(&taken.port)
}

fn as_json(PortInUse { port, owner, .. }: &PortInUse) -> Value {
    let owner = owner.as_ref();
    json!({
        "port": port,
        "program": owner.and_then(|it| it.program.as_ref()),
        "pid": owner.and_then(|it| it.pid),
        "is_sign_in": owner.is_some_and(|it| it.same_program),
    })
}
