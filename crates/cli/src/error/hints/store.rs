//! What can be done where credentials cannot be kept.

use auth_store::{Error, Location, LockHolder};
use credential_helper::Error::TimedOut;
use terminal_ui::{Hint, command, say};

use super::corrupt::correction;

pub(super) fn any(error: &Error) -> Option<Hint> {
    let then = |replaceable: &bool| match replaceable {
        true => say("sign in again with ").run("login").then(", which keeps a copy of the file"),
        false => say("move the file away, and sign in again with ").run("login"),
    };
    Some(match error {
        Error::Corrupt { location: Location::File(_), field, problem, replaceable, .. } => {
            let correction = correction(*problem, field.as_deref());
            say(correction).then(", or ").and(then(replaceable))
        }
        Error::TooLarge { location: Location::File(_), replaceable, .. } => then(replaceable),
        Error::Corrupt { .. } | Error::TooLarge { .. } => {
            say("remove it with ").run("logout").then(", then sign in again with ").run("login")
        }
        Error::NoLocks { .. } => {
            say("choose a folder on another disk with --codex-home, or sign in again with ")
                .run("login")
                .then(" when the access token has expired")
        }
        Error::MayBeStored { .. } => command("status")
            .then(" shows whether it is; if not, sign in again with ")
            .run("login")
            .then(", and give the store longer with LOGIN_CLI_HELPER_TIMEOUT=2m"),
        other => say(without_command(other)?),
    })
}

fn without_command(error: &Error) -> Option<&'static str> {
    Some(match error {
        Error::NotWritable { .. } | Error::Io { .. } => {
            "check the permissions and the free space there, or choose another folder with \
             --codex-home"
        }
        Error::NotReplaced { .. } => {
            "check the permissions and the free space there, then try again: nothing is lost, and the \
             next command puts it in its place"
        }
        Error::WouldBeTooLarge { .. } => {
            "most of it belongs to another program: remove what is not needed, or choose another \
             folder with --codex-home"
        }
        Error::Locked { holder: Some(LockHolder { is_stopped: true, .. }), .. } => {
            "continue it with fg, or end it"
        }
        Error::Locked { .. } | Error::Changed { .. } => {
            "another program is using it: try again when it is done"
        }
        Error::NotAFile { .. } => "remove it, or choose another folder with --codex-home",
        Error::External { source, .. }
            if matches!(source.downcast_ref(), Some(TimedOut { .. })) =>
        {
            "unlock it, give it longer with LOGIN_CLI_HELPER_TIMEOUT=2m, or keep the credentials in \
             a file with --store file"
        }
        Error::External { .. } => {
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

pub(super) fn unkept(handed_over: bool, error: &Error) -> Hint {
    let of_key = say(if handed_over {
        "the key above works, keep it yourself"
    } else {
        "delete that key at https://platform.openai.com/api-keys, because nobody has it"
    });
    match any(error) {
        Some(hint) => of_key.then("; ").and(hint),
        None => of_key,
    }
}
