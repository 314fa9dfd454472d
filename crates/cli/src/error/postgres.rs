//! The database of `--store postgres://…`.

use std::fmt::Display;

use auth_store::Error as StoreError;
use login::Error as LoginError;
use postgres_store::{CallError, Error, ErrorKind, SealError};
use serde_json::json;
use terminal_ui::{Hint, command, say};

use super::{CliError, Explanation, holder_fields, plain};

/// The error of the database, if that is the cause.
pub(super) fn find(error: &CliError) -> Option<&CallError> {
    match error {
        CliError::Postgres(error) => Some(error),
        CliError::Login(LoginError::Store(error) | LoginError::NotWritable(error)) => {
            find_in(error)
        }
        _ => None,
    }
}

pub(super) fn find_in(error: &StoreError) -> Option<&CallError> {
    match error {
        StoreError::External { source, .. } | StoreError::MayBeStored { source, .. } => {
            source.downcast_ref()
        }
        _ => None,
    }
}

/// As in the second table of `docs/json.md`.
pub(super) fn kind(error: &CallError) -> &'static str {
    match error {
        CallError::Store(error) => kind_of(error.kind()),
        CallError::NoKeyFile => "store_key",
        CallError::Interrupted => "interrupted",
        _ => "system",
    }
}

pub(super) fn kind_of(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Parameters => "wrong_usage",
        ErrorKind::Unreachable => "store_unreachable",
        ErrorKind::Full => "store_full",
        ErrorKind::Refused => "store_refused",
        ErrorKind::Missing => "store_missing",
        ErrorKind::Tls => "store_tls",
        ErrorKind::Key => "store_key",
        ErrorKind::Changed => "store_changed",
        ErrorKind::WentBack => "store_went_back",
        ErrorKind::Busy => "store_busy",
        _ => "store",
    }
}

pub(super) fn is_transient(error: &CallError) -> bool {
    matches!(error, CallError::Store(error) if error.is_transient())
}

/// For an import into a row that has a sign-in, which may be a later one of the same account.
pub(super) fn hint_for_import(is_later: bool, file: &impl Display, import: &str) -> Hint {
    if is_later {
        return say(format!(
            "the token in {file} may be used up, as after an import that was killed: then remove that file; to use \
             it all the same, first empty the row with "
        ))
        .run("logout --local");
    }
    say("to replace that sign-in: ")
        .run(format!("{import} --replace"))
        .then("; to see it: ")
        .run("status")
}

pub(super) fn explain(error: &CallError) -> Explanation {
    let fields = match error {
        CallError::Store(Error::Busy { holder: Some(holder), .. }) => holder_fields(holder),
        _ => json!({}),
    };
    plain().hint(hint(error)).fields(fields)
}

pub(super) fn hint(error: &CallError) -> Option<Hint> {
    match error {
        CallError::Store(error) => hint_for(error),
        CallError::NoKeyFile => Some(no_key()),
        _ => None,
    }
}

/// `store init` needs something other than the other commands.
pub(super) fn hint_for_init(error: &Error) -> Option<Hint> {
    match error.kind() {
        ErrorKind::Refused => Some(say(
            "check the password (PGPASSFILE or PGPASSWORD) of the user of --store, and that this user has CREATEROLE, \
             and CREATE on the database",
        )),
        ErrorKind::Missing => Some(say("create the database first, with CREATE DATABASE")),
        ErrorKind::Other => Some(say(
            "create the role that --role names; the role of an existing row cannot be changed",
        )),
        _ => hint_for(error),
    }
}

fn hint_for(error: &Error) -> Option<Hint> {
    Some(match error.kind() {
        ErrorKind::Unreachable => {
            say("check the host and the port, and that the database runs; try again later")
        }
        ErrorKind::Full => say(
            "try again later; for many machines, put PgBouncer in transaction mode in front of the \
             database",
        ),
        ErrorKind::Refused => say(
            "check the user, the password (PGPASSFILE or PGPASSWORD), that the database accepts this kind of \
             connection (PGSSLMODE=verify-full for TLS on this machine), and that the user is a member of the \
             role that store init was given",
        ),
        ErrorKind::Missing => missing(error),
        ErrorKind::Tls => say(
            "name the CA of the database with sslrootcert=FILE in the address or with PGSSLROOTCERT; \
             plain connections are only for this machine",
        ),
        ErrorKind::Key => key(error),
        ErrorKind::Changed => {
            say("remove it with ").run("logout --local").then(", then sign in again with ").run("login")
        }
        ErrorKind::WentBack => say(
            "its refresh token may be used up; if the database was restored on purpose, remove that file, \
             and sign in again with ",
        )
        .run("login"),
        ErrorKind::Busy => say("another process is using it: try again when it is done"),
        _ => return None,
    })
}

fn missing(error: &Error) -> Hint {
    let init = say("ask an administrator of the database to run: ");
    match error {
        Error::NoRow { name } => init
            .run(format!("store init --role ROLE --row {name}"))
            .then("; the user of --store has to be a member of that role"),
        _ => init.run("store init --role ROLE"),
    }
}

fn key(error: &Error) -> Hint {
    match error {
        Error::Key(SealError::NoKey { .. }) => no_key(),
        Error::Key(SealError::WrongKey { .. }) => {
            say("copy the key file of a machine that can read the sign-in; if there is none, remove it with ")
                .run("logout --local")
                .then(", then sign in again with ")
                .run("login")
        }
        Error::Key(SealError::AddsKey { .. }) => {
            say("if no other process is adding a key, remove that file, and try again")
        }
        Error::Key(SealError::Io { .. }) => {
            say("check that its folder exists, and the permissions of both")
        }
        Error::Key(SealError::Exists { .. }) => {
            say("to add a key to it: ").run("store-key --add FILE")
        }
        Error::Key(SealError::Malformed { .. }) => {
            say("correct that line, or copy the key file of another machine")
        }
        Error::Key(SealError::Exposed { .. } | SealError::Owner { .. }) => {
            say("make it a file of your own with mode 0600")
        }
        _ => no_key(),
    }
}

fn no_key() -> Hint {
    say("set LOGIN_CLI_STORE_KEY_FILE to a copy of the key file of another machine; to make the first one: ")
        .and(command("store-key --new FILE"))
}
