mod policy;
mod tls;

use std::time::Duration;

use serde_json::Value;

use crate::{Account, Fault, Issued};

pub use policy::{Policy, Reuse, Revocation, Rotation, Workspaces};
pub use tls::{Defect, Tls};

/// The configuration of the sandbox: accounts, lifetimes of tokens, and faults. It is plain data: write it
/// with `..Scenario::default()`.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The accounts of the sign-in page, in order.
    pub accounts: Vec<Account>,
    /// The registered clients; their redirect is `http://localhost:{port}/auth/callback`.
    pub clients: Vec<Client>,
    /// One listener for issuer and API, or one for each.
    pub listeners: Listeners,
    /// The port of the issuer, or of both; 0 selects a free one.
    pub port: u16,
    /// The port of the API if it has its own listener; 0 selects a free one.
    pub api_port: u16,
    /// Plain HTTP, or TLS with a CA for this run.
    pub tls: Tls,
    /// Whether every response has `Strict-Transport-Security`
    /// ([RFC 6797](https://www.rfc-editor.org/rfc/rfc6797)), like a former development server on
    /// this host. Browsers apply it over TLS only, and then refuse plain HTTP to this host.
    pub strict_transport: bool,
    /// The issuer's URL, if it differs from the listener's address, for example behind a proxy. The
    /// certificate includes its host.
    pub issuer: Option<String>,
    /// Additional names of the certificate, such as the API's behind a proxy.
    pub names: Vec<String>,
    /// Whether the callback has `iss` ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).
    pub iss: Iss,
    /// The lifetimes of codes and tokens.
    pub lifetimes: Lifetimes,
    /// The policy for refresh tokens and workspace restrictions.
    pub policy: Policy,
    /// The device code endpoints.
    pub device: Device,
    /// Secrets to issue in order, before random ones. For tests of unusual characters and lengths, and of
    /// opaque tokens.
    pub fixed: Issued,
    /// The faults.
    pub faults: Vec<Fault>,
    /// The time of tokens and responses, in seconds since 1970-01-01 UTC; the system clock if
    /// absent.
    pub now: Option<i64>,
    /// The offset of that time in seconds.
    pub clock_offset: i64,
}

impl Default for Scenario {
    fn default() -> Self {
        Self {
            accounts: Account::all(),
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
            fixed: Issued::default(),
            faults: Vec::new(),
            now: None,
            clock_offset: 0,
        }
    }
}

/// An OAuth client that the issuer knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// Its name on the sign-in page.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listeners {
    /// One address for both.
    Shared,
    /// Two addresses, each with its own endpoints.
    Separate,
}

/// Whether the callback has the `iss` parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Iss {
    /// There is no `iss` parameter, as with the real issuer.
    Absent,
    /// `iss` is the issuer's URL.
    Issuer,
}

/// The lifetimes of codes and tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// An authorization code.
    pub code: Duration,
    /// An ID token, in `exp`.
    pub id_token: Duration,
    /// An access token, in `exp` and `expires_in`.
    pub access_token: Duration,
    /// A refresh token.
    pub refresh_token: Duration,
    /// A device's user code.
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
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Whether they exist for this issuer.
    pub offered: Offered,
    /// The `interval` of the response: a number, a string, or null to omit it.
    pub interval: Value,
}

impl Default for Device {
    fn default() -> Self {
        Self { offered: Offered::Yes, interval: Value::from("5") }
    }
}

/// Whether an issuer has a feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// The feature is enabled.
    Yes,
    /// It returns 404.
    No,
}
