//! The stored sign-in: whether it can be read, and whether another one can be written.

use auth_store::{AuthDocument, AuthStore, Error, Location, Oddity};
use jiff::Timestamp;
use login::stored::has_ended;

use super::check::{Check, Verdict};
use crate::args::shell_word;
use crate::codex_cli;
use crate::commands::status;
use terminal_ui::command;

const AREA: &str = "store";

pub(super) fn checks(store: &AuthStore, now: Timestamp) -> Vec<Check> {
    let document = match store.load() {
        Ok(document) => document,
        Err(error) if may_be_replaced(&error) => {
            let unreadable = Check::failed(AREA, "sign-in", Verdict::Warning, of_store(error));
            return vec![place(store), unreadable, lock(store)];
        }
        Err(error) => return vec![Check::failed(AREA, "place", Verdict::Problem, of_store(error))],
    };
    let place = if is_in_vault(store) { vault(store, document.is_some()) } else { place(store) };
    let mut checks = vec![place, sign_in(document.as_ref(), now)];
    checks.extend(document.map(|document| oddities(store, &document)).unwrap_or_default());
    checks.extend(codex_cli::notes(store).into_iter().map(unused_by_codex));
    checks.push(lock(store));
    checks
}

fn unused_by_codex(note: String) -> Check {
    Check::new(AREA, "Codex CLI", Verdict::Note, note)
}

/// No stored sign-in to be had in time: only a vault takes that long.
pub(super) fn late() -> Check {
    Check::new(AREA, "place", Verdict::Problem, "what holds the credentials does not answer")
        .remedy("see to it, or keep the credentials in a file with --store file")
}

fn of_store(error: Error) -> login::Error {
    login::Error::Store(error)
}

fn may_be_replaced(error: &Error) -> bool {
    matches!(
        error,
        Error::Corrupt { replaceable: true, .. } | Error::TooLarge { replaceable: true, .. }
    )
}

fn is_in_vault(store: &AuthStore) -> bool {
    matches!(store.location(), Location::Vault(_))
}

fn place(store: &AuthStore) -> Check {
    let location = store.location();
    match store.could_be_written() {
        Ok(false) if !is_in_vault(store) => {
            let found = format!("{location}, in a folder that the first sign-in makes");
            Check::new(AREA, "place", Verdict::Good, found)
        }
        Ok(_) => Check::new(AREA, "place", Verdict::Good, location.to_string()),
        Err(error) => Check::failed(AREA, "place", Verdict::Problem, of_store(error)),
    }
}

/// One that gives back a sign-in needs no trial, which some vaults would keep in its place for a
/// moment.
fn vault(store: &AuthStore, gives_back: bool) -> Check {
    if gives_back || store.is_locked().unwrap_or_default() {
        return Check::new(AREA, "place", Verdict::Good, store.location().to_string());
    }
    place(store)
}

fn sign_in(document: Option<&AuthDocument>, now: Timestamp) -> Check {
    let Some(document) = document.filter(|document| document.is_signed_in()) else {
        return Check::new(AREA, "sign-in", Verdict::Good, "none yet");
    };
    let token = status::access_token(document, now);
    let token = token.map(|words| format!("; the access token {words}")).unwrap_or_default();
    let found = format!("{}{token}", status::how(document));
    if has_ended(document, now) {
        return Check::new(AREA, "sign-in", Verdict::Warning, found).remedy(command("login"));
    }
    Check::new(AREA, "sign-in", Verdict::Good, found)
}

fn oddities(store: &AuthStore, document: &AuthDocument) -> Vec<Check> {
    let oddities = match store.oddities(document) {
        Ok(oddities) => oddities,
        Err(error) => {
            return vec![Check::failed(AREA, "mode", Verdict::Warning, of_store(error))];
        }
    };
    let is_private = !oddities.contains(&Oddity::ReadableByOthers);
    let mut checks = Vec::new();
    if is_private && cfg!(unix) && !is_in_vault(store) {
        checks.push(Check::new(AREA, "mode", Verdict::Good, "no other user may read it"));
    }
    checks.extend(oddities.iter().map(|oddity| odd(store, oddity)));
    checks
}

fn odd(store: &AuthStore, oddity: &Oddity) -> Check {
    if *oddity == Oddity::ReadableByOthers {
        let path = store.location().to_string();
        return Check::new(AREA, "mode", Verdict::Warning, "other users may read the file")
            .remedy(format!("chmod 600 {}", shell_word(&path)));
    }
    Check::new(AREA, "unusual", Verdict::Note, oddity.to_string())
}

fn lock(store: &AuthStore) -> Check {
    match store.is_locked() {
        Ok(false) => Check::new(AREA, "lock", Verdict::Good, "no other program is using it"),
        Ok(true) => {
            let holder = store.holder().map(|holder| holder.to_string());
            let holder = holder.as_deref().unwrap_or("another program");
            let found = format!("{holder} is using it right now");
            Check::new(AREA, "lock", Verdict::Note, found).remedy(
                "a sign-in waits 45 seconds for it; if it stays like this, end that program",
            )
        }
        Err(error) => {
            let works = matches!(error, Error::NoLocks { .. });
            let verdict = if works { Verdict::Warning } else { Verdict::Problem };
            Check::failed(AREA, "lock", verdict, of_store(error))
        }
    }
}
