//! The stored sign-in: its account, its tokens, and the place where they are.

use auth_store::{Error as StoreError, ErrorKind, FileError, Location, ParseErrorKind};
use credential_helper::Error::TimedOut;
use credentials::ClaimMismatch;
use login::Error as LoginError;
use login::openai::Mismatch;
use printable::excerpt;
use serde_json::json;
use terminal_ui::{Hint, command, from_now, say};

use super::network::{CHECK_ISSUER, request};
use super::{Explanation, advise, holder_fields, plain, variant_name};
use crate::environment::now;

pub(super) fn explain(error: &LoginError) -> Option<Explanation> {
    Some(match error {
        LoginError::Store(error) | LoginError::NotWritable(error) => {
            plain().hint(hint(error)).fields(match error {
                StoreError::Claimed { holder: Some(holder), .. } => holder_fields(holder),
                error => json!({ "cause": variant_name(&error.kind()) }),
            })
        }
        LoginError::NotSignedIn { .. } => advise(
            say("sign in with ")
                .run("login")
                .then("; without a browser, add --device, --with-api-key or --with-access-token"),
        ),
        LoginError::SignInExpired { location, expired_at, has_api_key, other_mode } => {
            let (cannot, hint) = match other_mode {
                Some(_) => ("only the program that made it can refresh it", of_other_program()),
                None if *has_api_key => (
                    "there is no refresh token for it",
                    again().then("; the API key beside it still works: ").run("token --api-key"),
                ),
                None => ("there is no refresh token for it", again()),
            };
            let when = from_now(*expired_at, now());
            let expired = format!("the access token in {location} expired {when}");
            advise(hint)
                .message(format!("no longer signed in: {expired}, and {cannot}"))
                .fields(json!({ "expired_at": expired_at.to_string() }))
        }
        LoginError::UnsupportedAuthMode { .. } => advise(of_other_program()),
        LoginError::SignInEnded(_) => advise(again()),
        LoginError::NothingToRefresh { .. } => advise(say("sign in with ChatGPT: ").run("login")),
        LoginError::OtherIssuer { stored, .. } => {
            advise(format!("give --issuer {}", excerpt(stored, 200)))
                .fields(json!({ "issuer": stored }))
        }
        LoginError::OtherClient { stored, .. } => {
            advise(say("leave out --client-id, or sign in with it: ").run("login"))
                .fields(json!({ "client_id": stored }))
        }
        other => return new_tokens(other),
    })
}

/// Errors about tokens that the issuer has just sent, or did not send, and about the access token.
fn new_tokens(error: &LoginError) -> Option<Explanation> {
    Some(match error {
        LoginError::AccessTokenExpired => {
            advise(command("refresh").then(" asks the issuer for a new one"))
        }
        LoginError::AccessTokenNotAccepted(_) => {
            advise(say("get a new one with ").run("refresh").then(", or ").and(again()))
        }
        LoginError::Refresh(error) => {
            let not_found = |status| (status == 404).then(|| say(CHECK_ISSUER));
            let hint = request(error.request_failure(), |response| not_found(response.status));
            advise(hint.unwrap_or_else(|| {
                say("the stored sign-in is unchanged: try again later, or ").and(again())
            }))
        }
        LoginError::InvalidRefreshResponse { .. } => advise(say("try again, or ").and(again())),
        LoginError::InvalidIdToken(mismatch) | LoginError::InvalidAccessToken(mismatch) => {
            advise(claim(*mismatch))
        }
        LoginError::WrongWorkspace { workspace, .. } => advise(
            "choose that workspace when you sign in, or leave --workspace out; nothing was stored",
        )
        .fields(json!({ "workspace": workspace })),
        LoginError::StoreBusy { claimed_by, .. } => {
            advise(IN_USE).fields(claimed_by.as_ref().map(holder_fields).unwrap_or_default())
        }
        LoginError::TokensNotStored(StoreError::MayBeStored { .. }) => advise(unknown_outcome()),
        LoginError::TokensNotStored(StoreError::External { .. }) => {
            advise(say("fix that store, then ").and(again()))
        }
        LoginError::TokensNotStored(_) => {
            advise(say("make room or restore the permissions there, then ").and(again()))
        }
        _ => return None,
    })
}

fn again() -> Hint {
    say("sign in again with ").run("login")
}

fn of_other_program() -> Hint {
    say("refresh it with the program that made it, or sign in here with ").run("login")
}

fn claim(mismatch: Mismatch) -> Hint {
    match mismatch {
        Mismatch::Standard(ClaimMismatch::Issuer | ClaimMismatch::MissingSubject) => {
            say(CHECK_ISSUER)
        }
        Mismatch::Standard(ClaimMismatch::Audience) => say("check --client-id"),
        Mismatch::Standard(ClaimMismatch::Subject) | Mismatch::Workspace => again(),
        _ => say("check the clock of this machine"),
    }
}

const IN_USE: &str = "another program is using it: try again when it is done";

/// After this error, the sign-in may be stored.
fn unknown_outcome() -> Hint {
    command("status").then(" shows whether it was; if not, sign in again with ").run("login")
}

pub(super) fn hint(error: &StoreError) -> Option<Hint> {
    #[cfg(feature = "postgres")]
    if let Some(cause) = super::postgres::find_in(error) {
        return match error {
            StoreError::MayBeStored { .. } => Some(unknown_outcome()),
            _ => super::postgres::hint(cause),
        };
    }
    let replace = |replaceable: &bool| match replaceable {
        true => again().then(", which keeps a copy of the file"),
        false => say("move the file away, and ").and(again()),
    };
    Some(match error {
        StoreError::Corrupt { location: Location::File(_), kind, replaceable, .. } => {
            say(correction(*kind)).then(", or ").and(replace(replaceable))
        }
        StoreError::TooLarge { location: Location::File(_), replaceable, .. } => {
            replace(replaceable)
        }
        StoreError::Corrupt { .. } | StoreError::TooLarge { .. } => {
            say("remove it with ").run("logout").then(", then ").and(again())
        }
        StoreError::File(FileError::NoLocks { .. }) => {
            say("choose a folder on another disk with --codex-home, or sign in again with ")
                .run("login")
                .then(" when the access token has expired")
        }
        StoreError::MayBeStored { .. } => {
            unknown_outcome().then(", and give the store longer with LOGIN_CLI_HELPER_TIMEOUT=2m")
        }
        other => return text(other).map(say),
    })
}

fn text(error: &StoreError) -> Option<&'static str> {
    Some(match error.kind() {
        ErrorKind::NotWritable | ErrorKind::Io => {
            "check the permissions and the free space there, or choose another folder with \
             --codex-home"
        }
        ErrorKind::NotReplaced => {
            "check the permissions and the free space there, then try again: nothing is lost, and the \
             next command puts it in its place"
        }
        ErrorKind::TooLarge => {
            "most of it belongs to another program: remove what is not needed, or choose another \
             folder with --codex-home"
        }
        ErrorKind::Locked if has_stopped_holder(error) => "resume it with fg, or end it",
        ErrorKind::Locked | ErrorKind::Changed => IN_USE,
        ErrorKind::NotAFile => "remove it, or choose another folder with --codex-home",
        ErrorKind::External if has_timed_out(error) => {
            "unlock it, give it longer with LOGIN_CLI_HELPER_TIMEOUT=2m, or keep the credentials in \
             a file with --store file"
        }
        ErrorKind::External => {
            "unlock or install it, or keep the credentials in a file with --store file"
        }
        ErrorKind::HalfWritten => "put the copy back in its place",
        ErrorKind::UnsafePlace => "choose a folder of your own with --codex-home",
        _ => return None,
    })
}

fn has_stopped_holder(error: &StoreError) -> bool {
    let StoreError::File(FileError::Locked { holder: Some(holder), .. }) = error else {
        return false;
    };
    holder.is_stopped
}

fn has_timed_out(error: &StoreError) -> bool {
    let StoreError::External { source, .. } = error else { return false };
    matches!(source.downcast_ref(), Some(TimedOut { .. }))
}

/// What to change in the file.
fn correction(kind: ParseErrorKind) -> &'static str {
    match kind {
        ParseErrorKind::Encoding => "save the file as UTF-8",
        ParseErrorKind::Truncated => "put the whole file back from a copy",
        ParseErrorKind::Misplaced => "write this field as Codex CLI does",
        _ => "correct that line",
    }
}
