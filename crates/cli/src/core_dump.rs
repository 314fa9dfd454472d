//! A core dump of this program could have tokens in it.

/// The limit for core dumps that this process had when it started.
#[derive(Clone, Debug)]
pub(crate) struct CoreDumpLimit(#[cfg(unix)] rustix::process::Rlimit);

/// Too small for a file. Linux gives the core dump to a program that `kernel.core_pattern` names whatever the
/// limit is, except if it is one byte (`do_coredump` in `fs/coredump.c`). Where the hard limit is zero already, it
/// cannot be raised to that.
#[cfg(unix)]
const LIMIT: u64 = if cfg!(target_os = "linux") { 1 } else { 0 };

#[cfg(unix)]
impl CoreDumpLimit {
    /// From now on, a crash writes no core dump.
    pub(crate) fn lower() -> Self {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Core);
        // Lowering the limit is always allowed, but it may be zero already.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(LIMIT), ..limit });
        Self(limit)
    }

    /// Restores the limit for a program that replaces this one.
    pub(crate) fn restore(&self) {
        use rustix::process::{Resource, setrlimit};
        let _ = setrlimit(Resource::Core, self.0);
    }
}

/// There are no core dumps unless they are configured.
#[cfg(not(unix))]
impl CoreDumpLimit {
    pub(crate) fn lower() -> Self {
        Self()
    }

    pub(crate) fn restore(&self) {}
}
