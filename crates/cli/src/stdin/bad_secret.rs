use credentials::MalformedJwt;
use terminal_ui::MAX_INPUT;

/// Why the input is not the expected secret. No part of it is repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadSecret {
    #[error("it is empty")]
    Empty,
    #[error("it is longer than {MAX_INPUT} bytes")]
    TooLong,
    #[error("it is more than one line")]
    SeveralLines,
    #[error("it is more than one word")]
    SeveralWords,
    #[error("the paste has no end")]
    UnfinishedPaste,
    #[error("it is an access token")]
    AccessToken,
    #[error("it is an API key")]
    ApiKey,
    #[error("it is an ID token")]
    IdToken,
    #[error("it does not start with sk-")]
    Beginning,
    #[error("it is too short")]
    TooShort,
    #[error("it contains a character that no API key contains")]
    Character,
    #[error(transparent)]
    Malformed(MalformedJwt),
    #[error("it expired {0}")]
    Expired(String),
}
