use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};
use tokio_postgres::types::Type;

use super::clock::Moment;
use super::query::{Database, STATEMENT_TIMEOUT};
use crate::Error;

/// How long a claim lasts, by the clock of the database.
pub(crate) const CLAIM: Duration = Duration::from_secs(90);

macro_rules! columns {
    () => {
        "version, document, claimed_by, \
         extract(epoch FROM claimed_until - now())::float8 AS remaining, \
         extract(epoch FROM now())::float8 AS read_at"
    };
}

const READ: &str = concat!("SELECT ", columns!(), " FROM login_cli.sign_ins WHERE name = $1");

/// A database that confirms a commit before it is on the disk, and on the standby, would forget a claim, or the
/// only copy of the new token. A stronger setting stays. The server gives up waiting for a lock of the row before this
/// process does: one that waits does not notice that its client has gone, and keeps its connection. The settings last
/// until the end of the statement.
macro_rules! durable {
    ($set:literal, $condition:literal, $columns:expr) => {
        concat!(
            "UPDATE login_cli.sign_ins SET ",
            $set,
            " FROM (SELECT set_config('synchronous_commit', \
             CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply' \
             ELSE 'on' END, true) || set_config('lock_timeout', '5s', true) || \
             set_config('client_min_messages', 'warning', true) AS value OFFSET 0) AS durable \
             WHERE name = $1 AND durable.value IS NOT NULL",
            $condition,
            " RETURNING ",
            $columns
        )
    };
}

/// After the time `$5` it claims nothing: this process has given up by then, and the claim would be of no process.
const CLAIM_ROW: &str = durable!(
    "claimed_by = $3, claimed_until = now() + $4 * interval '1 s'",
    " AND version = $2 AND (claimed_until IS NULL OR claimed_until < now()) \
     AND extract(epoch FROM clock_timestamp())::float8 < $5",
    "version"
);

/// Replaces the document `$6`, and no other: in a database that went back, another one can have the same version. Ends the
/// claim `$4`, and no other. What its caller still has (`$5` is false) does not replace what somebody else has claimed,
/// until that claim has ended: this statement may arrive long after the claim was given back.
const STORE: &str = durable!(
    "version = version + 1, document = $3, claimed_by = nullif(claimed_by, $4), \
     claimed_until = CASE WHEN claimed_by = $4 THEN NULL ELSE claimed_until END",
    " AND version = $2 AND document IS NOT DISTINCT FROM $6 AND ($5 OR (claimed_by = $4) IS NOT FALSE OR claimed_until < now())",
    "version"
);

/// Changes nothing, and returns when the row that it returns is durable. After a crash, a server has what it has not
/// confirmed: a standby that takes over then may not have it.
const READ_DURABLE: &str = durable!("version = version", "", columns!());

const GIVE_BACK: &str =
    durable!("claimed_by = NULL, claimed_until = NULL", " AND claimed_by = $2", "version");

/// A row of the table.
pub(crate) struct StoredRow {
    pub(crate) version: i64,
    /// Before the statement was sent: it says what the row had then, or later.
    pub(crate) asked: Moment,
    /// The sealed sign-in; `None` after a logout.
    pub(crate) document: Option<Vec<u8>>,
    claimed_by: Option<String>,
    /// Negative after its end.
    remaining: Option<f64>,
    /// In seconds, by the clock of the database.
    read_at: f64,
}

impl StoredRow {
    /// Who holds the claim that has not ended, and for how long.
    pub(crate) fn holder(&self) -> Option<token_source::Holder> {
        let remaining = self.remaining.filter(|remaining| *remaining >= 0.0)?;
        let remaining = Duration::try_from_secs_f64(remaining).ok()?;
        let name = self.claimed_by.as_deref()?;
        let name = name.rsplit_once(' ').map_or(name, |(name, _)| name).to_owned();
        Some(token_source::Holder { name, held_for: CLAIM.saturating_sub(remaining) })
    }
}

/// A claim of this process.
#[derive(Debug)]
pub(crate) struct Claim {
    name: String,
    /// Differs in each claim.
    by: String,
    version: i64,
    /// Before the statement was sent, so that the claim ends no earlier than this says.
    made: Moment,
    /// When this process no longer waits for the answer, in seconds by the clock of the database.
    deadline: f64,
}

impl Database {
    /// The names of the rows that the user can use.
    ///
    /// # Errors
    ///
    /// Why they cannot be read.
    pub async fn row_names(&self) -> Result<Vec<String>, Error> {
        const NAMES: &str = "SELECT array_agg(name) FROM login_cli.sign_ins";
        let row = self.query_idempotent(NAMES, &[]).await?;
        let names = row.map(|row| row.try_get::<_, Option<Vec<String>>>(0)).transpose();
        Ok(names.map_err(Error::Database)?.flatten().unwrap_or_default())
    }

    /// Reads the row; `None` if there is none for this user.
    pub(crate) async fn read(&self, name: &str) -> Result<Option<StoredRow>, Error> {
        self.read_with(READ, name).await
    }

    /// Reads the row as it stays, even if a standby takes over.
    pub(crate) async fn read_durable(&self, name: &str) -> Result<Option<StoredRow>, Error> {
        self.read_with(READ_DURABLE, name).await
    }

    async fn read_with(&self, statement: &str, name: &str) -> Result<Option<StoredRow>, Error> {
        let asked = Moment::now();
        let row = self.query_idempotent(statement, &[(&name, Type::TEXT)]).await?;
        let row = row.map(|row| {
            Ok(StoredRow {
                version: row.try_get("version")?,
                asked,
                document: row.try_get("document")?,
                claimed_by: row.try_get("claimed_by")?,
                remaining: row.try_get("remaining")?,
                read_at: row.try_get("read_at")?,
            })
        });
        row.transpose().map_err(Error::Database)
    }

    /// True if the row is claimed now, false if another process has been faster, or the row was read too long ago. After an
    /// error the outcome is unknown.
    pub(crate) async fn claim(&self, claim: &Claim) -> Result<bool, Error> {
        let Claim { name, by, version, deadline, .. } = claim;
        let lifetime = CLAIM.as_secs_f64();
        let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 5] = [
            (name, Type::TEXT),
            (version, Type::INT8),
            (by, Type::TEXT),
            (&lifetime, Type::FLOAT8),
            (deadline, Type::FLOAT8),
        ];
        match self.query(CLAIM_ROW, &parameters).await {
            Ok(row) => Ok(row.is_some()),
            Err(Error::Busy { .. }) => Ok(false),
            // Whether it was committed is unknown: the row says so.
            Err(error) if error.is_transient() => self.is_claimed(claim).await.ok_or(error),
            Err(error) => Err(error),
        }
    }

    /// `None` if it is unknown, or if another version was stored after the claim: this process has read an older one,
    /// whose refresh token is used up.
    async fn is_claimed(&self, claim: &Claim) -> Option<bool> {
        let row = self.read_durable(&claim.name).await.ok()??;
        match row.claimed_by.as_deref() == Some(&claim.by) {
            true => (row.version == claim.version).then_some(true),
            false => Some(false),
        }
    }

    /// Gives the claim back. The document is unchanged.
    pub(crate) async fn give_back(&self, claim: &Claim) -> Result<(), Error> {
        let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
            [(&claim.name, Type::TEXT), (&claim.by, Type::TEXT)];
        self.query_idempotent(GIVE_BACK, &parameters).await.map(drop)
    }

    /// Stores a document that is sealed for the version after that of the claim in place of the one `before`, unless the
    /// row has something else, or somebody else has claimed it and this is not the only copy of a token. True if it is
    /// stored. After an error the outcome is unknown.
    pub(crate) async fn store(
        &self,
        claim: &Claim,
        before: Option<&[u8]>,
        document: Option<&[u8]>,
        is_only_copy: bool,
    ) -> Result<bool, Error> {
        let Claim { name, by, version, .. } = claim;
        let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 6] = [
            (name, Type::TEXT),
            (version, Type::INT8),
            (&document, Type::BYTEA),
            (by, Type::TEXT),
            (&is_only_copy, Type::BOOL),
            (&before, Type::BYTEA),
        ];
        Ok(self.query(STORE, &parameters).await?.is_some())
    }
}

impl Claim {
    /// A claim of what was read, which begins now. `holder` is the name of this process, for the others.
    pub(crate) fn new(name: &str, read: &StoredRow, holder: &str) -> Result<Self, Error> {
        let by = format!("{holder} {:016x}", nonce()?);
        let (version, deadline) = (read.version, read.read_at + STATEMENT_TIMEOUT.as_secs_f64());
        Ok(Self { name: name.to_owned(), by, version, made: Moment::now(), deadline })
    }

    pub(crate) fn age(&self) -> Duration {
        self.made.elapsed()
    }

    /// The version that the next document replaces.
    pub(crate) fn version(&self) -> i64 {
        self.version
    }

    pub(crate) fn set_version(&mut self, version: i64) {
        self.version = version;
    }
}

fn nonce() -> Result<u64, Error> {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes).map_err(|_| Error::Key(crate::SealError::Crypto))?;
    Ok(u64::from_ne_bytes(bytes))
}
