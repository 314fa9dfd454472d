/// What a finding means for a sign-in, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Nothing is in its way.
    Ok,
    /// It works, and there is something to know.
    Note,
    /// It works, or something else than a sign-in does not.
    Warning,
    /// No sign-in can work.
    Problem,
}
