use auth_store::{AuthDocument, AuthStore, Error, Holder, Location, Oddity};

use crate::check::{Check, Finding, Status};
use crate::codex_cli::{CodexObstacle, codex_obstacles};
use crate::host::Environment;

/// Whether the stored sign-in can be read, and another one written.
#[derive(Debug)]
pub enum StoreFinding {
    /// A sign-in can be written here.
    Writable {
        /// Where.
        location: Location,
        /// Whether the folder does not exist yet.
        is_missing: bool,
    },
    /// No sign-in can be written here, or what is here can neither be read nor replaced.
    Unusable(Error),
    /// What holds the credentials does not answer.
    TimedOut,
    /// No sign-in is stored.
    NotSignedIn,
    /// A sign-in is stored.
    SignedIn {
        /// What is stored.
        document: AuthDocument,
        /// Whether it has expired, and cannot be refreshed.
        has_ended: bool,
    },
    /// What is stored cannot be read. The next sign-in replaces it.
    Unreadable(Error),
    /// No other user may read the file.
    Private,
    /// Other users may read the file.
    ReadableByOthers(Location),
    /// What works and is not usual.
    Unusual(Oddity),
    /// The file's properties cannot be read.
    Unknown(Error),
    /// Codex CLI does not use this file.
    IgnoredByCodex(CodexObstacle),
    /// No other program has a lock.
    Unlocked,
    /// Another program has a lock.
    Locked(Option<Holder>),
    /// The place does not lock.
    NotLockable(Error),
}

pub(crate) fn check(
    store: &AuthStore,
    variable: &Environment<'_>,
    has_ended: impl Fn(&AuthDocument) -> bool,
) -> Vec<Check> {
    let document = match store.load() {
        Ok(document) => document,
        Err(error) if is_replaceable(&error) => {
            let unreadable = new(Status::Warning, StoreFinding::Unreadable(error));
            return vec![place(store, false), unreadable, lock(store)];
        }
        Err(error) => return vec![new(Status::Problem, StoreFinding::Unusable(error))],
    };
    let mut checks = vec![place(store, document.is_some())];
    let properties = document.as_ref().map(|it| properties(store, it)).unwrap_or_default();
    checks.push(sign_in(document, has_ended));
    checks.extend(properties);
    let ignored = codex_obstacles(&store.location(), variable).into_iter();
    checks.extend(ignored.map(|it| new(Status::Note, StoreFinding::IgnoredByCodex(it))));
    checks.push(lock(store));
    checks
}

/// Only a helper or a keyring takes so long.
pub(crate) fn timed_out() -> Check {
    new(Status::Problem, StoreFinding::TimedOut)
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

/// A helper or a keyring is tried with an entry of its own, which some keep in the place of the
/// sign-in for a moment. So it is not tried while there is a sign-in, or a program that writes one.
fn place(store: &AuthStore, has_document: bool) -> Check {
    let is_untried = !is_file(store) && (has_document || store.is_locked().unwrap_or_default());
    let exists = if is_untried { Ok(true) } else { store.could_be_written() };
    match exists {
        Ok(exists) => {
            let (location, is_missing) = (store.location(), !exists && is_file(store));
            new(Status::Ok, StoreFinding::Writable { location, is_missing })
        }
        Err(error) => new(Status::Problem, StoreFinding::Unusable(error)),
    }
}

fn sign_in(document: Option<AuthDocument>, has_ended: impl Fn(&AuthDocument) -> bool) -> Check {
    let Some(document) = document.filter(AuthDocument::is_signed_in) else {
        return new(Status::Ok, StoreFinding::NotSignedIn);
    };
    let has_ended = has_ended(&document);
    let status = if has_ended { Status::Warning } else { Status::Ok };
    new(status, StoreFinding::SignedIn { document, has_ended })
}

fn properties(store: &AuthStore, document: &AuthDocument) -> Vec<Check> {
    let oddities = match store.oddities(document) {
        Ok(oddities) => oddities,
        Err(error) => return vec![new(Status::Warning, StoreFinding::Unknown(error))],
    };
    let is_private = !oddities.contains(&Oddity::ReadableByOthers);
    let private = (is_private && cfg!(unix) && is_file(store))
        .then(|| new(Status::Ok, StoreFinding::Private));
    let unusual = oddities.into_iter().map(|oddity| match oddity {
        Oddity::ReadableByOthers => {
            new(Status::Warning, StoreFinding::ReadableByOthers(store.location()))
        }
        other => new(Status::Note, StoreFinding::Unusual(other)),
    });
    private.into_iter().chain(unusual).collect()
}

fn lock(store: &AuthStore) -> Check {
    match store.is_locked() {
        Ok(false) => new(Status::Ok, StoreFinding::Unlocked),
        Ok(true) => new(Status::Note, StoreFinding::Locked(store.holder())),
        Err(error) => {
            let works = matches!(error, Error::NoLocks { .. });
            let status = if works { Status::Warning } else { Status::Problem };
            new(status, StoreFinding::NotLockable(error))
        }
    }
}

fn new(status: Status, finding: StoreFinding) -> Check {
    Check::new(status, Finding::Store(finding))
}
