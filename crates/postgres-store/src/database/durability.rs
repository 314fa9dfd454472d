use super::query::Database;
use crate::Error;

/// What a commit of the database survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// A crash, and a failover if there is a standby.
    Durable,
    /// A crash of the process. One of the machine may lose the newest token: `fsync` is off.
    NoFsync,
    /// A crash of the process. One of the machine may damage the row: `full_page_writes` is off.
    NoFullPageWrites,
    /// A crash, but not a failover to a standby that does not have the newest token: none is synchronous.
    AsynchronousStandby,
}

/// A backup and a receiver of the log are no standbys. Most users do not see the state.
const SETTINGS: &str = "SELECT current_setting('fsync') = 'on' AS has_fsync, \
     current_setting('full_page_writes') = 'on' AS has_full_pages, \
     current_setting('synchronous_standby_names') <> '' AS is_synchronous, \
     EXISTS (SELECT FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup' \
     AND application_name NOT IN ('pg_basebackup', 'pg_receivewal')) AS has_standby";

impl Database {
    /// What a commit survives, by the settings of the database and its standbys now.
    ///
    /// # Errors
    ///
    /// Why the database cannot be used.
    pub async fn durability(&self) -> Result<Durability, Error> {
        let Some(row) = self.query_idempotent(SETTINGS, &[]).await? else {
            return Ok(Durability::Durable);
        };
        let is = |name| row.try_get::<_, bool>(name).map_err(Error::Database);
        Ok(if !is("has_fsync")? {
            Durability::NoFsync
        } else if !is("has_full_pages")? {
            Durability::NoFullPageWrites
        } else if is("has_standby")? && !is("is_synchronous")? {
            Durability::AsynchronousStandby
        } else {
            Durability::Durable
        })
    }
}
