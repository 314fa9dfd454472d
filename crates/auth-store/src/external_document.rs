//! Reads and replaces the document in an external store.

use crate::file_location::{Content, SIZE_LIMIT};
use crate::{Error, ExternalStore, ExternalStoreError, Location};

pub(crate) fn failed(
    external: &impl AsRef<dyn ExternalStore>,
    source: ExternalStoreError,
) -> Error {
    Error::External { name: external.as_ref().name(), source }
}

pub(crate) fn read(external: &dyn ExternalStore) -> Result<Content, Error> {
    let failed = |source| Error::External { name: external.name(), source };
    Ok(match external.read().map_err(failed)? {
        None => Content::Absent,
        Some(bytes) if bytes.len() as u64 > SIZE_LIMIT => Content::TooLarge,
        Some(bytes) => Content::Bytes(bytes),
    })
}

/// No external store has compare-and-swap, so another machine that shares it can still write in
/// between.
pub(crate) fn replace(
    external: &dyn ExternalStore,
    snapshot: &Content,
    bytes: &[u8],
) -> Result<(), Error> {
    if read(external)? != *snapshot {
        return Err(Error::Changed { location: Location::External(external.name()) });
    }
    let name = external.name();
    external.write(bytes).map_err(|source| match may_have_written(&source) {
        true => Error::MayBeStored { name, source },
        false => Error::External { name, source },
    })
}

/// A store that was stopped before its answer may have stored the document.
fn may_have_written(error: &ExternalStoreError) -> bool {
    #[cfg(feature = "keyring")]
    if crate::keyring_store::is_timeout(error) {
        return true;
    }
    use credential_helper::Error::{Cancelled, TimedOut};
    matches!(error.downcast_ref(), Some(TimedOut { .. } | Cancelled { .. }))
}
