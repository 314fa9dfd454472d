//! Every port is somebody else's: whose, and what to do.

use login::openai::{CREATE_API_KEY_PORT, SIGN_IN_OTHER_PORT, SIGN_IN_PORT};
use oauth_callback_server::{PortInUse, PortOwner};

/// Each port and its holder, in the order in which they were tried.
pub(super) fn what(taken: &[PortInUse]) -> String {
    taken.iter().map(clause).collect::<Vec<_>>().join("; ")
}

fn clause(taken: &PortInUse) -> String {
    let port = taken.port;
    match &taken.owner {
        Some(holder) if holder.same_program => {
            let pid = holder.pid.map(|pid| format!(" (pid {pid})")).unwrap_or_default();
            format!("another sign-in is waiting on port {port}{pid}")
        }
        holder => {
            let holder = holder.as_ref().and_then(held_by).unwrap_or_default();
            format!("port {port} is in use{holder}")
        }
    }
}

/// ` by code (pid 812)`, as far as the system tells.
fn held_by(holder: &PortOwner) -> Option<String> {
    match (&holder.program, holder.pid, holder.uid) {
        (Some(program), Some(pid), _) => Some(format!(" by {program} (pid {pid})")),
        (None, Some(pid), _) => Some(format!(" by the process {pid}")),
        (_, None, Some(uid)) => Some(format!(" by a program of another user (uid {uid})")),
        _ => None,
    }
}

fn is_registered(taken: &PortInUse) -> bool {
    [SIGN_IN_PORT, SIGN_IN_OTHER_PORT, CREATE_API_KEY_PORT].contains(&taken.port)
}

pub(super) fn hint(taken: &[PortInUse]) -> String {
    let mut owners = taken.iter().filter_map(|taken| taken.owner.as_ref());
    if let Some(sign_in) = owners.find(|owner| owner.same_program) {
        let kill = sign_in.pid.map(|pid| format!(", or run kill {pid}")).unwrap_or_default();
        return format!(
            "finish that sign-in in the browser, or end it: press Ctrl-C in its terminal{kill}"
        );
    }
    let other = match taken {
        [PortInUse { port: SIGN_IN_PORT, .. }] => Some(SIGN_IN_OTHER_PORT),
        [PortInUse { port: SIGN_IN_OTHER_PORT, .. }] => Some(SIGN_IN_PORT),
        _ => None,
    };
    match other {
        Some(other) => {
            format!("end that program, or use the other registered port with --port {other}")
        }
        None if taken.iter().all(is_registered) => {
            let one = if taken.len() > 1 { "one of these programs" } else { "that program" };
            format!("end {one}; OpenAI has registered no other port for this sign-in")
        }
        None => {
            "end that program, or give another --port; OpenAI knows none but those that it has \
                 registered"
                .to_owned()
        }
    }
}
