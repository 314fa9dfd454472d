use std::fmt;

/// Every issued secret, oldest first, so that a test can check that none leaks.
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
