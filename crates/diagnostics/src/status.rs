/// What a finding means for a sign-in, in ascending severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// A sign-in works.
    Ok,
    /// A sign-in works; there is something to know.
    Note,
    /// A sign-in may fail, or something else does not work.
    Warning,
    /// A sign-in fails.
    Problem,
}
