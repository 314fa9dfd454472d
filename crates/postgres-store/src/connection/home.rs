use std::path::PathBuf;

/// The folder with the files of libpq.
pub(super) fn home(variable: &impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    variable(if cfg!(windows) { "APPDATA" } else { "HOME" }).map(PathBuf::from)
}
