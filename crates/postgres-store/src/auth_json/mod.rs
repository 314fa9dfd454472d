//! A row as the store of an `auth.json`: an [`ExternalStore`](auth_store::ExternalStore) with claims.
//!
//! Its calls block, and may come from the runtime of a command, so each call runs on a thread.

mod call;
mod claim;
mod database;
mod document;
mod error;
mod row;

pub use call::Calls;
pub use database::{AuthDatabase, AuthOptions, Notice};
pub use document::AuthJson;
pub use error::CallError;
pub use row::AuthRow;
