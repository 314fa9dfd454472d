//! What each event of a sign-in says: to the user, and as JSON to a program (`--json=stream`), for which
//! `docs/json.md` has a row for each. No event has a secret in it: the `state` in the URL and the code
//! for another device are for the user of the program that reads them.

use std::error::Error;
use std::time::Duration;

use login::stored::AffectedSignIns;
use login::{Event, OAuthEvent, RefreshEvent};
use oauth_callback_server::InvalidCallbackUrl;
use printable::excerpt;
use serde_json::{Value, json};
use terminal_ui::{Hint, in_words, say};

use crate::context::Context;
use crate::error::{chain, extend, network, no_response, oauth, rejected, variant_name};
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
        let Context { terminal, interruption, .. } = self.context;
        interruption.update(event);
        self.update_status_lines(event);
        match event {
            Event::OAuth(event) => self.report_wait(event),
            Event::CallbackReceived => self.emit("callback", Value::Null),
            Event::WaitingForProject { seen, failure, again_in } => {
                let message = failure.map_or_else(|| seen.to_string(), |failure| chain(failure));
                let fields = json!({
                    "organizations": seen.organizations,
                    "inaccessible": seen.inaccessible,
                    "projects": seen.projects,
                    "message": message,
                    "again_in_seconds": seconds(*again_in),
                });
                self.emit("waiting_for_project", fields);
                let next = in_words(*again_in);
                terminal.say(&format!("Still waiting: {message}. Next try in {next}."));
            }
            Event::CreatingApiKey { name } => {
                self.emit("creating_api_key", json!({ "name": name }));
            }
            Event::Stored { location } => {
                self.emit("stored", json!({ "stored_in": location.to_string() }));
            }
            _ => self.report_tokens(event),
        }
    }

    fn report_wait(&self, event: &OAuthEvent<'_>) {
        match event {
            OAuthEvent::BrowserNotOpened => {
                self.emit("browser_not_opened", Value::Null);
                self.warn("no browser could be started; open the address above yourself", None);
            }
            OAuthEvent::Unreachable(error) => {
                let mut fields = json!({ "message": chain(error) });
                extend(&mut fields, no_response(error));
                self.emit("unreachable", fields);
                self.warn(&format!("{}; trying again", chain(error)), network::hint(error));
            }
            OAuthEvent::Reachable(server) => {
                self.emit("reached_again", json!({ "server": server.as_str() }));
                self.context.terminal.say(&format!("{server} can be reached now."));
            }
            OAuthEvent::PastedUrlRejected(error) => {
                let warning = "that is not the callback URL of this sign-in: {}";
                self.warn_of("address_refused", error, warning, Some(say(how_to_paste(*error))));
            }
            OAuthEvent::CallbackRejected(kind) => {
                let (message, remedy) = rejected::explanation(*kind);
                let fields = json!({ "reason": variant_name(kind), "message": message });
                self.emit("callback_rejected", fields);
                self.warn(message, Some(say(remedy)));
            }
            OAuthEvent::DeviceCode { verification_uri, user_code, expires_in, .. } => {
                self.report_device_code(verification_uri, user_code, rounded(*expires_in));
            }
            OAuthEvent::DeviceCodePostponed(error) => {
                self.warn_of("device_code_postponed", error, "{}; trying again", None);
            }
            OAuthEvent::DeviceCodeFailed(error) => {
                let (warning, hint) =
                    ("{}; still waiting for the browser", oauth::explain(error).hint);
                self.warn_of("device_code_failed", error, warning, hint);
            }
            _ => {}
        }
    }

    fn report_tokens(&self, event: &Event<'_>) {
        match event {
            Event::Refresh(RefreshEvent::WaitingForLock) => {
                self.emit("waiting_for_another_program", Value::Null);
            }
            Event::Refresh(RefreshEvent::Refreshing) => self.emit("refreshing", Value::Null),
            Event::RefreshPostponed(error) => {
                let warning = "{}; the old token is valid for a little longer";
                self.warn_of("refresh_postponed", error, warning, None);
            }
            Event::TokensLost => {
                self.emit("tokens_lost", json!({ "message": TOKENS_LOST }));
                self.warn(TOKENS_LOST, None);
            }
            Event::NotRevoked(error) => {
                let warning = "tokens that are no longer stored could not be revoked, and may still be valid: {}";
                self.warn_of("not_revoked", error, warning, None);
            }
            Event::OtherProgramsSignIn { auth_mode } => {
                self.emit("other_programs_sign_in", json!({ "auth_mode": auth_mode }));
                let mode = excerpt(auth_mode, 40);
                let made = format!("this sign-in was made by another program (mode {mode})");
                self.warn(&format!("{made}; it is removed here, and not revoked"), None);
            }
            Event::RevocationWithheld(affected) => {
                let sign_ins = stored_sign_ins(affected);
                self.emit("revocation_withheld", json!({ "could_end": sign_ins }));
                let why = format!("because that could end {sign_ins}; they expire by themselves");
                self.warn(&format!("the tokens of this sign-in were not revoked, {why}"), None);
            }
            _ => {}
        }
    }

    /// A line of JSON for programs.
    fn emit(&self, event: &str, fields: Value) {
        if self.has_json {
            let mut json = json!({ "event": event });
            extend(&mut json, fields);
            self.context.output.event(&json);
        }
    }

    /// An error after which the program goes on; `{}` stands for it in the warning.
    fn warn_of(&self, event: &str, error: &dyn Error, warning: &str, hint: Option<Hint>) {
        let message = chain(error);
        self.emit(event, json!({ "message": message }));
        self.warn(&warning.replace("{}", &message), hint);
    }

    fn warn(&self, warning: &str, hint: Option<Hint>) {
        self.context.terminal.warn(warning);
        if let Some(hint) = hint {
            self.context.terminal.hint(&self.context.to_text(&hint));
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
    fn report_device_code(&self, verification_uri: &str, user_code: &str, expires_in: u64) {
        let fields = json!({
            "verification_uri": verification_uri,
            "user_code": user_code,
            "expires_in_seconds": expires_in,
        });
        self.emit("device_code", fields);
        let terminal = self.context.terminal;
        terminal.say("On any device, open this address, sign in, and type the code below it:");
        terminal.url(verification_uri);
        terminal.say("Type it only on that page, and share it with no one.");
        if self.has_qr {
            terminal.qr(verification_uri, ROWS_OF_CODE + ROWS_OF_STATUS);
        }
        terminal.code(user_code);
        self.context.status_lines.push("Waiting", Some(Duration::from_secs(expires_in)));
    }
}

/// The status line, and the empty line above it.
pub(crate) const ROWS_OF_STATUS: usize = 2;

/// A code to type, between empty lines.
const ROWS_OF_CODE: usize = 3;

/// In seconds. Some thousandths have passed already.
fn rounded(time: Duration) -> u64 {
    (time + Duration::from_millis(500)).as_secs()
}

impl Context {
    /// Reports an event to the user and, with `--json=stream`, to the program.
    pub(crate) fn report(&self, event: &Event<'_>) {
        Reporter::new(self).report(event);
    }
}

fn how_to_paste(error: InvalidCallbackUrl) -> &'static str {
    match error {
        InvalidCallbackUrl::NotAUrl => {
            "paste the whole address of the page where the browser ended, starting with http://"
        }
        InvalidCallbackUrl::AuthorizationUrl => {
            "open it in a browser, sign in, and paste the address of the page where that ends"
        }
        InvalidCallbackUrl::StateMismatch => {
            "paste the address of the page where the browser ended in this sign-in, not in an earlier one"
        }
        _ => "paste the whole text of the address bar of the page that does not load",
    }
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

    use super::*;

    const DOCUMENTATION: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/json.md"));

    /// The end-to-end tests validate every event against the schema.
    #[test]
    fn every_event_of_the_schema_is_documented() {
        let schema: Value = serde_json::from_str(include_str!("schema.json")).unwrap();
        let events = schema["$defs"]["event"]["anyOf"].as_array().unwrap();
        let name = |event: &Value| event["properties"]["event"]["enum"][0].to_string();
        let names: BTreeSet<String> = events.iter().map(name).collect();
        let (_, table) = DOCUMENTATION.split_once("| `event` |").unwrap();
        let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
        let documented = rows.filter_map(|row| row.split('`').nth(1));
        assert_eq!(names, documented.map(|name| format!("{name:?}")).collect());
    }

    #[test]
    fn whole_seconds_are_whole_numbers() {
        assert_eq!(seconds(Duration::from_secs(900)).to_string(), "900");
        assert_eq!(seconds(Duration::from_millis(20)).to_string(), "0.02");
    }
}
