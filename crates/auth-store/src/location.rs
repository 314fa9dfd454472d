use std::fmt;
use std::path::PathBuf;

/// The name of the document in the home folder.
pub(crate) const AUTH_JSON: &str = "auth.json";

/// Where a sign-in is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file.
    File(PathBuf),
    /// The external store of this name.
    External(String),
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::External(name) => name.fmt(f),
        }
    }
}
