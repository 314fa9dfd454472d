//! `--store postgres://…`: a sign-in that several machines share, as a row of a database.
//!
//! `postgres-store` has the row, as an external store of `auth-store`. Here is what it needs of this program.

use std::path::Path;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use postgres_store::{AuthDatabase, AuthOptions, CallError, Calls, Notice, StoreUnchecked};
use terminal_ui::{Terminal, from_now};

use crate::args::ProfileName;
use crate::environment::{self, now};
use crate::error::CliError;
use crate::signals;

/// Runs a call of the database. A signal ends it, unless a single-use token is being spent.
pub(crate) fn run<T: Send, E: Into<CallError> + Send>(
    work: impl Future<Output = Result<T, E>> + Send,
) -> Result<T, CallError> {
    CALLS.run(work)
}

const CALLS: Calls = Calls {
    begin: || {
        signals::watch();
        Box::new(signals::Call::begin())
    },
    is_cancelled: signals::cancels_helpers,
};

/// The database that `--store` names. Nothing is read yet.
///
/// # Errors
///
/// A variable has an invalid path.
pub(crate) fn database(
    url: String,
    codex_home: &Path,
    terminal: Terminal,
) -> Result<AuthDatabase, CliError> {
    let folder = environment::runtime_folder().unwrap_or_else(|| codex_home.to_owned());
    // One command prints the warning once.
    let is_warned = AtomicBool::new(false);
    Ok(AuthDatabase::new(AuthOptions {
        url,
        variable: environment::text,
        key_file: environment::store_key_file()?,
        folder: folder.join("login-cli"),
        holder: format!("{}:{}", environment::host_name(), process::id()),
        now,
        calls: CALLS,
        notify: Box::new(move |notice| {
            match notice {
            Notice::Unchecked(_) if is_warned.swap(true, Ordering::Relaxed) => {}
            Notice::Unchecked(unchecked) => warn_of_cache(unchecked, terminal),
            _ => terminal.warn(
                "the new tokens are not in the database yet, and only this process has them: do not end it; \
                 it tries for ten minutes",
            ),
        }
        }),
    }))
}

fn warn_of_cache(unchecked: StoreUnchecked, terminal: Terminal) {
    let now = now();
    let (checked, expires) =
        (from_now(unchecked.checked_at, now), from_now(unchecked.expires_at, now));
    terminal.warn(&format!(
        "the database cannot be reached: the cached access token is used, which was checked {checked} and \
         expires {expires}"
    ));
}

/// The rows that the user of the database can use, as far as they are profiles.
pub(crate) fn rows(database: &AuthDatabase) -> Result<Vec<ProfileName>, CallError> {
    let names = run(database.database()?.row_names())?;
    let mut names: Vec<ProfileName> = names.iter().filter_map(|it| it.parse().ok()).collect();
    names.sort();
    Ok(names)
}
