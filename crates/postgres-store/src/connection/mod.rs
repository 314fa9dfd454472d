//! How the database is found and reached.

mod error;
mod home;
mod parameters;
mod password;
mod private_file;
mod service_file;
mod target;
mod tls;
mod url;

pub use error::InvalidParameters;
pub use parameters::Parameters;
pub(crate) use target::{Target, identity, targets};
