//! The entry points of the fuzz targets in `fuzz/`. Only builds with `--cfg fuzzing` have them.

use crate::{AuthDocument, format};

/// Reads a document; `None` if it is refused.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<AuthDocument> {
    format::parse(bytes).ok()
}

/// The bytes of the file.
#[must_use]
pub fn serialize(document: &AuthDocument) -> Vec<u8> {
    format::serialize(document).map(|bytes| bytes.to_vec()).unwrap_or_default()
}
