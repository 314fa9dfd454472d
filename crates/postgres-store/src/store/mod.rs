//! The store of `token-source`: one process per machine talks to the database, and claims the row.

mod guard;
mod held;
mod machine_lock;
mod postgres_store;
mod response;
mod row;
mod sign_in;

pub use guard::ClaimGuard;
pub use postgres_store::{Options, PostgresStore, RowStatus};
pub use sign_in::{Document, StoredSignIn};
