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
    /// A crash, but not a failover to a standby that does not have the newest token: none is synchronous.
    AsynchronousStandby,
}

const SETTINGS: &str = "SELECT current_setting('fsync') = 'on' AS has_fsync, \
     current_setting('synchronous_standby_names') <> '' AS is_synchronous, \
     EXISTS (SELECT FROM pg_stat_replication) AS has_standby";

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
        Ok(match (is("has_fsync")?, is("has_standby")?, is("is_synchronous")?) {
            (false, ..) => Durability::NoFsync,
            (true, true, false) => Durability::AsynchronousStandby,
            _ => Durability::Durable,
        })
    }
}
