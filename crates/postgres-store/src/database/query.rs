use std::fmt;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{sleep, timeout};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, NoTls, Row, Socket};

use crate::connection::{Target, identity, targets};
use crate::{Error, Parameters};

/// A statement takes milliseconds; a connection that was cut off does not say so.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections of other processes end soon: for so long a process waits for a free one.
const FULL_ATTEMPTS: u32 = 12;
const FULL_PAUSE: Duration = Duration::from_millis(250);

/// A database, with a connection that is made when it is needed.
///
/// Its statements are neither prepared by name nor in a transaction of several, so that a connection pool in
/// transaction mode may be in between.
pub struct Database {
    targets: Vec<Target>,
    /// Names its cache.
    pub(crate) identity: String,
    client: Mutex<Option<Client>>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.targets.iter().flat_map(|it| it.config.get_hosts()).collect();
        f.debug_struct("Database").field("hosts", &hosts).finish_non_exhaustive()
    }
}

impl Database {
    /// No connection is made yet. Without a `password`, such as that of the variable `PGPASSWORD`, the password file
    /// has it.
    ///
    /// # Errors
    ///
    /// [`Error::Parameters`].
    pub fn new(parameters: &Parameters, password: Option<String>) -> Result<Self, Error> {
        let (targets, identity) = (targets(parameters, password)?, identity(parameters)?);
        Ok(Self { targets, identity, client: Mutex::new(None) })
    }

    /// Runs several statements as one transaction.
    ///
    /// # Errors
    ///
    /// Why the database cannot be used.
    pub async fn run(&self, sql: &str) -> Result<(), Error> {
        let client = self.connect().await?;
        within(STATEMENT_TIMEOUT, client.batch_execute(sql)).await
    }

    /// Runs one statement. After an error the next one gets a new connection.
    pub(super) async fn query(
        &self,
        sql: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Option<Row>, Error> {
        let mut kept = self.client.lock().await;
        let client = match kept.take().filter(|client| !client.is_closed()) {
            Some(client) => client,
            None => self.connect().await?,
        };
        let row = within(STATEMENT_TIMEOUT, client.query_typed_opt(sql, parameters)).await?;
        *kept = Some(client);
        Ok(row)
    }

    /// The next statement gets a new connection.
    pub(crate) fn forget_connection(&self) {
        if let Ok(mut kept) = self.client.try_lock() {
            *kept = None;
        }
    }

    async fn connect(&self) -> Result<Client, Error> {
        for _ in 1..FULL_ATTEMPTS {
            match self.connect_to_first().await {
                Err(Error::Full(_)) => sleep(FULL_PAUSE).await,
                other => return other,
            }
        }
        self.connect_to_first().await
    }

    /// The first host that can be used.
    async fn connect_to_first(&self) -> Result<Client, Error> {
        let mut first_error = None;
        for target in &self.targets {
            match target.connect().await {
                Ok(client) => return Ok(client),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or(Error::TimedOut { after: Duration::ZERO }))
    }
}

impl Target {
    async fn connect(&self) -> Result<Client, Error> {
        let limit = self.config.get_connect_timeout().copied().unwrap_or(STATEMENT_TIMEOUT);
        match self.tls.clone() {
            Some(tls) => Ok(drive(within(limit, self.config.connect(tls)).await?)),
            None => Ok(drive(within(limit, self.config.connect(NoTls)).await?)),
        }
    }
}

/// The connection is closed when the client is dropped.
fn drive<S>((client, connection): (Client, tokio_postgres::Connection<Socket, S>)) -> Client
where
    S: tokio_postgres::tls::TlsStream + Unpin + Send + 'static,
{
    tokio::spawn(connection);
    client
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Error> {
    Ok(timeout(limit, work).await.map_err(|_| Error::TimedOut { after: limit })??)
}
