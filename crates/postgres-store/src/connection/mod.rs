//! How the database is found and reached.

mod error;
mod parameters;
mod url;

pub use error::InvalidParameters;
pub use parameters::Parameters;
