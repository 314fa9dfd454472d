//! What each event of a sign-in says: to the user, and as JSON to a program (`--json=stream`), for which
//! `docs/json.md` has a row for each. No event has a secret in it: the `state` in the URL and the code
//! for another device are for the user of the program that reads them.

use std::time::Duration;

use http_client::Error as HttpError;
use login::stored::AffectedSignIns;
use login::{Event, OAuthEvent, RefreshEvent};
use oauth_callback_server::{InvalidCallbackUrl, RejectedCallback};
use printable::excerpt;
use serde_json::{Value, json};
use terminal_ui::{Hint, in_words, say};

use crate::context::Context;
use crate::error::rejected::{self, Remedies};
use crate::error::{chain, network, no_response, oauth};
use crate::interruption::TOKENS_LOST;

/// Reports the events of one command.
#[derive(Clone, Copy)]
pub(crate) struct Reporter<'a> {
    pub(crate) context: &'a Context,
    /// Whether `--json=stream` has an effect. With `exec`, standard output belongs to another program.
    pub(crate) has_json: bool,
    /// Whether to show the page of a device code as a QR code too.
    pub(crate) has_qr: bool,
}

impl<'a> Reporter<'a> {
    pub(crate) fn new(context: &'a Context) -> Self {
        Self { context, has_json: true, has_qr: false }
    }

    pub(crate) fn report(&self, event: &Event<'_>) {
        let Context { terminal, output, interruption, .. } = self.context;
        let report = Report::new(event, self.context.remedies);
        if let Some(json) = report.json.filter(|_| self.has_json) {
            output.event(&json);
        }
        interruption.update(event);
        self.update_status_lines(event);
        if let Some(text) = report.text {
            terminal.say(&text);
        }
        if let Some(warning) = report.warning {
            terminal.warn(&warning);
        }
        if let Some(hint) = report.hint {
            terminal.hint(&self.context.to_text(&hint));
        }
        if let Event::OAuth(OAuthEvent::DeviceCode {
            verification_uri,
            user_code,
            expires_in,
            ..
        }) = event
        {
            self.show_device_code(verification_uri, user_code, *expires_in);
        }
    }

    fn update_status_lines(&self, event: &Event<'_>) {
        let lines = &self.context.status_lines;
        match event {
            Event::Refresh(RefreshEvent::WaitingForLock) => {
                lines.push("Another program is using the stored sign-in; waiting for it", None);
            }
            Event::OAuth(OAuthEvent::DeviceCodeFailed(_)) => lines.keep_first(),
            Event::CallbackReceived
            | Event::Refresh(RefreshEvent::Refreshing)
            | Event::Stored { .. } => lines.clear(),
            _ => {}
        }
    }

    /// The warning is against phishing: a user who types the code of somebody else signs them in
    /// ([RFC 8628 §5.4](https://www.rfc-editor.org/rfc/rfc8628#section-5.4)).
    fn show_device_code(&self, verification_uri: &str, user_code: &str, expires_in: Duration) {
        let terminal = self.context.terminal;
        terminal.say("On any device, open this address, sign in, and type the code below it:");
        terminal.url(verification_uri);
        terminal.say("Type it only on that page, and share it with no one.");
        if self.has_qr {
            terminal.qr(verification_uri, ROWS_OF_CODE + ROWS_OF_STATUS);
        }
        terminal.code(user_code);
        self.context.status_lines.push("Waiting", Some(rounded(expires_in)));
    }
}

/// The status line, and the empty line above it.
pub(crate) const ROWS_OF_STATUS: usize = 2;

/// A code to type, between empty lines.
const ROWS_OF_CODE: usize = 3;

/// Some thousandths of the time have passed already.
fn rounded(time: Duration) -> Duration {
    Duration::from_secs((time + Duration::from_millis(500)).as_secs())
}

impl Context {
    /// Reports an event to the user and, with `--json=stream`, to the program.
    pub(crate) fn report(&self, event: &Event<'_>) {
        Reporter::new(self).report(event);
    }
}

#[derive(Default)]
struct Report {
    json: Option<Value>,
    text: Option<String>,
    warning: Option<String>,
    hint: Option<Hint>,
}

impl Report {
    fn new(event: &Event<'_>, remedies: Remedies) -> Self {
        match event {
            Event::OAuth(event) => Self::for_wait(event, remedies),
            Event::CallbackReceived => Self::json(json!({ "event": "callback" })),
            Event::WaitingForProject { seen, failure, again_in } => {
                let message = failure.map_or_else(|| seen.to_string(), |failure| chain(failure));
                let text = format!("Not yet: {message}. Looking again in {}.", in_words(*again_in));
                Self::json(json!({
                    "event": "waiting_for_project",
                    "organizations": seen.organizations,
                    "inaccessible": seen.inaccessible,
                    "projects": seen.projects,
                    "message": message,
                    "again_in_seconds": seconds(*again_in),
                }))
                .say(text)
            }
            Event::CreatingApiKey { name } => {
                Self::json(json!({ "event": "creating_api_key", "name": name }))
            }
            Event::Stored { location } => {
                Self::json(json!({ "event": "stored", "stored_in": location.to_string() }))
            }
            other => Self::for_tokens(other),
        }
    }

    fn for_wait(event: &OAuthEvent<'_>, remedies: Remedies) -> Self {
        match event {
            OAuthEvent::BrowserNotOpened => Self::json(json!({ "event": "browser_not_opened" }))
                .warn("no browser could be started; open the address above yourself"),
            OAuthEvent::Unreachable(error) => Self::json(unreachable(error))
                .warn(format!("{}; trying again", chain(error)))
                .hint(network::hint(error)),
            OAuthEvent::Reachable(server) => {
                Self::json(json!({ "event": "reached_again", "server": server.as_str() }))
                    .say(format!("{server} can be reached now."))
            }
            OAuthEvent::PastedUrlRejected(error) => Self::invalid_url(*error),
            OAuthEvent::CallbackRejected(kind) => Self::rejected(*kind, remedies),
            OAuthEvent::DeviceCode { verification_uri, user_code, expires_in, .. } => {
                Self::json(json!({
                    "event": "device_code",
                    "verification_uri": verification_uri,
                    "user_code": user_code,
                    "expires_in_seconds": expires_in.as_secs_f64().round() as u64,
                }))
            }
            OAuthEvent::DeviceCodePostponed(error) => {
                Self::failed("device_code_postponed", error, "trying again")
            }
            OAuthEvent::DeviceCodeFailed(error) => {
                Self::failed("device_code_failed", error, "still waiting for the browser")
                    .hint(oauth::explain(error, remedies).hint)
            }
            _ => Self::default(),
        }
    }

    fn for_tokens(event: &Event<'_>) -> Self {
        match event {
            Event::Refresh(RefreshEvent::WaitingForLock) => {
                Self::json(json!({ "event": "waiting_for_another_program" }))
            }
            Event::Refresh(RefreshEvent::Refreshing) => {
                Self::json(json!({ "event": "refreshing" }))
            }
            Event::RefreshPostponed(error) => {
                let then = "the old token is valid for a little longer";
                Self::failed("refresh_postponed", error, then)
            }
            Event::TokensLost => Self::message("tokens_lost", TOKENS_LOST).warn(TOKENS_LOST),
            Event::NotRevoked(error) => {
                let message = chain(error);
                Self::message("not_revoked", &message).warn(format!(
                    "tokens that are no longer stored could not be revoked, and may still be \
                     valid: {message}"
                ))
            }
            Event::OtherProgramsSignIn { auth_mode } => {
                Self::json(json!({ "event": "other_programs_sign_in", "auth_mode": auth_mode }))
                    .warn(format!(
                        "this sign-in was made by another program (mode {}); it is removed here, \
                         and not revoked",
                        excerpt(auth_mode, 40)
                    ))
            }
            Event::RevocationWithheld(affected) => {
                let sign_ins = stored_sign_ins(affected);
                Self::json(json!({ "event": "revocation_withheld", "could_end": sign_ins })).warn(
                    format!(
                        "the tokens of this sign-in were not revoked, because that could end \
                         {sign_ins}; they expire by themselves"
                    ),
                )
            }
            _ => Self::default(),
        }
    }

    fn invalid_url(error: InvalidCallbackUrl) -> Self {
        let hint = match error {
            InvalidCallbackUrl::NotAUrl => {
                "a code alone cannot be checked: paste the whole text of the address bar of that \
                 page, from http:// on"
            }
            InvalidCallbackUrl::AuthorizationUrl => {
                "open it in a browser, sign in, and paste the address of the page where that ends"
            }
            InvalidCallbackUrl::StateMismatch => {
                "paste the whole address of the page that the link above led to, not an older one"
            }
            _ => "paste the whole text of the address bar of the page that does not load",
        };
        Self::message("address_refused", &error.to_string())
            .warn(format!("that is not the address of the last page in the browser: {error}"))
            .hint(Some(say(hint)))
    }

    fn rejected(kind: RejectedCallback, remedies: Remedies) -> Self {
        let (reason, message) = rejected::reason(kind);
        Self::json(json!({ "event": "callback_rejected", "reason": reason, "message": message }))
            .warn(message)
            .hint(Some(rejected::hint(kind, remedies)))
    }

    fn json(json: Value) -> Self {
        Self { json: Some(json), ..Self::default() }
    }

    fn message(event: &str, message: &str) -> Self {
        Self::json(json!({ "event": event, "message": message }))
    }

    /// An error after which the program goes on.
    fn failed(event: &str, error: &dyn std::error::Error, then: &str) -> Self {
        let message = chain(error);
        Self::message(event, &message).warn(format!("{message}; {then}"))
    }

    fn say(self, text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..self }
    }

    fn warn(self, warning: impl Into<String>) -> Self {
        Self { warning: Some(warning.into()), ..self }
    }

    fn hint(self, hint: Option<Hint>) -> Self {
        Self { hint, ..self }
    }
}

fn unreachable(error: &HttpError) -> Value {
    let mut event = json!({ "event": "unreachable", "message": chain(error) });
    if let (Some(event), Value::Object(cause)) = (event.as_object_mut(), no_response(error)) {
        event.extend(cause);
    }
    event
}

/// `the stored sign-in, the sign-in of profile work`
fn stored_sign_ins(affected: &AffectedSignIns) -> String {
    let this = affected.this.then(|| "the stored sign-in".to_owned());
    let others = affected.others.iter().map(|name| format!("the sign-in of {name}"));
    this.into_iter().chain(others).collect::<Vec<_>>().join(", ")
}

/// An integer if there is no fraction.
pub(crate) fn seconds(time: Duration) -> Value {
    match time.subsec_nanos() {
        0 => time.as_secs().into(),
        _ => time.as_secs_f64().into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use auth_store::AuthStore;
    use login::{Error, OAuthError, RevocationError, SearchSummary};

    use super::*;

    const DOCUMENTATION: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/json.md"));

    /// Events of this program, and not of the library.
    const OWN: [&str; 4] = ["url", "waiting", "result", "error"];

    #[test]
    fn every_event_is_documented() {
        let names = samples().into_iter().map(|event| {
            Report::new(&event, Remedies::default()).json.unwrap()["event"].to_string()
        });
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
        let affected = leak(AffectedSignIns::default());
        let (seen, again_in) = (SearchSummary::default(), Duration::ZERO);
        [
            Event::OAuth(OAuthEvent::BrowserNotOpened),
            Event::OAuth(OAuthEvent::Unreachable(leak(HttpError::TooLarge {
                host: "a.test".to_owned(),
                limit: 1,
            }))),
            Event::OAuth(OAuthEvent::Reachable(url)),
            Event::OAuth(OAuthEvent::PastedUrlRejected(InvalidCallbackUrl::StateMismatch)),
            Event::OAuth(OAuthEvent::CallbackRejected(RejectedCallback::Https)),
            Event::OAuth(OAuthEvent::DeviceCode {
                verification_uri: "",
                verification_uri_complete: None,
                user_code: "",
                expires_in: Duration::ZERO,
            }),
            Event::OAuth(OAuthEvent::DeviceCodePostponed(not_enabled)),
            Event::OAuth(OAuthEvent::DeviceCodeFailed(OAuthError::DeviceDenied)),
            Event::CallbackReceived,
            Event::WaitingForProject { seen, failure: None, again_in },
            Event::CreatingApiKey { name: "Key" },
            Event::Stored { location: leak(AuthStore::new("/a".into()).location()) },
            Event::Refresh(RefreshEvent::WaitingForLock),
            Event::Refresh(RefreshEvent::Refreshing),
            Event::RefreshPostponed(error),
            Event::TokensLost,
            Event::NotRevoked(timed_out),
            Event::RevocationWithheld(affected),
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
