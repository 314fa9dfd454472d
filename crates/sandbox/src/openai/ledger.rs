use std::collections::HashMap;

use url::Url;

use std::fmt;

/// The state of the sandbox: issued secrets, their accounts, and whether they are valid.
#[derive(Default)]
pub(crate) struct Ledger {
    /// Authorization requests that wait for a choice, by the ticket in the sign-in page.
    pub(crate) tickets: HashMap<String, AuthorizationRequest>,
    pub(crate) codes: HashMap<String, Code>,
    pub(crate) id_tokens: HashMap<String, Granted>,
    pub(crate) access_tokens: HashMap<String, Granted>,
    pub(crate) refresh_tokens: HashMap<String, RefreshToken>,
    /// By `device_auth_id`.
    pub(crate) devices: HashMap<String, DeviceGrant>,
    /// The account of each session key.
    pub(crate) sessions: HashMap<String, usize>,
    /// The number of sign-ins.
    pub(crate) families: u64,
    /// The number of listings, by account and organization.
    pub(crate) polls: HashMap<(usize, Option<String>), u32>,
    pub(crate) issued: Issued,
}

impl Ledger {
    /// A number for one more sign-in.
    pub(crate) fn new_family(&mut self) -> u64 {
        self.families += 1;
        self.families
    }

    /// Revokes the refresh and access tokens of those grants.
    pub(crate) fn revoke(&mut self, is_revoked: impl Fn(&Granted) -> bool) {
        for entry in self.refresh_tokens.values_mut().filter(|entry| is_revoked(&entry.granted)) {
            entry.use_ = Use::Revoked;
        }
        self.access_tokens.retain(|_, granted| !is_revoked(granted));
    }
}

/// The account of a grant, and its expiry.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    /// The index of the account in the scenario.
    pub(crate) account: usize,
    pub(crate) client_id: String,
    pub(crate) scope: Vec<String>,
    /// Whether the ID token contains the organization.
    pub(crate) organizations: Organizations,
    /// The number of the sign-in: its tokens are one family.
    pub(crate) family: u64,
    pub(crate) expires: i64,
}

/// Whether the client asked for organizations (`id_token_add_organizations`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Organizations {
    InTheToken,
    LeftOut,
}

/// An authorization code, and what it is bound to.
#[derive(Clone)]
pub(crate) struct Code {
    pub(crate) granted: Granted,
    pub(crate) redirect_uri: String,
    pub(crate) code_challenge: String,
    pub(crate) use_: Use,
}

/// A refresh token.
#[derive(Clone)]
pub(crate) struct RefreshToken {
    pub(crate) granted: Granted,
    pub(crate) use_: Use,
}

/// Whether a single-use secret can still be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    Fresh,
    Spent,
    Revoked,
}

/// A valid authorization request
/// ([RFC 6749 §4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1)).
#[derive(Clone)]
pub(crate) struct AuthorizationRequest {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: Url,
    pub(crate) scope: Vec<String>,
    pub(crate) code_challenge: String,
    pub(crate) state: String,
    pub(crate) organizations: Organizations,
    /// The allowed workspaces, if the client restricts them.
    pub(crate) workspaces: Option<Vec<String>>,
}

/// A pending device authorization.
#[derive(Clone)]
pub(crate) struct DeviceGrant {
    pub(crate) user_code: String,
    pub(crate) client_id: String,
    pub(crate) expires: i64,
    pub(crate) decision: Decision,
}

/// The decision of the user.
#[derive(Clone)]
pub(crate) enum Decision {
    Pending,
    Denied,
    Approved { code: String, code_verifier: String },
}

/// Secrets by kind, oldest first: those that were issued, so that a test can check that none leaks, or those
/// [to issue](crate::Scenario::fixed).
///
/// `Debug` counts them and does not show them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Issued {
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
    /// The code verifiers of device authorizations.
    pub code_verifiers: Vec<String>,
    /// The device codes, which are bearer credentials.
    pub device_auth_ids: Vec<String>,
}

impl Issued {
    /// All secrets.
    #[must_use]
    pub fn all(&self) -> Vec<&str> {
        let kinds = [
            &self.codes,
            &self.id_tokens,
            &self.access_tokens,
            &self.refresh_tokens,
            &self.session_keys,
            &self.api_keys,
            &self.code_verifiers,
            &self.device_auth_ids,
        ];
        kinds.into_iter().flatten().map(String::as_str).collect()
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issued({} secrets)", self.all().len())
    }
}
