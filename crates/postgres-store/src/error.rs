use std::error::Error as _;
use std::time::Duration;

use token_source::Holder;
use tokio_postgres::error::SqlState;

use crate::{CacheError, InvalidParameters, SealError};

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The parameters of the connection cannot be used.
    #[error(transparent)]
    Parameters(#[from] InvalidParameters),
    /// There is no connection to the database.
    #[error("the database cannot be reached")]
    Unreachable(#[source] tokio_postgres::Error),
    /// The database does not answer.
    #[error("the database did not answer for {} s", after.as_secs())]
    TimedOut {
        /// How long this process waited.
        after: Duration,
    },
    /// Somebody has cancelled the wait of the database for its standby: a failover would lose what it has committed.
    #[error("the database has stopped waiting for its standby")]
    NotReplicated,
    /// The database has no connection left for this user.
    #[error("the database has no free connection")]
    Full(#[source] tokio_postgres::Error),
    /// The database refuses the login, or what the user wants to do.
    #[error("the database refuses access")]
    Refused(#[source] tokio_postgres::Error),
    /// The database, its table or its functions do not exist: `store init` creates them.
    #[error("the database is not set up for sign-ins")]
    NotSetUp(#[source] tokio_postgres::Error),
    /// The table has no row of this name that this user may use.
    #[error("the database has no row {name} for this user")]
    NoRow {
        /// The name of the row.
        name: String,
    },
    /// The connection is not trusted: the certificate, the name in it, or no TLS at all.
    #[error("there is no trusted connection to the database")]
    Tls(#[source] tokio_postgres::Error),
    /// The key file cannot be used, or does not have the key of this sign-in.
    #[error(transparent)]
    Key(SealError),
    /// The row was changed by something that does not have the key.
    #[error(transparent)]
    Changed(SealError),
    /// The row is sealed with the right key, but its content is not a sign-in of this program.
    #[error("the row {name} does not hold a sign-in of this program")]
    NotASignIn {
        /// The name of the row.
        name: String,
    },
    /// The row is older than one that this machine has seen.
    #[error(transparent)]
    WentBack(CacheError),
    /// The claim would end during the request. Nothing was sent.
    #[error("{} s after the claim, it is too late for a request of {} s", age.as_secs(), deadline.as_secs())]
    ClaimTooOld {
        /// How old the claim is.
        age: Duration,
        /// How long the request can take.
        deadline: Duration,
    },
    /// Another process has stored something else meanwhile.
    #[error("another process has changed the row {name}")]
    Overtaken {
        /// The name of the row.
        name: String,
    },
    /// Another process holds the claim or the lock of this machine, or a transaction holds the row.
    #[error("another process uses the sign-in for {} s", waited.as_secs())]
    Busy {
        /// How long this process waited.
        waited: Duration,
        /// That process, if it is on another machine.
        holder: Option<Holder>,
    },
    /// It is not known whether the sign-in is stored.
    #[error(transparent)]
    MayBeStored(Box<Self>),
    /// The answer to a refresh could not be stored. It had the only copy of the new refresh token, and the stored one is
    /// used up: sign in again. The source says on whose side the error is.
    #[error("the new refresh token could not be stored for {} s, and is lost", after.as_secs())]
    TokenLost {
        /// How long this process tried.
        after: Duration,
        /// The error of the last attempt.
        source: Box<Self>,
    },
    /// The database answers with an error that this program does not expect.
    #[error("the database reports an error")]
    Database(#[source] tokio_postgres::Error),
}

/// What an [`Error`] means for the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The address or a file of the connection.
    Parameters,
    /// No connection, or no answer. Later it may work.
    Unreachable,
    /// No free connection. Later it may work.
    Full,
    /// The login or a permission.
    Refused,
    /// The database, table or row does not exist.
    Missing,
    /// No trusted connection.
    Tls,
    /// The key file.
    Key,
    /// Something without the key has changed the row.
    Changed,
    /// The row is older than before.
    WentBack,
    /// Another process holds the claim, or the claim of this one became too old. Later it may work.
    Busy,
    /// An unexpected answer of the database.
    Other,
}

impl Error {
    /// What the error means.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Parameters(_) => ErrorKind::Parameters,
            Self::Unreachable(_) | Self::TimedOut { .. } | Self::NotReplicated => {
                ErrorKind::Unreachable
            }
            Self::Full(_) => ErrorKind::Full,
            Self::Refused(_) => ErrorKind::Refused,
            Self::NotSetUp(_) | Self::NoRow { .. } => ErrorKind::Missing,
            Self::Tls(_) => ErrorKind::Tls,
            Self::Key(_) => ErrorKind::Key,
            Self::Changed(_) | Self::NotASignIn { .. } => ErrorKind::Changed,
            Self::WentBack(_) => ErrorKind::WentBack,
            Self::ClaimTooOld { .. } | Self::Overtaken { .. } | Self::Busy { .. } => {
                ErrorKind::Busy
            }
            Self::MayBeStored(source) | Self::TokenLost { source, .. } => source.kind(),
            Self::Database(_) => ErrorKind::Other,
        }
    }

    /// Whether the same call may work later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::TokenLost { .. } => false,
            Self::MayBeStored(source) => source.is_transient(),
            _ => matches!(self.kind(), ErrorKind::Unreachable | ErrorKind::Full | ErrorKind::Busy),
        }
    }

    /// Whether waiting cannot help: the row was changed, or the database does not accept the value.
    pub(crate) fn is_final(&self) -> bool {
        match self {
            Self::Changed(_) | Self::NotASignIn { .. } => true,
            Self::Key(error) => matches!(error, SealError::Crypto),
            Self::Database(error) => {
                let class = error.code().and_then(|code| code.code().get(..2));
                matches!(class, Some("22" | "23"))
            }
            _ => false,
        }
    }
}

impl From<SealError> for Error {
    fn from(error: SealError) -> Self {
        match error {
            SealError::NotSealed | SealError::Tampered => Self::Changed(error),
            _ => Self::Key(error),
        }
    }
}

impl Error {
    /// The client library hides the type of these errors.
    fn from_client(error: tokio_postgres::Error) -> Self {
        let text = error.to_string();
        let source = error.source();
        let io = source.and_then(|source| source.downcast_ref::<std::io::Error>());
        let is_cut_off =
            io.is_some_and(|io| io.get_ref().is_none_or(|it| !it.is::<rustls::Error>()));
        if text.starts_with("error performing TLS handshake") && !is_cut_off {
            Self::Tls(error)
        } else if text.starts_with("authentication error")
            || text.starts_with("invalid configuration")
        {
            Self::Refused(error)
        } else {
            Self::Unreachable(error)
        }
    }
}

/// For how long a statement waits for a transaction that holds the row.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);

/// What PgBouncer says if it has no connection left; its code is that of any error of the protocol.
const POOL_IS_FULL: &str = "no more connections allowed";

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(database) = error.as_db_error() else {
            return Self::from_client(error);
        };
        let code = database.code();
        if *code == SqlState::TOO_MANY_CONNECTIONS || database.message().contains(POOL_IS_FULL) {
            return Self::Full(error);
        }
        if *code == SqlState::LOCK_NOT_AVAILABLE {
            return Self::Busy { waited: LOCK_TIMEOUT, holder: None };
        }
        let is_missing = [
            SqlState::INVALID_CATALOG_NAME,
            SqlState::UNDEFINED_TABLE,
            SqlState::UNDEFINED_COLUMN,
            SqlState::INVALID_SCHEMA_NAME,
        ];
        match code.code().get(..2) {
            _ if is_missing.contains(code) => Self::NotSetUp(error),
            _ if *code == SqlState::INSUFFICIENT_PRIVILEGE => Self::Refused(error),
            // Authorization; a restart, a lost connection, or too little memory or disk.
            Some("28") => Self::Refused(error),
            Some("08" | "53" | "57" | "58" | "25" | "40") => Self::Unreachable(error),
            _ => Self::Database(error),
        }
    }
}
