//! A user with a browser.

mod browser;
mod error;
mod form;
mod trail;
mod visit;

pub use error::PersonError;
pub use trail::{Step, Trail};
pub use visit::{Conduct, Person};
