use std::fmt;
use std::future::poll_fn;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::config::Host;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{AsyncMessage, Client, Config, NoTls, Row, Socket};

use crate::connection::{Target, identity, targets};
use crate::{Error, ErrorKind, Parameters};

/// A statement takes milliseconds; a connection that was cut off does not say so.
pub(super) const STATEMENT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connections of other processes end soon: for so long a process waits for a free one.
const FULL_TIME: Duration = Duration::from_secs(3);
const FULL_PAUSE: Duration = Duration::from_millis(250);

/// A database, with a connection that is made when it is needed.
///
/// Its statements are neither prepared by name nor in a transaction of several, so that a connection pool in
/// transaction mode may be in between.
pub struct Database {
    targets: Vec<Target>,
    /// Names its cache.
    pub(crate) identity: String,
    connection: Mutex<Option<Connection>>,
}

struct Connection {
    client: Client,
    /// Whether a wait for the standby was cancelled.
    is_unreplicated: Arc<AtomicBool>,
}

/// What the server says about a commit that has not waited for the standby is a warning whose code any warning has, and
/// whose text depends on the language. This function of the server writes no other one.
const WAIT_FOR_STANDBY: &str = "SyncRepWaitForLSN";

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
        Ok(Self { targets, identity, connection: Mutex::new(None) })
    }

    /// Runs several statements as one transaction.
    ///
    /// # Errors
    ///
    /// Why the database cannot be used.
    pub async fn run(&self, sql: &str) -> Result<(), Error> {
        let connection = self.connect().await?;
        within(STATEMENT_TIMEOUT, connection.client.batch_execute(sql)).await
    }

    /// Runs one statement that has the same effect if it runs twice. The connection may have ended while it was idle: then
    /// the statement runs on a new one.
    pub(super) async fn query_idempotent(
        &self,
        sql: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Option<Row>, Error> {
        let was_idle = self.connection.lock().await.is_some();
        match self.query(sql, parameters).await {
            Err(error) if was_idle && error.kind() == ErrorKind::Unreachable => {
                self.query(sql, parameters).await
            }
            other => other,
        }
    }

    /// Runs one statement. After an error the next one gets a new connection.
    pub(super) async fn query(
        &self,
        sql: &str,
        parameters: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Option<Row>, Error> {
        let (mut kept, connection) = self.connected().await?;
        let row = connection.client.query_typed_opt(sql, parameters);
        let row = within(STATEMENT_TIMEOUT, row).await?;
        if connection.is_unreplicated.load(Ordering::Relaxed) {
            return Err(Error::NotReplicated);
        }
        *kept = Some(connection);
        Ok(row)
    }

    /// Connects, if there is no connection that works. After an error, nothing was sent.
    pub(crate) async fn ensure_connected(&self) -> Result<(), Error> {
        let (mut kept, mut connection) = self.connected().await?;
        // It may have ended while it was idle.
        if within(STATEMENT_TIMEOUT, connection.client.check_connection()).await.is_err() {
            connection = self.connect().await?;
        }
        *kept = Some(connection);
        Ok(())
    }

    /// The connection, and its place.
    async fn connected(&self) -> Result<(MutexGuard<'_, Option<Connection>>, Connection), Error> {
        let mut kept = self.connection.lock().await;
        let connection = match kept.take().filter(|it| !it.client.is_closed()) {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        Ok((kept, connection))
    }

    /// The next statement gets a new connection.
    pub(crate) fn forget_connection(&self) {
        if let Ok(mut kept) = self.connection.try_lock() {
            *kept = None;
        }
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let mut full_since = None;
        loop {
            match self.connect_to_first().await {
                Err(Error::Full(_))
                    if full_since.get_or_insert_with(Instant::now).elapsed() < FULL_TIME =>
                {
                    sleep(FULL_PAUSE).await;
                }
                other => return other,
            }
        }
    }

    /// The first host that can be used.
    async fn connect_to_first(&self) -> Result<Connection, Error> {
        let mut failed = None;
        for target in &self.targets {
            match target.connect().await {
                Ok(connection) => return Ok(connection),
                Err(error) => failed = Some(worth_a_retry(failed, error)),
            }
        }
        Err(failed.unwrap_or(Error::TimedOut { after: Duration::ZERO }))
    }
}

impl Target {
    /// Each address of the host has the connect timeout, as with libpq: the first one may be that of a server that is
    /// gone.
    async fn connect(&self) -> Result<Connection, Error> {
        let limit = self.config.get_connect_timeout().copied().unwrap_or(STATEMENT_TIMEOUT);
        let addresses = timeout(limit, self.addresses()).await;
        match &*addresses.map_err(|_| Error::TimedOut { after: limit })? {
            // What is wrong with the name, the client library says.
            [] => self.connect_with(&self.config, limit).await,
            addresses => self.connect_to(addresses, limit).await,
        }
    }

    /// Those that a resolver has for the name of the host.
    async fn addresses(&self) -> Vec<IpAddr> {
        let [Host::Tcp(name)] = self.config.get_hosts() else { return Vec::new() };
        if !self.config.get_hostaddrs().is_empty() {
            return Vec::new();
        }
        let found = lookup_host((name.as_str(), 0)).await;
        found.map(|found| found.map(|it| it.ip()).collect()).unwrap_or_default()
    }

    async fn connect_to(&self, addresses: &[IpAddr], limit: Duration) -> Result<Connection, Error> {
        let mut failed = None;
        for address in addresses {
            let mut config = self.config.clone();
            match self.connect_with(config.hostaddr(*address), limit).await {
                Ok(connection) => return Ok(connection),
                Err(error) => failed = Some(worth_a_retry(failed, error)),
            }
        }
        Err(failed.unwrap_or(Error::TimedOut { after: limit }))
    }

    async fn connect_with(&self, config: &Config, limit: Duration) -> Result<Connection, Error> {
        match self.tls.clone() {
            Some(tls) => Ok(drive(within(limit, config.connect(tls)).await?)),
            None => Ok(drive(within(limit, config.connect(NoTls)).await?)),
        }
    }
}

/// The connection is closed when the client is dropped.
fn drive<S>((client, mut connection): (Client, tokio_postgres::Connection<Socket, S>)) -> Connection
where
    S: tokio_postgres::tls::TlsStream + Unpin + Send + 'static,
{
    let is_unreplicated = Arc::<AtomicBool>::default();
    let cancelled = Arc::clone(&is_unreplicated);
    tokio::spawn(async move {
        // A notice comes before the result of its statement.
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if matches!(message, AsyncMessage::Notice(it) if it.routine() == Some(WAIT_FOR_STANDBY))
            {
                cancelled.store(true, Ordering::Relaxed);
            }
        }
    });
    Connection { client, is_unreplicated }
}

/// The first error, unless a later host only has too many connections: that passes.
fn worth_a_retry(first: Option<Error>, error: Error) -> Error {
    match (first, &error) {
        (Some(first @ Error::Full(_)), _) => first,
        (_, Error::Full(_)) | (None, _) => error,
        (Some(first), _) => first,
    }
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, Error> {
    Ok(timeout(limit, work).await.map_err(|_| Error::TimedOut { after: limit })??)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};

    /// A server that is gone does not refuse: nothing answers. Other systems have one loopback address.
    #[tokio::test]
    async fn each_address_of_a_host_has_the_connect_timeout() {
        let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = silent.local_addr().unwrap().port();
        let addresses = [1, 2, 3].map(|last| IpAddr::from(Ipv4Addr::new(127, 0, 0, last)));
        let mut config = Config::new();
        config.user("ci").host("db.test").port(port);
        let target = Target { config, tls: None };
        let limit = Duration::from_millis(200);
        // Nobody listens at the others, and an error that says so comes at once.
        let error = target.connect_to(&addresses, limit).await.err();
        assert!(matches!(error, Some(Error::TimedOut { after }) if after == limit), "{error:?}");
        let listener = tokio::net::TcpListener::bind((addresses[1], port)).await.unwrap();
        let (connected, _) = tokio::join!(listener.accept(), target.connect_to(&addresses, limit));
        assert!(connected.is_ok());
    }
}
