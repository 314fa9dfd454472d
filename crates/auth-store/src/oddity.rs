use std::fmt;
use std::path::PathBuf;

use crate::folder::Entry;
use crate::place::Place;
use crate::{AuthDocument, AuthMode};

/// Something about a stored sign-in that works, and that its person may not expect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Oddity {
    /// Users other than the owner may read the file. The next save makes it private.
    ReadableByOthers,
    /// The file is the end of a symbolic link.
    Linked {
        /// Where it is.
        to: PathBuf,
    },
    /// The file is a mount of its own, as containers make them, and has to be written in its place.
    Mounted,
    /// No `auth_mode`: Codex CLI takes a file with both a key and tokens for one with a key alone.
    NoAuthMode,
    /// No `account_id` beside the tokens: Codex CLI does not refresh them.
    NoAccountId,
    /// No refresh token: the sign-in ends with its access token.
    NoRefreshToken,
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadableByOthers => {
                f.write_str("other users may read the file; the next save makes it private")
            }
            Self::Linked { to } => write!(f, "it is a link to {}", to.display()),
            Self::Mounted => f.write_str(
                "the file is a mount of its own, so it is written in its place, after a copy",
            ),
            Self::NoAuthMode => f.write_str(
                "it has a key, tokens and no auth_mode, which Codex CLI takes for a key alone",
            ),
            Self::NoAccountId => f.write_str("it has no account_id, which Codex CLI needs"),
            Self::NoRefreshToken => {
                f.write_str("it has no refresh token: it ends when its access token expires")
            }
        }
    }
}

/// What is odd about the file.
pub(crate) fn of_place(place: &Place) -> impl Iterator<Item = Oddity> {
    let shared = place.entry().is_some_and(|entry: Entry| entry.shared);
    let linked = place.is_linked().then(|| Oddity::Linked { to: place.path() });
    [
        shared.then_some(Oddity::ReadableByOthers),
        linked,
        place.is_mount().then_some(Oddity::Mounted),
    ]
    .into_iter()
    .flatten()
}

/// What is odd about the content.
pub(crate) fn of_document(document: &AuthDocument) -> impl Iterator<Item = Oddity> {
    let is_chatgpt = document.auth_mode() == Some(AuthMode::ChatGpt);
    let has_both = document.api_key().is_some() && document.has_tokens();
    let ends = document.has_tokens() && document.refresh_token().is_none();
    [
        (is_chatgpt && has_both && !document.has_auth_mode()).then_some(Oddity::NoAuthMode),
        (is_chatgpt && document.account_id().is_none()).then_some(Oddity::NoAccountId),
        (is_chatgpt && ends).then_some(Oddity::NoRefreshToken),
    ]
    .into_iter()
    .flatten()
}
