//! A user with a browser.

mod browser;
mod conduct;
mod error;
mod form;
mod trail;
mod visit;

pub use conduct::Conduct;
pub use error::PersonError;
pub use trail::{Step, Trail};
pub use visit::Person;
