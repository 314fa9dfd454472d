/// Why the database cannot be found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidParameters {
    /// The address does not begin with `postgres://` or `postgresql://`.
    #[error("the address of the database does not begin with postgres://")]
    NotAnAddress,
    /// The URL contains a password. Other programs can see it, for example in the list of processes.
    #[error("the address of the database contains a password")]
    PasswordInUrl,
    /// A parameter has a value that it cannot have.
    #[error("{name} has an invalid value")]
    InvalidValue {
        /// The keyword or the part of the URL.
        name: String,
    },
}
