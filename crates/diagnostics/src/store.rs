use auth_store::{AuthDocument, AuthStore, Error, ErrorKind, Location, LockHolder, Warning};

use crate::codex_cli::{CodexObstacle, codex_obstacles};
use crate::host::Environment;
use crate::status::Status;

/// Whether the stored sign-in can be read, and a new one can be written.
#[derive(Debug)]
pub enum StoreFinding {
    /// A sign-in can be written.
    Writable {
        /// The location.
        location: Location,
        /// Whether the folder does not exist yet.
        is_missing: bool,
    },
    /// No sign-in can be written, or the stored data can neither be read nor replaced.
    Unusable(Error),
    /// The store does not respond.
    TimedOut,
    /// No sign-in is stored.
    NotSignedIn,
    /// A sign-in is stored.
    SignedIn {
        /// The stored document.
        document: AuthDocument,
        /// Whether it has expired and cannot be refreshed.
        has_ended: bool,
    },
    /// The stored data cannot be read. The next sign-in replaces it.
    Unreadable(Error),
    /// No other user may read the file.
    Private,
    /// Other users may read the file.
    ReadableByOthers(Location),
    /// Something unusual that works.
    Unusual(Warning),
    /// The file's properties cannot be read.
    Unknown(Error),
    /// Codex CLI does not use this file.
    IgnoredByCodex(CodexObstacle),
    /// No other program has a lock.
    Unlocked,
    /// Another program has a lock.
    Locked(Option<LockHolder>),
    /// The store cannot be locked.
    NotLockable(Error),
}

pub(crate) fn check(
    store: &AuthStore,
    variable: &Environment<'_>,
    has_ended: impl Fn(&AuthDocument) -> bool,
) -> Vec<(Status, StoreFinding)> {
    let document = match store.load() {
        Ok(document) => document,
        Err(error) if is_replaceable(&error) => {
            let unreadable = (Status::Warning, StoreFinding::Unreadable(error));
            return vec![writable(store, false), unreadable, lock(store)];
        }
        Err(error) => return vec![(Status::Problem, StoreFinding::Unusable(error))],
    };
    let mut checks = vec![writable(store, document.is_some())];
    let properties = document.as_ref().map(|it| properties(store, it)).unwrap_or_default();
    checks.push(sign_in(document, has_ended));
    checks.extend(properties);
    let ignored = codex_obstacles(&store.location(), variable).into_iter();
    checks.extend(ignored.map(|it| (Status::Note, StoreFinding::IgnoredByCodex(it))));
    checks.push(lock(store));
    checks
}

/// Only a credential helper or a keyring can take so long.
pub(crate) fn timed_out() -> (Status, StoreFinding) {
    (Status::Problem, StoreFinding::TimedOut)
}

fn is_replaceable(error: &Error) -> bool {
    matches!(
        error,
        Error::Corrupt { replaceable: true, .. } | Error::TooLarge { replaceable: true, .. }
    )
}

fn is_file(store: &AuthStore) -> bool {
    matches!(store.location(), Location::File(_))
}

/// Tests a credential helper or a keyring with a temporary entry. Some helpers store only one entry, so there is no
/// test while there is a sign-in, or while another program has the lock.
fn writable(store: &AuthStore, has_document: bool) -> (Status, StoreFinding) {
    let is_untested = !is_file(store) && (has_document || store.is_locked().unwrap_or_default());
    let exists = if is_untested { Ok(true) } else { store.could_be_written() };
    match exists {
        Ok(exists) => {
            let (location, is_missing) = (store.location(), !exists && is_file(store));
            (Status::Ok, StoreFinding::Writable { location, is_missing })
        }
        Err(error) => (Status::Problem, StoreFinding::Unusable(error)),
    }
}

fn sign_in(
    document: Option<AuthDocument>,
    has_ended: impl Fn(&AuthDocument) -> bool,
) -> (Status, StoreFinding) {
    let Some(document) = document.filter(AuthDocument::is_signed_in) else {
        return (Status::Ok, StoreFinding::NotSignedIn);
    };
    let has_ended = has_ended(&document);
    let status = if has_ended { Status::Warning } else { Status::Ok };
    (status, StoreFinding::SignedIn { document, has_ended })
}

fn properties(store: &AuthStore, document: &AuthDocument) -> Vec<(Status, StoreFinding)> {
    let warnings = match store.warnings(document) {
        Ok(warnings) => warnings,
        Err(error) => return vec![(Status::Warning, StoreFinding::Unknown(error))],
    };
    let is_private = !warnings.contains(&Warning::ReadableByOthers);
    let private =
        (is_private && cfg!(unix) && is_file(store)).then(|| (Status::Ok, StoreFinding::Private));
    let unusual = warnings.into_iter().map(|warning| match warning {
        Warning::ReadableByOthers => {
            (Status::Warning, StoreFinding::ReadableByOthers(store.location()))
        }
        other => (Status::Note, StoreFinding::Unusual(other)),
    });
    private.into_iter().chain(unusual).collect()
}

fn lock(store: &AuthStore) -> (Status, StoreFinding) {
    match store.is_locked() {
        Ok(false) => (Status::Ok, StoreFinding::Unlocked),
        Ok(true) => (Status::Note, StoreFinding::Locked(store.holder())),
        Err(error) => {
            let works = error.kind() == ErrorKind::NoLocks;
            let status = if works { Status::Warning } else { Status::Problem };
            (status, StoreFinding::NotLockable(error))
        }
    }
}
