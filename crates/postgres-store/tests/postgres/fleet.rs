//! Several machines share a sign-in in a database.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use postgres_store::{Document as _, Keys, RowVersion, setup_sql};
use tempfile::TempDir;

use crate::fixture::{PASSWORD, Point, Pool, Process, Proxy, Server, TokenServer};
use crate::issuer::Tokens;
use crate::process::{DEADLINE, KEYS, MACHINE, PASSWORD_VARIABLE, POINTS, SERVER, STORE};

/// The name of the row.
pub(crate) const ROW: &str = "team-a";

/// A database with a sign-in whose access token has expired, a token server, and a network to the database.
pub(crate) struct Fleet {
    pub(crate) server: Server,
    pub(crate) tokens: TokenServer,
    pub(crate) network: Proxy,
    /// The key file, and the folder of each machine.
    folder: TempDir,
    pool: Option<Pool>,
}

impl Fleet {
    /// `None`, with a notice, if PostgreSQL is not installed.
    pub(crate) fn start(test: &str) -> Option<Self> {
        Self::with_settings(test, &[])
    }

    pub(crate) fn with_settings(test: &str, settings: &[&str]) -> Option<Self> {
        let server = Server::with_settings(test, settings)?;
        server.create_user("ci");
        server.sql(&setup_sql("ci", &[ROW]));
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        Keys::create(&keys).unwrap();
        let network = Proxy::start(server.port());
        let fleet = Self { server, tokens: TokenServer::start(), network, folder, pool: None };
        fleet.put_expired(0);
        Some(fleet)
    }

    /// Everything goes through PgBouncer; `None`, with a notice, if it is not installed.
    pub(crate) fn with_pool(test: &str) -> Option<Self> {
        let mut fleet = Self::start(test)?;
        let pool = Pool::start(test, &fleet.server, &["ci"])?;
        fleet.network = Proxy::start(pool.port());
        fleet.pool = Some(pool);
        Some(fleet)
    }

    /// From now on, this is the server of the network.
    pub(crate) fn use_server(&mut self, server: Server) {
        self.network.forward_to(server.port());
        self.server = server;
    }

    /// As if ten minutes had passed on a machine: what it has cached is no longer trusted. What it has seen stays.
    pub(crate) fn put_cache_out_of_date(&self, machine: usize) {
        for entry in fs::read_dir(self.machine(machine)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|it| it == "json") {
                let text = fs::read_to_string(&path).unwrap();
                let (before, rest) = text.split_once("\"checked_at\":\"").unwrap();
                let (_, after) = rest.split_once('"').unwrap();
                let text = format!("{before}\"checked_at\":\"2020-01-01T00:00:00Z\"{after}");
                fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
            }
        }
    }

    fn machine(&self, machine: usize) -> PathBuf {
        self.folder.path().join(format!("machine-{machine}"))
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    /// Stores a sign-in after so many refreshes, whose access token has expired, as the next version.
    pub(crate) fn put_expired(&self, refreshes: u32) {
        let version = 1 + self.version().parse::<i64>().unwrap();
        let keys = Keys::read(self.keys()).unwrap();
        let document = Tokens::new(refreshes.into(), -60).to_bytes();
        self.put(version, &keys.seal(RowVersion { name: ROW, version }, &document).unwrap());
    }

    /// Puts a document into the row, as the administrator.
    pub(crate) fn put(&self, version: i64, sealed: &[u8]) {
        let hex: String = sealed.iter().map(|byte| format!("{byte:02x}")).collect();
        self.server.sql(&format!(
            "SET session_replication_role = replica;
             UPDATE login_cli.sign_ins SET version = {version}, document = '\\x{hex}'"
        ));
    }

    /// The document of the row.
    pub(crate) fn document(&self) -> Vec<u8> {
        let hex = self.server.sql("SELECT encode(document, 'hex') FROM login_cli.sign_ins");
        let digits = hex.as_bytes().chunks(2).map(|it| std::str::from_utf8(it).unwrap());
        digits.map(|it| u8::from_str_radix(it, 16).unwrap()).collect()
    }

    /// How many refreshes the stored sign-in has.
    pub(crate) fn number(&self) -> u64 {
        let version = self.version().parse().unwrap();
        let opened = Keys::read(self.keys()).unwrap();
        let opened = opened.open(RowVersion { name: ROW, version }, &self.document()).unwrap();
        Tokens::parse(&opened).unwrap().number
    }

    pub(crate) fn version(&self) -> String {
        self.server.sql("SELECT version FROM login_cli.sign_ins")
    }

    /// As if the 90 seconds of the claim were over.
    pub(crate) fn expire_claim(&self) {
        self.server.sql("UPDATE login_cli.sign_ins SET claimed_until = now() - interval '1 s'");
    }

    /// Returns when a statement of a process waits for the standby.
    #[track_caller]
    pub(crate) fn wait_for_standby(&self) {
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE usename = 'ci' AND wait_event = 'SyncRep'";
        let begun = Instant::now();
        while self.server.sql(waiting) != "1" {
            assert!(begun.elapsed() < Duration::from_secs(30), "no statement waits");
        }
    }

    /// A process of a machine, which stops at these points.
    pub(crate) fn process(&self, machine: usize, points: &[Point]) -> Process {
        self.process_with_deadline(machine, points, 40)
    }

    /// A process whose request takes this many seconds at most.
    pub(crate) fn process_with_deadline(
        &self,
        machine: usize,
        points: &[Point],
        seconds: u32,
    ) -> Process {
        let port = self.network.port();
        let url = format!("postgres://ci@127.0.0.1:{port}/ops?sslmode=disable&connect_timeout=60");
        let machine = self.machine(machine);
        let points: Vec<_> = points.iter().map(|point| format!("{point:?}")).collect();
        let variables = [
            (STORE, url),
            (SERVER, self.tokens.address().to_owned()),
            (MACHINE, machine.display().to_string()),
            (KEYS, self.keys().display().to_string()),
            (PASSWORD_VARIABLE, PASSWORD.to_owned()),
            (POINTS, points.join(",")),
            (DEADLINE, seconds.to_string()),
        ];
        Process::start("process::process", variables)
    }

    /// The result of a process of a machine that does not stop.
    #[track_caller]
    pub(crate) fn result(&self, machine: usize) -> String {
        self.process(machine, &[]).result()
    }

    /// Asserts the state of the sign-in after a fault, and prints its row of the table. No claim stands any more
    /// when another machine asks for a token.
    #[track_caller]
    pub(crate) fn assert_outcome(&self, fault: &str, outcome: Outcome) {
        self.expire_claim();
        let result = self.result(99);
        let state = self.tokens.state();
        let found = match () {
            () if state.reuses > 0 => Outcome::Lost,
            () if result == format!("access-{}", state.refreshes) => Outcome::Kept,
            () => panic!("{fault}: {result}, {state:?}"),
        };
        let requests = state.requests;
        let text = format!("| {fault} | {requests} | {found:?} |\n").into_bytes();
        std::io::stderr().write_all(&text).unwrap();
        assert_eq!(found, outcome, "{fault}: {result}, {state:?}");
        if outcome == Outcome::Kept {
            assert_eq!(state.requests, state.refreshes, "{fault}: {state:?}");
        }
    }
}

/// What a fault costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The next process gets a token.
    Kept,
    /// The only copy of the new refresh token was in the process that was killed.
    Lost,
}
