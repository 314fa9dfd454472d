use std::path::PathBuf;

use shared_file::Properties;

use crate::{AuthDocument, AuthMode};

/// Something unusual about a stored sign-in that works.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Warning {
    /// Other users can read the file. The next save makes it private.
    #[error("other users may read the file")]
    ReadableByOthers,
    /// The file belongs to another user.
    #[error("the file belongs to another user (uid {owner})")]
    ForeignOwner {
        /// Its owner.
        owner: u32,
    },
    /// Every user can create files in the folder.
    #[error("every user can write to the folder {path}", path = path.display())]
    WorldWritable {
        /// The folder.
        path: PathBuf,
    },
    /// The sign-in can be read but not written, as far as permissions tell, so it is not refreshed
    /// here.
    #[error("it is read-only here, so its tokens cannot be refreshed when they expire")]
    NotWritable,
    /// The file system has no file locks, so nothing is refreshed there: two processes could do it at
    /// once.
    #[error("the file system has no file locks, so its tokens are not refreshed when they expire")]
    NoLocks,
    /// The file is a symbolic link.
    #[error("it is a link to {to}", to = to.display())]
    Linked {
        /// Its target.
        to: PathBuf,
    },
    /// The file is a mount of its own, as in containers, and is written in place.
    #[error("the file is a mount, so it is written in place after a backup")]
    Mounted,
    /// There is no `auth_mode`: with a key and tokens, Codex CLI uses only the key.
    #[error("it has a key and tokens but no auth_mode, so Codex CLI uses only the key")]
    NoAuthMode,
    /// There is no `account_id`: Codex CLI does not refresh the tokens.
    #[error("it has no account_id, which Codex CLI needs")]
    NoAccountId,
    /// There is no refresh token: the sign-in ends with its access token.
    #[error("it has no refresh token: it ends when its access token expires")]
    NoRefreshToken,
    /// `id_token` is an object of claims: Codex CLI cannot read the file.
    #[error("its id_token is an object, not a JWT, so Codex CLI cannot read the file")]
    DecodedIdToken,
    /// `last_refresh` is an empty string: Codex CLI cannot read the file.
    #[error("its last_refresh is empty, so Codex CLI cannot read the file: write null")]
    EmptyLastRefresh,
}

/// What is unusual about the file.
pub(crate) fn of_file(file: Properties) -> impl Iterator<Item = Warning> {
    [
        file.readable_by_others.then_some(Warning::ReadableByOthers),
        file.foreign_owner.map(|owner| Warning::ForeignOwner { owner }),
        file.world_writable_folder.map(|path| Warning::WorldWritable { path }),
        file.not_writable.then_some(Warning::NotWritable),
        file.linked_to.map(|to| Warning::Linked { to }),
        file.is_mount.then_some(Warning::Mounted),
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
