//! The ports that the browser comes back to: bound for a moment, as a sign-in would.

use login::registered::{CREATE_API_KEY_PORT, SIGN_IN_OTHER_PORT, SIGN_IN_PORT};
use oauth_callback_server::{BindError, BindOptions, CallbackServer};

use super::check::{Check, Verdict};
use terminal_ui::command;

const AREA: &str = "ports";

/// With the port that a sign-in can come back to now.
pub(super) fn checks() -> (Vec<Check>, u16) {
    let sign_in = attempt(SIGN_IN_PORT);
    let other = attempt(SIGN_IN_OTHER_PORT);
    let port = match (&sign_in, &other) {
        (Err(_), Ok(())) => SIGN_IN_OTHER_PORT,
        _ => SIGN_IN_PORT,
    };
    (rows(sign_in, other, attempt(CREATE_API_KEY_PORT)), port)
}

fn attempt(port: u16) -> Result<(), BindError> {
    CallbackServer::bind(&BindOptions { ports: vec![port], ..BindOptions::default() }).map(drop)
}

/// One of the first two is enough.
fn rows(
    sign_in: Result<(), BindError>,
    other: Result<(), BindError>,
    create_key: Result<(), BindError>,
) -> Vec<Check> {
    let (is_free, is_other_free) = (sign_in.is_ok(), other.is_ok());
    let sign_in = sign_in.map(|()| free("1455", "free, for login"));
    let other = other.map(|()| free("1457", "free, for login where 1455 is taken"));
    let create_key = create_key.map(|()| free("5000", "free, for create-key"));
    let other_taken = |error| {
        let verdict = if is_free { Verdict::Note } else { Verdict::Warning };
        taken("1457", verdict, error).without_remedy()
    };
    vec![
        sign_in.unwrap_or_else(|error| of_sign_in(error, is_other_free)),
        other.unwrap_or_else(other_taken),
        create_key.unwrap_or_else(of_create_key),
    ]
}

/// A sign-in of this program that waits there is in the way as well, and ends in another way.
fn of_sign_in(error: BindError, is_other_free: bool) -> Check {
    let is_taken = matches!(error, BindError::PortsInUse { .. });
    let is_ours = is_ours(&error);
    let verdict = match (is_other_free, is_taken && !is_ours) {
        (true, true) => Verdict::Note,
        (true, false) => Verdict::Warning,
        (false, _) => Verdict::Problem,
    };
    let check = taken("1455", verdict, error);
    match (is_other_free, is_taken) {
        _ if is_ours => check,
        (true, true) => {
            let found = format!("{}; login takes 1457", check.found);
            Check { found, ..check.without_remedy() }
        }
        // What is forbidden is not passed over.
        (true, false) => check.without_remedy().remedy(command("login --port 1457")),
        (false, true) => check
            .without_remedy()
            .remedy("end one of the two programs: OpenAI has registered no other port for login"),
        (false, false) => check,
    }
}

fn free(name: &'static str, found: &'static str) -> Check {
    Check::new(AREA, name, Verdict::Good, found)
}

fn taken(name: &'static str, verdict: Verdict, error: BindError) -> Check {
    Check::failed(AREA, name, verdict, login::Error::Bind(error))
}

fn of_create_key(error: BindError) -> Check {
    let is_taken = matches!(error, BindError::PortsInUse { .. });
    let check = taken("5000", Verdict::Warning, error);
    let check = Check { found: format!("{}; create-key needs it", check.found), ..check };
    if cfg!(target_os = "macos") && is_taken {
        return check
            .without_remedy()
            .remedy("turn off AirPlay Receiver in the settings, if that is what holds it");
    }
    check
}

/// Whether another sign-in of this program waits there.
fn is_ours(error: &BindError) -> bool {
    let BindError::PortsInUse { taken } = error else { return false };
    taken.iter().any(|taken| taken.owner.as_ref().is_some_and(|holder| holder.same_program))
}
