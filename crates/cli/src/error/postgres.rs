//! The database of `--store postgres://…`.

use auth_store::Error as StoreError;
use login::Error as LoginError;
use postgres_store::{Error as RowError, ErrorKind, SealError};
use terminal_ui::{Hint, command, say};

use super::CliError;
use crate::postgres::Error;

/// The error of the database, if that is the cause.
pub(super) fn find(error: &CliError) -> Option<&Error> {
    match error {
        CliError::Postgres(error) => Some(error),
        CliError::Login(LoginError::Store(error) | LoginError::NotWritable(error)) => {
            find_in(error)
        }
        _ => None,
    }
}

pub(super) fn find_in(error: &StoreError) -> Option<&Error> {
    match error {
        StoreError::External { source, .. } | StoreError::MayBeStored { source, .. } => {
            source.downcast_ref()
        }
        _ => None,
    }
}

/// As in the second table of `docs/json.md`.
pub(super) fn kind(error: &Error) -> &'static str {
    match error {
        Error::Store(error) | Error::SetUp(error) => kind_of(error.kind()),
        Error::NoKeyFile => "store_key",
        Error::Interrupted => "interrupted",
        Error::Runtime(_) => "system",
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

pub(super) fn is_transient(error: &Error) -> bool {
    matches!(error, Error::Store(error) | Error::SetUp(error) if error.is_transient())
}

pub(super) fn hint(error: &Error) -> Option<Hint> {
    let error = match error {
        Error::Store(error) => error,
        Error::SetUp(error) => return set_up(error).or_else(|| hint_for(error)),
        Error::NoKeyFile => return Some(no_key()),
        Error::Interrupted | Error::Runtime(_) => return None,
    };
    hint_for(error)
}

/// Where `store init` needs something else than the other commands.
fn set_up(error: &RowError) -> Option<Hint> {
    match error.kind() {
        ErrorKind::Refused => Some(say(
            "check the password (PGPASSFILE or PGPASSWORD) of the user of --store, and that this user has CREATEROLE, \
             and CREATE on the database",
        )),
        ErrorKind::Missing => Some(say("create the database first, with CREATE DATABASE")),
        ErrorKind::Other => Some(say("the role of --role has to exist, and a row has one role")),
        _ => None,
    }
}

fn hint_for(error: &RowError) -> Option<Hint> {
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

fn missing(error: &RowError) -> Hint {
    let init = say("an administrator of the database sets it up: ");
    match error {
        RowError::NoRow { name } => init
            .run(format!("store init --role ROLE --row {name}"))
            .then("; the user of --store has to be a member of that role"),
        _ => init.run("store init --role ROLE"),
    }
}

fn key(error: &RowError) -> Hint {
    match error {
        RowError::Key(SealError::NoKey { .. }) => no_key(),
        RowError::Key(SealError::WrongKey { .. }) => {
            say("copy the key file of a machine that can read the sign-in; if there is none, remove it with ")
                .run("logout --local")
                .then(", then sign in again with ")
                .run("login")
        }
        RowError::Key(SealError::Exists { path }) if path.extension() == Some("new".as_ref()) => {
            say("remove it, unless another process is adding a key")
        }
        RowError::Key(SealError::Exists { .. }) => {
            say("to add a key to it: ").run("store-key --add FILE")
        }
        RowError::Key(SealError::Malformed { .. }) => {
            say("correct that line, or copy the key file of another machine")
        }
        RowError::Key(SealError::Exposed { .. } | SealError::Owner { .. }) => {
            say("make it a file of your own with mode 0600")
        }
        _ => no_key(),
    }
}

fn no_key() -> Hint {
    say("set LOGIN_CLI_STORE_KEY_FILE to a copy of the key file of another machine; to make the first one: ")
        .and(command("store-key --new FILE"))
}
