//! What can be done where credentials cannot be kept.

use auth_store::{Error, Holder, Location};
use credential_helper::Error::TimedOut;

use super::corrupt::correction;

pub(super) fn any(error: &Error) -> Option<String> {
    let then = |replaceable: &bool| match replaceable {
        true => "sign in again with login-cli login, which keeps a copy of the file",
        false => "move the file away, and sign in again with login-cli login",
    };
    match error {
        Error::Corrupt { location: Location::File(_), field, problem, replaceable, .. } => {
            Some(format!("{}, or {}", correction(*problem, field.as_deref()), then(replaceable)))
        }
        Error::TooLarge { location: Location::File(_), replaceable, .. } => {
            Some(then(replaceable).to_owned())
        }
        other => fixed(other).map(str::to_owned),
    }
}

fn fixed(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::NotWritable { .. } | Error::Io { .. } => {
            "check the permissions and the free space there, or choose another folder with \
             --codex-home"
        }
        Error::NotReplaced { .. } => {
            "check the permissions and the free space there, then try again: nothing is lost, and the \
             next command puts it in its place"
        }
        Error::Corrupt { .. } | Error::TooLarge { .. } => {
            "remove it with login-cli logout, then sign in again with login-cli login"
        }
        Error::Outgrown { .. } => {
            "most of it belongs to another program: remove what is not needed, or choose another \
             folder with --codex-home"
        }
        Error::NoLocks { .. } => {
            "choose a folder on another disk with --codex-home, or sign in again with login-cli login \
             when the access token has expired"
        }
        Error::Locked { holder: Some(Holder { is_stopped: true, .. }), .. } => {
            "continue it with fg, or end it"
        }
        Error::Locked { .. } | Error::Changed { .. } => {
            "another program is using it: try again when it is done"
        }
        Error::NotAFile { .. } => "remove it, or choose another folder with --codex-home",
        Error::MayBeStored { .. } => {
            "login-cli status shows whether it is; if not, sign in again with login-cli login, and give \
             the store longer with LOGIN_CLI_HELPER_TIMEOUT=2m"
        }
        Error::Vault { source, .. } if matches!(source.downcast_ref(), Some(TimedOut { .. })) => {
            "unlock it, give it longer with LOGIN_CLI_HELPER_TIMEOUT=2m, or keep the credentials in \
             a file with --store file"
        }
        Error::Vault { .. } => {
            "unlock or install it, or keep the credentials in a file with --store file"
        }
        Error::HalfWritten { .. } => "put the copy back in its place",
        Error::ForeignOwner { .. } | Error::WorldWritable { .. } => {
            "choose a folder of your own with --codex-home"
        }
        _ => return None,
    })
}

pub(super) fn undelivered(kept: bool) -> &'static str {
    if kept {
        "it is kept in auth.json all the same"
    } else {
        "delete that key at https://platform.openai.com/api-keys, and create another"
    }
}

pub(super) fn unkept(handed_over: bool, error: &Error) -> String {
    let then = any(error).map(|hint| format!("; {hint}"));
    let of_key = if handed_over {
        "the key above works, keep it yourself"
    } else {
        "delete that key at https://platform.openai.com/api-keys, because nobody has it"
    };
    format!("{of_key}{}", then.unwrap_or_default())
}
