//! A program that crashes may leave its memory in a file, and the tokens that are in it.

/// What this program was allowed before it was told not to.
#[cfg(unix)]
#[derive(Clone, Debug)]
pub(crate) struct Before(rustix::process::Rlimit);

/// From now on, no crash of this program leaves a file.
#[cfg(unix)]
pub(crate) fn forbid() -> Before {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let before = getrlimit(Resource::Core);
    // To lower it is always allowed; where it is not, there is nothing else to do.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..before });
    Before(before)
}

#[cfg(unix)]
impl Before {
    /// For a program that takes this one's place, and whose crashes are its own affair.
    pub(crate) fn restore(&self) {
        use rustix::process::{Resource, setrlimit};
        let _ = setrlimit(Resource::Core, self.0);
    }
}

/// There is nothing to forbid: crashes leave no file unless somebody has asked for one.
#[cfg(not(unix))]
#[derive(Clone, Debug)]
pub(crate) struct Before;

/// There is nothing to forbid: crashes leave no file unless somebody has asked for one.
#[cfg(not(unix))]
pub(crate) fn forbid() -> Before {
    Before
}

#[cfg(not(unix))]
impl Before {
    /// There is nothing to restore.
    pub(crate) fn restore(&self) {}
}
