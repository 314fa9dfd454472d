//! What happens while somebody waits, as a program reads it with `--json=stream`. `docs/json.md` has a
//! row for each event. None has a secret in it: the address to open has the state of the sign-in, which
//! is for the browser of whoever reads the event, and the code for another device is for its person.

use std::time::Duration;

use http_client::Error as HttpError;
use login::{Authorization, Event, Seen};
use platform_api::Error as PlatformError;
use serde_json::{Value, json};

use super::waiting::stored_sign_ins;
use crate::failure::{chain, no_response, rejected};
use crate::opener::Opener;
use crate::output::Output;
use crate::setup::TOKENS_AT_STAKE;

/// Where to go, and what has to be done so that the browser finds its way back to its port.
pub(super) fn invited(
    output: &Output,
    opener: &Opener,
    timeout: Duration,
    authorization: &Authorization,
) {
    let (opened_by, help) = match opener {
        Opener::ThisProgram => ("program", None),
        Opener::Person(help) => ("person", Some(help)),
    };
    output.event(|| {
        Some(json!({
            "event": "url",
            "url": authorization.url().as_str(),
            "port": authorization.port(),
            "opened_by": opened_by,
            "help": help.map(|help| help.sentences.as_slice()).unwrap_or_default(),
            "command": help.and_then(|help| help.command.as_ref()),
        }))
    });
    output.event(|| Some(json!({ "event": "waiting", "timeout_seconds": seconds(timeout) })));
}

pub(super) fn happened(output: &Output, event: &Event<'_>) {
    output.event(|| as_json(event));
}

/// Nothing of what a program has no use for.
fn as_json(event: &Event<'_>) -> Option<Value> {
    Some(match event {
        Event::BrowserNotOpened => json!({ "event": "browser_not_opened" }),
        Event::Unreachable(error) => unreachable(error),
        Event::ReachedAgain(server) => {
            json!({ "event": "reached_again", "server": server.as_str() })
        }
        Event::AddressRefused(refusal) => {
            json!({ "event": "address_refused", "message": refusal.to_string() })
        }
        Event::CallbackRejected(kind) => json!({
            "event": "callback_rejected",
            "reason": rejected::reason(*kind),
            "message": rejected::what(*kind),
        }),
        Event::DeviceCode { verification_uri, user_code, expires_in } => {
            device_code(verification_uri, user_code, *expires_in)
        }
        Event::DeviceCodePostponed(error) => {
            json!({ "event": "device_code_postponed", "message": chain(error) })
        }
        Event::DeviceCodeFailed(error) => {
            json!({ "event": "device_code_failed", "message": chain(error) })
        }
        Event::CallbackReceived => json!({ "event": "callback" }),
        Event::WaitingForProject { seen, failure, again_in } => {
            waiting_for_project(seen, *failure, *again_in)
        }
        Event::CreatingApiKey { name } => json!({ "event": "creating_api_key", "name": name }),
        Event::Kept { location } => {
            json!({ "event": "stored", "stored_in": location.to_string() })
        }
        Event::WaitingForAnotherProgram => json!({ "event": "waiting_for_another_program" }),
        Event::Refreshing => json!({ "event": "refreshing" }),
        Event::RefreshPostponed(error) => {
            json!({ "event": "refresh_postponed", "message": chain(error) })
        }
        other => return tokens(other),
    })
}

/// What becomes of tokens.
fn tokens(event: &Event<'_>) -> Option<Value> {
    Some(match event {
        Event::TokensLost => json!({ "event": "tokens_lost", "message": TOKENS_AT_STAKE }),
        Event::NotRevoked(error) => json!({ "event": "not_revoked", "message": chain(error) }),
        Event::OtherProgramsSignIn { auth_mode } => {
            json!({ "event": "other_programs_sign_in", "auth_mode": auth_mode })
        }
        Event::RevocationWithheld(at_risk) => {
            json!({ "event": "revocation_withheld", "could_end": stored_sign_ins(at_risk) })
        }
        _ => return None,
    })
}

fn device_code(verification_uri: &str, user_code: &str, expires_in: Duration) -> Value {
    json!({
        "event": "device_code",
        "verification_uri": verification_uri,
        "user_code": user_code,
        "expires_in_seconds": expires_in.as_secs_f64().round() as u64,
    })
}

fn unreachable(error: &HttpError) -> Value {
    let mut event = json!({ "event": "unreachable", "message": chain(error) });
    if let (Some(event), Value::Object(why)) = (event.as_object_mut(), no_response(error)) {
        event.extend(why);
    }
    event
}

fn waiting_for_project(seen: &Seen, failure: Option<&PlatformError>, again_in: Duration) -> Value {
    json!({
        "event": "waiting_for_project",
        "organizations": seen.organizations,
        "inaccessible": seen.inaccessible,
        "projects": seen.projects,
        "message": failure.map_or_else(|| seen.to_string(), |failure| chain(failure)),
        "again_in_seconds": seconds(again_in),
    })
}

/// A whole number where it is one.
fn seconds(time: Duration) -> Value {
    match time.subsec_nanos() {
        0 => time.as_secs().into(),
        _ => time.as_secs_f64().into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use auth_store::AuthStore;
    use login::stored::AtRisk;
    use login::{Error, RevocationError};
    use oauth_callback_server::{InvalidCallbackUrl, RejectedCallback};

    use super::*;

    const DOCUMENTATION: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/json.md"));

    /// Events of this program, and not of the library.
    const OWN: [&str; 4] = ["url", "waiting", "result", "error"];

    #[test]
    fn every_event_is_documented() {
        let names =
            samples().into_iter().map(|event| as_json(&event).unwrap()["event"].to_string());
        let mut names: BTreeSet<String> = names.collect();
        names.extend(OWN.map(|name| format!("{name:?}")));
        let (_, table) = DOCUMENTATION.split_once("| `event` |").unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let documented = rows.filter_map(|row| row.split('`').nth(1));
        assert_eq!(names, documented.map(|name| format!("{name:?}")).collect());
    }

    /// One of each event that has a line of JSON.
    fn samples() -> [Event<'static>; 19] {
        let error: &Error = leak(Error::Cancelled);
        let url = leak("https://a.test".parse().unwrap());
        let not_enabled = leak(token_client::Error::DeviceCodeNotEnabled);
        let timed_out = leak(RevocationError::TimedOut(Duration::ZERO));
        let at_risk = leak(AtRisk::default());
        let (seen, again_in) = (Seen::default(), Duration::ZERO);
        [
            Event::BrowserNotOpened,
            Event::Unreachable(leak(HttpError::TooLarge { host: "a.test".to_owned(), limit: 1 })),
            Event::ReachedAgain(url),
            Event::AddressRefused(InvalidCallbackUrl::StateMismatch),
            Event::CallbackRejected(RejectedCallback::Https),
            Event::DeviceCode { verification_uri: "", user_code: "", expires_in: Duration::ZERO },
            Event::DeviceCodePostponed(not_enabled),
            Event::DeviceCodeFailed(error),
            Event::CallbackReceived,
            Event::WaitingForProject { seen, failure: None, again_in },
            Event::CreatingApiKey { name: "Key" },
            Event::Kept { location: leak(AuthStore::new("/a".into()).location()) },
            Event::WaitingForAnotherProgram,
            Event::Refreshing,
            Event::RefreshPostponed(error),
            Event::TokensLost,
            Event::NotRevoked(timed_out),
            Event::RevocationWithheld(at_risk),
            Event::OtherProgramsSignIn { auth_mode: "other" },
        ]
    }

    fn leak<T>(value: T) -> &'static T {
        Box::leak(Box::new(value))
    }

    #[test]
    fn whole_seconds_are_whole_numbers() {
        assert_eq!(seconds(Duration::from_secs(900)).to_string(), "900");
        assert_eq!(seconds(Duration::from_millis(20)).to_string(), "0.02");
    }
}
