use std::fmt;
use std::path::PathBuf;

use jiff::Timestamp;

use super::{AuthJson, CallError, Calls};
use crate::{Database, Keys, Options, Parameters, PostgresStore, StoreUnchecked, TokenCache};

/// A database for the sign-ins of a program, and what a machine needs to use it.
#[derive(Debug)]
pub struct AuthDatabase {
    pub(super) options: AuthOptions,
}

/// What an [`AuthDatabase`] needs.
pub struct AuthOptions {
    /// The address, as [`Parameters::resolve`] takes it.
    pub url: String,
    /// Looks up a variable of the environment, such as `PGPASSWORD`.
    pub variable: fn(&str) -> Option<String>,
    /// The keys that seal and open a row.
    pub key_file: Option<PathBuf>,
    /// As in [`Options::folder`].
    pub folder: PathBuf,
    /// As in [`Options::holder`].
    pub holder: String,
    /// The clock of this machine.
    pub now: fn() -> Timestamp,
    /// How calls are run.
    pub calls: Calls,
    /// Gets what a person should know.
    pub notify: Box<dyn Fn(Notice) + Send + Sync>,
}

/// What a person should know.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Notice {
    /// The database cannot be reached, and the cached access token is used.
    Unchecked(StoreUnchecked),
    /// The new tokens are not in the database yet, and only this process has them.
    CommitDelayed,
}

impl AuthDatabase {
    /// Nothing is read yet.
    #[must_use]
    pub fn new(options: AuthOptions) -> Self {
        Self { options }
    }

    fn parameters(&self) -> Result<Parameters, CallError> {
        Ok(Parameters::resolve(&self.options.url, self.options.variable)?)
    }

    /// The database. No connection is made yet.
    ///
    /// # Errors
    ///
    /// The parameters of the connection cannot be used.
    pub fn database(&self) -> Result<Database, CallError> {
        Ok(Database::new(&self.parameters()?, (self.options.variable)("PGPASSWORD"))?)
    }

    /// Reads the key file.
    ///
    /// # Errors
    ///
    /// [`CallError::NoKeyFile`], or why it cannot be used.
    pub fn keys(&self) -> Result<Keys, CallError> {
        let path = self.options.key_file.as_ref().ok_or(CallError::NoKeyFile)?;
        Ok(Keys::read(path)?)
    }

    /// The cache of a row. It needs neither the database nor a key.
    pub(super) fn cache(&self, row: &str) -> Result<TokenCache, CallError> {
        Ok(TokenCache::of_database(&self.options.folder, &self.parameters()?, row)?)
    }

    pub(super) fn store(&self, row: &str) -> Result<PostgresStore<AuthJson>, CallError> {
        let AuthOptions { folder, holder, now, .. } = &self.options;
        Ok(PostgresStore::new(Options {
            keys: self.keys()?,
            database: self.database()?,
            name: row.to_owned(),
            folder: folder.clone(),
            holder: holder.clone(),
            now: *now,
        }))
    }
}

impl fmt::Debug for AuthOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthOptions").field("url", &self.url).finish_non_exhaustive()
    }
}
