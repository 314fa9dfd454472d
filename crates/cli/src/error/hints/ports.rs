//! How the user gets a callback port that is in use.

use login::openai::{CREATE_API_KEY_PORT, SIGN_IN_OTHER_PORT, SIGN_IN_PORT};
use oauth_callback_server::PortInUse;

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

fn is_registered(taken: &PortInUse) -> bool {
    [SIGN_IN_PORT, SIGN_IN_OTHER_PORT, CREATE_API_KEY_PORT].contains(&taken.port)
}
