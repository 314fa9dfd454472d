//! `--store postgres://…`: a sign-in that several machines share, as a row of a database.
//!
//! `postgres-store` has the row, and `auth-store` the interface. Calls of that block, and may come from the runtime
//! of a command, so each call runs on a thread.

mod call;
mod claim;
mod document;
mod error;
mod row;
mod server;

pub(crate) use call::run;
pub(crate) use document::Stored;
pub(crate) use error::Error;
pub(crate) use row::PostgresRow;
pub(crate) use server::Server;
