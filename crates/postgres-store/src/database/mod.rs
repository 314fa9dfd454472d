//! The statements that are sent to the database, each a transaction of its own.

mod claim;
mod clock;
mod durability;
mod init;
mod query;

pub(crate) use claim::{CLAIM, Claim, StoredRow};
pub(crate) use clock::Moment;
pub use durability::Durability;
pub use init::setup_sql;
pub use query::Database;
