use std::fmt;

/// Every secret that the sandbox handed out, oldest first, so that a test can look for them where
/// they must not be.
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
    /// The code verifiers that the sandbox made for devices.
    pub code_verifiers: Vec<String>,
    /// What a program polls with until its user code was typed: it is a bearer credential.
    pub device_auth_ids: Vec<String>,
}

impl Issued {
    /// All of them in one row.
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
