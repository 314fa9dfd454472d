use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use zeroize::Zeroizing;

use super::error::InvalidParameters;

/// Far more than any key or list of passwords.
const LARGEST: u64 = 1024 * 1024;

/// Reads a file with a secret, which other users must not have access to. A key of root may be readable for a group, as
/// libpq allows.
pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, InvalidParameters> {
    let failed = |source: io::Error| InvalidParameters::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;

        let mode = metadata.mode() & 0o777;
        let others = if metadata.uid() == 0 { 0o037 } else { 0o077 };
        if mode & others != 0 {
            return Err(InvalidParameters::Exposed { path: path.to_owned(), mode });
        }
    }
    // Large enough, so that it does not grow, which would leave copies.
    let size = usize::try_from(metadata.len().min(LARGEST)).unwrap_or_default();
    let mut text = Zeroizing::new(String::with_capacity(size + 1));
    file.take(LARGEST).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}
