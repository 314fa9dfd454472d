use std::path::PathBuf;
use std::time::Duration;

use shared_file::{LockedFile, SIZE_LIMIT};

use crate::external_entry::ExternalEntry;
use crate::source::{MAX_RESPONSE_GROWTH, Source};
use crate::{AuthDocument, Claim, Error};

/// Where the document is stored, under the locks. An external store has none, so its locks are files
/// as well.
pub(crate) enum Backend {
    File(LockedFile),
    /// Without the locks, there is a claim.
    External(ExternalEntry, Option<LockedFile>),
}

impl Backend {
    pub(crate) fn source(&self) -> Source {
        match self {
            Self::File(file) => Source::of_file(file.is_linked().then(|| file.path()), file.path()),
            Self::External(entry, _) => entry.source(),
        }
    }

    /// Reads the document. Finishes an interrupted save first; a write to an external store has no such
    /// state.
    pub(crate) fn load(&mut self) -> Result<Option<AuthDocument>, Error> {
        let source = self.source();
        match self {
            Self::File(file) => file.read(|bytes| source.parse(bytes)),
            Self::External(entry, _) => entry.load(),
        }
    }

    /// Checks that the locks are held, or that there is a claim, which needs none.
    pub(crate) fn check_locks(&self) -> Result<(), Error> {
        match self {
            Self::External(entry, _) if entry.is_claimed() => Ok(()),
            Self::External(_, None) => Ok(()),
            Self::File(file) | Self::External(_, Some(file)) => Ok(file.check_locks()?),
        }
    }

    /// Makes sure that a claim lasts longer than a request of this length.
    pub(crate) fn reserve_claim(&mut self, deadline: Duration) -> Result<(), Error> {
        match self {
            Self::File(_) => Ok(()),
            Self::External(entry, _) => entry.reserve_claim(deadline),
        }
    }

    /// The claim, for the one who ends it.
    pub(crate) fn take_claim(&mut self) -> Option<Box<dyn Claim>> {
        match self {
            Self::File(_) => None,
            Self::External(entry, _) => entry.take_claim(),
        }
    }

    /// Makes sure that a successor of the document can be written.
    pub(crate) fn reserve(&mut self) -> Result<(), Error> {
        let source = self.source();
        match self {
            Self::File(file) => {
                let stored = source.parse_replaceable(file.content().unwrap_or_default())?;
                Ok(file.reserve(source.length_to_come(&stored)? + MAX_RESPONSE_GROWTH)?)
            }
            Self::External(entry, _) => entry.reserve(),
        }
    }

    /// Copies a file that cannot be read, if a new sign-in may replace it. False if it may not.
    pub(crate) fn back_up(&mut self, suffix: &str) -> Result<bool, Error> {
        match self {
            Self::File(file) if !file.is_linked() => Ok(file.back_up(suffix).map(|()| true)?),
            _ => Ok(false),
        }
    }

    /// Replaces the document, durably. Returns the path of the backup.
    pub(crate) fn replace(&mut self, document: &AuthDocument) -> Result<Option<PathBuf>, Error> {
        let source = self.source();
        let bytes = source.serialize(document)?;
        // A longer document could not be read again.
        if bytes.len() as u64 > SIZE_LIMIT {
            return Err(source.would_be_too_large());
        }
        match self {
            Self::File(file) => Ok(file.replace(bytes)?),
            Self::External(entry, _) => entry.replace(bytes).map(|()| None),
        }
    }

    /// An external store is not checked: it was read a moment ago.
    pub(crate) fn check_removable(&self) -> Result<(), Error> {
        match self {
            Self::File(file) => Ok(file.check_removable()?),
            Self::External(..) => Ok(()),
        }
    }

    /// Removes the document, also an unreadable one, except behind a link, whose target may not be an
    /// `auth.json`. False if there was none.
    pub(crate) fn remove(&mut self) -> Result<bool, Error> {
        if let Self::File(file) = self
            && file.is_linked()
        {
            self.load()?;
        }
        match self {
            Self::File(file) => Ok(file.remove(b"{}")?),
            Self::External(entry, _) => entry.remove(),
        }
    }
}
