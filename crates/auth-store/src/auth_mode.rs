/// How the person signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthMode {
    /// With ChatGPT.
    ChatGpt,
    /// With an API key only.
    ApiKey,
    /// With a personal access token (`at-…`), which is neither refreshed nor revoked.
    PersonalAccessToken,
    /// In a way that only another program supports.
    Other(String),
}

pub(crate) const PERSONAL_ACCESS_TOKEN: &str = "personal_access_token";

impl AuthMode {
    /// The value of `auth_mode`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::ChatGpt => "chatgpt",
            Self::ApiKey => "apikey",
            Self::PersonalAccessToken => "personalAccessToken",
            Self::Other(mode) => mode,
        }
    }

    pub(crate) fn from_written(mode: &str) -> Self {
        let known = [Self::ChatGpt, Self::ApiKey, Self::PersonalAccessToken];
        let is_it = |known: &Self| known.as_str() == mode;
        known.into_iter().find(is_it).unwrap_or_else(|| Self::Other(mode.to_owned()))
    }
}
