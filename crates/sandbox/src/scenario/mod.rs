mod duration;
mod policy;
mod tls;

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::{Account, Fault};

pub(crate) use duration::duration;
pub use policy::{Policy, Reuse, Revocation, Rotation, Workspaces};
pub use tls::{Defect, Tls};

/// What the sandbox is to be: who can sign in, how long tokens live, and what goes wrong.
///
/// It is plain data: write it in Rust with `..Scenario::default()`, or as a JSON file for
/// `cargo run -p sandbox -- --scenario FILE`, where every field may be left out. Durations in the
/// file are texts such as `"500ms"`, `"10s"`, `"15m"`, `"1h"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// The accounts on the sign-in page, in its order.
    pub accounts: Vec<Account>,
    /// The registered clients; their redirect is `http://localhost:{port}/auth/callback`.
    pub clients: Vec<Client>,
    /// One listener for issuer and API, or one for each.
    pub listeners: Listeners,
    /// The port of the issuer, or of both; 0 takes a free one.
    pub port: u16,
    /// The port of the API where it has its own listener; 0 takes a free one.
    pub api_port: u16,
    /// Plain HTTP, or TLS with a certificate authority made for this run.
    pub tls: Tls,
    /// Whether every answer has a `Strict-Transport-Security`
    /// ([RFC 6797](https://www.rfc-editor.org/rfc/rfc6797)), as of a development server that was on this host once.
    /// Browsers heed it over TLS alone, and then ask nothing of this host without it.
    pub strict_transport: bool,
    /// The issuer's name, when clients reach it under another address than the listener's, such as
    /// through a proxy. The certificate is for its host, too.
    pub issuer: Option<String>,
    /// Further names that the certificate is for, such as the API's behind a proxy.
    pub names: Vec<String>,
    /// Whether the callback carries `iss` ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).
    pub iss: Iss,
    /// How long what is issued can be used.
    pub lifetimes: Lifetimes,
    /// How the issuer treats refresh tokens and what it was asked to restrict.
    pub policy: Policy,
    /// The device code endpoints.
    pub device: Device,
    /// Secrets to hand out instead of random ones.
    pub fixed: Fixed,
    /// What goes wrong, and when.
    pub faults: Vec<Fault>,
    /// The time that tokens and answers are dated with, in seconds since 1970-01-01 UTC; the
    /// clock's when absent.
    pub now: Option<i64>,
    /// How many seconds that time is ahead of what it would be, or behind when negative.
    pub clock_offset: i64,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            accounts: Account::cast(),
            clients: Client::registered(),
            listeners: Listeners::Shared,
            port: 0,
            api_port: 0,
            tls: Tls::Off,
            strict_transport: false,
            issuer: None,
            names: Vec::new(),
            iss: Iss::Absent,
            lifetimes: Lifetimes::default(),
            policy: Policy::default(),
            device: Device::default(),
            fixed: Fixed::default(),
            faults: Vec::new(),
            now: None,
            clock_offset: 0,
        }
    }
}

/// An OAuth client that the issuer knows.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// What the sign-in page calls it.
    pub name: String,
}

impl Client {
    /// The `client_id` that is registered for signing in.
    pub const SIGN_IN: &'static str = "app_EMoamEEZ73f0CkXaXp7hrann";
    /// The `client_id` that is registered for creating an API key.
    pub const CREATE_KEY: &'static str = "app_2SKx67EdpoN0G6j64rFvigXD";

    fn registered() -> Vec<Self> {
        let client = |id: &str, name: &str| Self { id: id.to_owned(), name: name.to_owned() };
        vec![client(Self::SIGN_IN, "Codex"), client(Self::CREATE_KEY, "Codex key creation")]
    }
}

/// Where the issuer and the API listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Listeners {
    /// One address answers for both.
    Shared,
    /// Two addresses, each of which knows only its own endpoints.
    Separate,
}

/// Whether the callback names the issuer.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Iss {
    /// There is no `iss` parameter, as with the real issuer.
    Absent,
    /// `iss` is the issuer's URL.
    Issuer,
    /// `iss` is this text.
    Text(String),
}

/// How long what is issued can be used, from the moment it is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lifetimes {
    /// An authorization code.
    #[serde(deserialize_with = "duration")]
    pub code: Duration,
    /// An ID token, as its `exp` says.
    #[serde(deserialize_with = "duration")]
    pub id_token: Duration,
    /// An access token, as its `exp` and `expires_in` say.
    #[serde(deserialize_with = "duration")]
    pub access_token: Duration,
    /// A refresh token.
    #[serde(deserialize_with = "duration")]
    pub refresh_token: Duration,
    /// A device's user code.
    #[serde(deserialize_with = "duration")]
    pub user_code: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            code: Duration::from_secs(10 * 60),
            id_token: Duration::from_secs(60 * 60),
            access_token: 10 * DAY,
            refresh_token: 60 * DAY,
            user_code: Duration::from_secs(15 * 60),
        }
    }
}

/// The device code endpoints.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Device {
    /// Whether they exist for this issuer.
    pub offered: Offered,
    /// The `interval` of the answer as it is written: a number, a text of one, or null to leave it
    /// out.
    pub interval: Value,
}

impl Default for Device {
    fn default() -> Self {
        Self { offered: Offered::Yes, interval: Value::from("5") }
    }
}

/// Whether an issuer has a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Offered {
    /// It works.
    Yes,
    /// It answers 404.
    No,
}

/// Secrets to hand out, first to last, before the random ones begin. For tests of odd characters
/// and lengths, and of tokens that are no JWT.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fixed {
    /// Authorization codes.
    pub codes: Vec<String>,
    /// ID tokens.
    pub id_tokens: Vec<String>,
    /// Access tokens.
    pub access_tokens: Vec<String>,
    /// Refresh tokens.
    pub refresh_tokens: Vec<String>,
    /// Session keys of the platform.
    pub session_keys: Vec<String>,
    /// API keys.
    pub api_keys: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_file_is_the_default_and_unknown_field_is_an_error() {
        let empty: Scenario = serde_json::from_str("{}").unwrap();
        assert_eq!(format!("{empty:?}"), format!("{:?}", Scenario::default()));
        let error = serde_json::from_str::<Scenario>(r#"{"acounts": []}"#).unwrap_err();
        assert!(error.to_string().contains("acounts"), "{error}");
    }
}
