use std::fmt;
use std::path::PathBuf;

use crate::check::check_replaceable;
use crate::file_location::FileLocation;
use crate::{AuthDocument, AuthMode};

/// Something unusual about a stored sign-in that works.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// Other users can read the file. The next save makes it private.
    ReadableByOthers,
    /// The file belongs to another user.
    ForeignOwner {
        /// Its owner.
        owner: u32,
    },
    /// Every user can create files in the folder.
    WorldWritable {
        /// The folder.
        path: PathBuf,
    },
    /// The sign-in can be read but not written, as far as permissions tell, so it is not refreshed
    /// here.
    NotWritable,
    /// The file system has no file locks, so nothing is refreshed there: two processes could do it at
    /// once.
    NoLocks,
    /// The file is a symbolic link.
    Linked {
        /// Its target.
        to: PathBuf,
    },
    /// The file is a mount of its own, as in containers, and is written in place.
    Mounted,
    /// There is no `auth_mode`: with a key and tokens, Codex CLI uses only the key.
    NoAuthMode,
    /// There is no `account_id`: Codex CLI does not refresh the tokens.
    NoAccountId,
    /// There is no refresh token: the sign-in ends with its access token.
    NoRefreshToken,
    /// `id_token` is an object of claims: Codex CLI cannot read the file.
    DecodedIdToken,
    /// `last_refresh` is an empty string: Codex CLI cannot read the file.
    EmptyLastRefresh,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReadableByOthers => f.write_str("other users may read the file"),
            Self::ForeignOwner { owner } => {
                write!(f, "the file belongs to another user (uid {owner})")
            }
            Self::WorldWritable { path } => {
                write!(f, "every user can write to the folder {}", path.display())
            }
            Self::NotWritable => f.write_str(
                "it cannot be written here, so its tokens are not refreshed when they expire",
            ),
            Self::NoLocks => f.write_str(
                "the file system has no file locks, so its tokens are not refreshed when they expire",
            ),
            Self::Linked { to } => write!(f, "it is a link to {}", to.display()),
            Self::Mounted => f.write_str(
                "the file is a mount, so it is written in place after a backup",
            ),
            Self::NoAuthMode => f.write_str(
                "it has a key and tokens but no auth_mode, so Codex CLI uses only the key",
            ),
            Self::NoAccountId => f.write_str("it has no account_id, which Codex CLI needs"),
            Self::NoRefreshToken => {
                f.write_str("it has no refresh token: it ends when its access token expires")
            }
            Self::DecodedIdToken => f.write_str(
                "its id_token is an object, not a JWT, so Codex CLI cannot read the file",
            ),
            Self::EmptyLastRefresh => f.write_str(
                "its last_refresh is empty, so Codex CLI cannot read the file: write null",
            ),
        }
    }
}

/// What is unusual about the file.
pub(crate) fn of_file(location: &FileLocation) -> impl Iterator<Item = Warning> {
    let entry = location.entry();
    let shared = entry.as_ref().is_some_and(|entry| entry.shared);
    let owner = entry.and_then(|entry| entry.foreign_owner);
    let folder = location.folder();
    let is_open = folder.metadata().is_ok_and(|folder| folder.world_writable);
    let is_fixed = location.check_trusted().is_err() || check_replaceable(location).is_err();
    [
        shared.then_some(Warning::ReadableByOthers),
        owner.map(|owner| Warning::ForeignOwner { owner }),
        is_open.then(|| Warning::WorldWritable { path: folder.path().to_owned() }),
        is_fixed.then_some(Warning::NotWritable),
        location.is_linked().then(|| Warning::Linked { to: location.path() }),
        location.is_mount().then_some(Warning::Mounted),
    ]
    .into_iter()
    .flatten()
}

/// What is unusual about the content.
pub(crate) fn of_document(document: &AuthDocument) -> impl Iterator<Item = Warning> {
    let is_chatgpt = document.auth_mode() == Some(AuthMode::ChatGpt);
    let has_both = document.api_key().is_some() && document.has_tokens();
    let ends = document.has_tokens() && document.refresh_token().is_none();
    [
        (is_chatgpt && has_both && !document.has_auth_mode()).then_some(Warning::NoAuthMode),
        (is_chatgpt && document.account_id().is_none()).then_some(Warning::NoAccountId),
        (is_chatgpt && ends).then_some(Warning::NoRefreshToken),
        document.has_decoded_id_token().then_some(Warning::DecodedIdToken),
        document.has_empty_last_refresh().then_some(Warning::EmptyLastRefresh),
    ]
    .into_iter()
    .flatten()
}
