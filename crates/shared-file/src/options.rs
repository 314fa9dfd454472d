use std::ffi::{OsStr, OsString};

/// The largest content in bytes: a hostile file must not fill the memory.
pub const SIZE_LIMIT: u64 = 1024 * 1024;

/// The names of a file and of those beside it, and what its content may be.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) name: OsString,
    pub(crate) locks: Vec<OsString>,
    pub(crate) label: &'static str,
    pub(crate) is_successor: fn(&[u8], &[u8]) -> bool,
}

pub(crate) fn with_suffix(name: &OsStr, suffix: &str) -> OsString {
    let mut name = name.to_owned();
    name.push(suffix);
    name
}
