use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use postgres_store::{
    Database, Keys, Options, Parameters, PostgresStore, StoreUnchecked, TokenCache,
};
use terminal_ui::{Terminal, from_now};

use super::call::run;
use super::{Error, Stored};
use crate::args::ProfileName;
use crate::environment::{self, now};
use crate::error::CliError;

/// The database that `--store` names, and what a machine needs to use it.
#[derive(Debug)]
pub(crate) struct Server {
    pub(super) url: String,
    key_file: Option<PathBuf>,
    /// For the cache and a lock, of this user.
    folder: PathBuf,
    pub(super) terminal: Terminal,
    /// One command prints the warning once.
    is_warned: AtomicBool,
}

impl Server {
    /// Nothing is read yet.
    ///
    /// # Errors
    ///
    /// A variable has an invalid path.
    pub(crate) fn new(
        url: String,
        codex_home: &std::path::Path,
        terminal: Terminal,
    ) -> Result<Self, CliError> {
        Ok(Self {
            url,
            key_file: environment::store_key_file()?,
            folder: environment::runtime_folder()
                .unwrap_or_else(|| codex_home.to_owned())
                .join("login-cli"),
            terminal,
            is_warned: AtomicBool::new(false),
        })
    }

    fn parameters(&self) -> Result<Parameters, Error> {
        let parameters = Parameters::resolve(&self.url, environment::text);
        Ok(parameters.map_err(postgres_store::Error::from)?)
    }

    pub(crate) fn database(&self) -> Result<Database, Error> {
        Ok(Database::new(&self.parameters()?, environment::text("PGPASSWORD"))?)
    }

    /// The rows that the user of the database can use, as far as they are profiles.
    pub(crate) fn rows(&self) -> Result<Vec<ProfileName>, Error> {
        let names = run(self.database()?.row_names())?;
        let mut names: Vec<ProfileName> = names.iter().filter_map(|it| it.parse().ok()).collect();
        names.sort();
        Ok(names)
    }

    pub(crate) fn keys(&self) -> Result<Keys, Error> {
        let path = self.key_file.as_ref().ok_or(Error::NoKeyFile)?;
        Ok(Keys::read(path)?)
    }

    /// The cache of a row. It needs neither the database nor a key.
    pub(super) fn cache(&self, row: &str) -> Result<TokenCache, Error> {
        Ok(TokenCache::of_database(&self.folder, &self.parameters()?, row)?)
    }

    pub(super) fn store(&self, row: &str) -> Result<PostgresStore<Stored>, Error> {
        Ok(PostgresStore::new(Options {
            keys: self.keys()?,
            database: self.database()?,
            name: row.to_owned(),
            folder: self.folder.clone(),
            holder: format!("{}:{}", environment::host_name(), std::process::id()),
            now,
        }))
    }

    /// Warns once that the token could not be compared with that of the database.
    pub(super) fn warn(&self, unchecked: StoreUnchecked) {
        if !self.is_warned.swap(true, Ordering::Relaxed) {
            let now = now();
            let (checked, expires) =
                (from_now(unchecked.checked_at, now), from_now(unchecked.expires_at, now));
            self.terminal.warn(&format!(
                "the database cannot be reached: the cached access token is used, which was checked {checked} and \
                 expires {expires}"
            ));
        }
    }
}
