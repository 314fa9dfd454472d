//! A core dump of this program could have tokens in it.

/// The limit for core dumps that this process had when it started.
#[derive(Clone, Debug)]
pub(crate) struct CoreDumpLimit(#[cfg(unix)] rustix::process::Rlimit);

#[cfg(unix)]
impl CoreDumpLimit {
    /// From now on, a crash writes no core dump.
    pub(crate) fn lower_to_zero() -> Self {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Core);
        // Lowering the limit is always allowed.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..limit });
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
    pub(crate) fn lower_to_zero() -> Self {
        Self()
    }

    pub(crate) fn restore(&self) {}
}
