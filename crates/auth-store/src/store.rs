use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::file::{self, Unkept};
use crate::format::Defect;
use crate::lock::{Patience, each_lock};
use crate::place::{AUTH_JSON, Content, Place, SIZE_LIMIT};
use crate::{AuthDocument, Error, check, folder, format};

/// The `auth.json` of one folder, `$CODEX_HOME`.
#[derive(Clone, Debug)]
pub struct AuthStore {
    codex_home: PathBuf,
    lock_wait: Duration,
}

/// A commit takes milliseconds; who holds a lock for longer than this does not commit.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// How often the change is made anew when a program that takes no lock writes at the same moment.
const ATTEMPTS: usize = 3;

impl AuthStore {
    /// The store in `codex_home`. Nothing is looked at yet.
    #[must_use]
    pub fn new(codex_home: PathBuf) -> Self {
        Self { codex_home, lock_wait: LOCK_WAIT }
    }

    /// Waits at most this long for the locks, instead of five seconds.
    #[must_use]
    pub fn with_lock_wait(self, lock_wait: Duration) -> Self {
        Self { lock_wait, ..self }
    }

    /// Where the document is, or will be.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.codex_home.join(AUTH_JSON)
    }

    /// Finds out whether a sign-in could be stored, so that nobody signs in for nothing. The folder
    /// is made, with mode 0700, and nothing else stays. A later save can still fail.
    ///
    /// # Errors
    ///
    /// [`Error::NotWritable`], or what else is wrong with the place.
    pub fn check_writable(&self) -> Result<(), Error> {
        let home = folder::open_or_make(&self.codex_home)?;
        let place = each_lock(home, check::lockable)?;
        if place.is_there()? {
            check::replaceable(&place)?;
        }
        check::room(&place)
    }

    /// Reads the document; `None` where there is none. No lock is needed: what the name stands for
    /// is always a whole document.
    ///
    /// # Errors
    ///
    /// [`Error::Corrupt`] and [`Error::TooLarge`] for a file that is not an `auth.json`, or what
    /// else is wrong with the place.
    pub fn load(&self) -> Result<Option<AuthDocument>, Error> {
        let Some(home) = folder::open(&self.codex_home)? else {
            return Ok(None);
        };
        let place = Place::find(home)?;
        document(&place, &place.read()?)
    }

    /// Changes the document, durably: when this returns, the new one survives a power loss. Where
    /// there is none, `change` gets an empty one.
    ///
    /// `change` runs under the locks, and again when another program, one that takes no lock, wrote
    /// meanwhile; what it returned last is returned.
    ///
    /// # Errors
    ///
    /// Any [`Error`]; only after [`Error::NotDurable`] is the new document in place.
    pub fn update<T>(&self, change: impl FnMut(&mut AuthDocument) -> T) -> Result<T, Error> {
        self.commit(change, |place, content| {
            Ok((document(place, content)?.unwrap_or_default(), None))
        })
        .map(|(outcome, _)| outcome)
    }

    /// Like [`update`](Self::update), for a new sign-in, which may replace a file that cannot be
    /// read: a copy of it stays beside the new one, as `auth.json.corrupt-TIME` with mode 0600, and
    /// its path is returned. `now` is in that name.
    ///
    /// # Errors
    ///
    /// Like [`update`](Self::update). A corrupt file behind a symbolic link is not replaced: it may
    /// well be something else than an `auth.json`.
    pub fn update_or_set_aside<T>(
        &self,
        now: Timestamp,
        change: impl FnMut(&mut AuthDocument) -> T,
    ) -> Result<(T, Option<PathBuf>), Error> {
        self.commit(change, |place, content| match document(place, content) {
            Err(Error::Corrupt { .. } | Error::TooLarge { .. }) if !place.is_linked() => {
                Ok((AuthDocument::default(), Some(file::set_aside(place, now)?)))
            }
            other => Ok((other?.unwrap_or_default(), None)),
        })
    }

    /// Locks, reads, changes and replaces. `read` makes a document of what was read, and may say
    /// that a copy of it is to be kept.
    fn commit<T>(
        &self,
        mut change: impl FnMut(&mut AuthDocument) -> T,
        read: impl for<'a> Fn(&'a Place, &Content) -> Result<(AuthDocument, Option<Unkept<'a>>), Error>,
    ) -> Result<(T, Option<PathBuf>), Error> {
        let (place, _locks) = self.lock()?;
        let mut attempt = || {
            let content = place.read()?;
            let (mut document, copy) = read(&place, &content)?;
            let outcome = change(&mut document);
            let bytes = format::serialize(&document)
                .map_err(|source| Error::NotWritable { path: place.path(), source })?;
            file::replace(&place, &content, &bytes)?;
            let copy = copy.map(Unkept::keep);
            file::flush_name(&place)?;
            Ok((outcome, copy))
        };
        for _ in 1..ATTEMPTS {
            match attempt() {
                Err(Error::Changed { .. }) => {}
                other => return other,
            }
        }
        attempt()
    }

    /// Takes the locks, and finds the place under them.
    fn lock(&self) -> Result<(Place, Vec<File>), Error> {
        let home = folder::open_or_make(&self.codex_home)?;
        let mut patience = Patience::new(self.lock_wait);
        let mut locks = Vec::new();
        let place = each_lock(home, |folder, name| {
            locks.push(patience.lock(folder, name)?);
            Ok(())
        })?;
        Ok((place, locks))
    }
}

fn document(place: &Place, content: &Content) -> Result<Option<AuthDocument>, Error> {
    let path = place.path();
    let bytes = match content {
        Content::Absent => return Ok(None),
        Content::TooLarge => {
            return Err(Error::TooLarge { path, limit: SIZE_LIMIT });
        }
        Content::Bytes(bytes) => bytes,
    };
    let corrupt = |Defect { line, column, field, problem }| Error::Corrupt {
        path,
        line,
        column,
        field,
        problem,
    };
    format::parse(bytes).map(Some).map_err(corrupt)
}
