//! What `--store postgres://…` reads.

use std::path::PathBuf;

use super::{path_for_us, variable};
use crate::error::CliError;

/// The keys that seal and open a row.
///
/// # Errors
///
/// The variable has something that only a shell replaces.
pub(crate) fn store_key_file() -> Result<Option<PathBuf>, CliError> {
    const NAME: &str = "LOGIN_CLI_STORE_KEY_FILE";
    let path = variable(NAME).map(path_for_us).transpose();
    path.map_err(|problem| CliError::Variable { name: NAME, problem })
}

/// A folder of this user that is empty after a restart.
pub(crate) fn runtime_folder() -> Option<PathBuf> {
    variable("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|folder| folder.is_dir())
}

/// The name of this machine, for people.
pub(crate) fn host_name() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = super::text("COMPUTERNAME").unwrap_or_else(|| "?".to_owned());
    name
}
