//! One refresh for any number of machines.

use std::path::Path;
use std::time::Duration;

use postgres_store::{
    Database, Error, ErrorKind, Keys, Options, Parameters, PostgresStore, StoredSignIn, setup_sql,
};
use tempfile::TempDir;
use token_source::{Refreshable as _, SharedStore as _, StoreGuard as _, TokenSource, TryLock};

use crate::fixture::{Network, Pool, Proxy, Server, Shutdown};
use crate::issuer::{CANARY, Issuer, SystemClock, Tokens, now};

const PASSWORD: &str = "canary-password-7d1e";

/// A database with the row `team-a`, its user `ci`, and the key.
pub(crate) struct Fleet {
    pub(crate) server: Server,
    pub(crate) folder: TempDir,
}

impl Fleet {
    pub(crate) fn start(test: &str) -> Option<Self> {
        Self::with_settings(test, &[])
    }

    pub(crate) fn with_settings(test: &str, settings: &[&str]) -> Option<Self> {
        let server = Server::with_settings(test, settings)?;
        server.create_user("ci");
        server.sql(&setup_sql("ci", &["team-a"]));
        let folder = tempfile::tempdir().unwrap();
        Keys::create(folder.path().join("keys")).unwrap();
        Some(Self { server, folder })
    }

    pub(crate) fn database(&self, port: u16) -> Database {
        let url = format!("postgres://ci@127.0.0.1:{port}/ops?sslmode=disable");
        database(&url).unwrap()
    }

    /// The store of a machine that reaches the database at a port.
    pub(crate) fn machine_at(&self, number: usize, port: u16) -> PostgresStore<Tokens> {
        self.new_machine(number, port, &self.folder.path().join("keys"))
    }

    pub(crate) fn machine_with_keys(&self, number: usize, keys: &Path) -> PostgresStore<Tokens> {
        self.new_machine(number, self.server.port(), keys)
    }

    fn new_machine(&self, number: usize, port: u16, keys: &Path) -> PostgresStore<Tokens> {
        PostgresStore::new(self.options(number, port, keys))
    }

    pub(crate) fn options(&self, number: usize, port: u16, keys: &Path) -> Options {
        Options {
            database: self.database(port),
            name: "team-a".to_owned(),
            keys: Keys::read(keys).unwrap(),
            folder: self.folder.path().join(format!("machine-{number}")),
            holder: format!("machine-{number}:17"),
            now,
        }
    }

    pub(crate) fn machine(&self, number: usize) -> PostgresStore<Tokens> {
        self.machine_at(number, self.server.port())
    }

    /// The claim of each process ends.
    pub(crate) fn expire_claim(&self) {
        self.server.sql("UPDATE login_cli.sign_ins SET claimed_until = now() - interval '1 s'");
    }

    pub(crate) fn claimed_by(&self) -> String {
        self.server.sql("SELECT claimed_by FROM login_cli.sign_ins")
    }
}

fn database(url: &str) -> Result<Database, Error> {
    let parameters = Parameters::resolve(url, |_| None)?;
    Database::new(&parameters, Some(PASSWORD.to_owned()))
}

pub(crate) async fn token(store: PostgresStore<Tokens>, issuer: &Issuer) -> String {
    let source = TokenSource::new(store, issuer.clone(), SystemClock);
    source.access_token().await.unwrap().expose().to_owned()
}

#[track_caller]
fn assert_refreshes(issuer: &Issuer, expected: u64) {
    let counts = issuer.counts();
    assert_eq!((counts.refreshes, counts.reused), (expected, 0));
}

/// With an expired token, every machine waits for the new one.
async fn assert_one_refresh(fleet: &Fleet, port: u16) {
    let issuer = Issuer::default();
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    let all = (0..20).map(|number| {
        let (store, issuer) = (fleet.machine_at(number, port), issuer.clone());
        async move { token(store, &issuer).await }
    });
    for token in futures_util::future::join_all(all).await {
        assert_eq!(token, format!("{CANARY}-access-1"));
    }
    assert_refreshes(&issuer, 1);
    assert_eq!(fleet.claimed_by(), "");
}

#[tokio::test]
async fn twenty_machines_refresh_once() {
    let Some(fleet) = Fleet::start("twenty machines") else { return };
    assert_one_refresh(&fleet, fleet.server.port()).await;
}

#[tokio::test]
async fn twenty_machines_refresh_once_through_a_pool_in_transaction_mode() {
    let Some(fleet) = Fleet::start("a pool of connections") else { return };
    let Some(pool) = Pool::start("a pool of connections", &fleet.server, &["ci"]) else { return };
    assert_one_refresh(&fleet, pool.port()).await;
}

#[tokio::test]
async fn database_and_dump_hold_no_token() {
    let Some(fleet) = Fleet::start("a dump") else { return };
    let issuer = Issuer::default();
    fleet.machine(0).save(Some(&Tokens::new(0, 60))).await.unwrap();
    token(fleet.machine(0), &issuer).await;
    let dump = fleet.server.dump();
    assert!(dump.contains("team-a") && !dump.contains(CANARY));
    let hex: String = CANARY.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(!dump.contains(&hex));
}

#[tokio::test]
async fn holder_of_a_claim_is_named_until_it_gives_it_back() {
    let Some(fleet) = Fleet::start("a claim") else { return };
    fleet.machine(0).save(Some(&Tokens::new(0, 60))).await.unwrap();
    let TryLock::Locked(guard) = fleet.machine(1).try_lock().await.unwrap() else { unreachable!() };
    let TryLock::Held(holder) = fleet.machine(2).try_lock().await.unwrap() else { unreachable!() };
    let holder = holder.unwrap();
    assert_eq!(holder.name, "machine-1:17");
    assert!(holder.held_for < Duration::from_secs(5), "{holder:?}");
    // As at a signal.
    drop(guard);
    assert_eq!(fleet.claimed_by(), "");
    let TryLock::Locked(mut guard) = fleet.machine(2).try_lock().await.unwrap() else {
        unreachable!()
    };
    guard.reserve(Duration::from_secs(30)).await.unwrap();
    let error = guard.reserve(Duration::from_secs(86)).await.unwrap_err();
    assert!(matches!(error, Error::ClaimTooOld { .. }), "{error:?}");
    // The refresh token may have been sent.
    drop(guard);
    assert_ne!(fleet.claimed_by(), "");
}

#[tokio::test]
async fn old_token_is_used_while_another_machine_refreshes() {
    let Some(fleet) = Fleet::start("a claim that stands") else { return };
    let issuer = Issuer::default();
    fleet.machine(0).save(Some(&Tokens::new(0, 60))).await.unwrap();
    let TryLock::Locked(guard) = fleet.machine(1).try_lock().await.unwrap() else { unreachable!() };
    assert_eq!(token(fleet.machine(2), &issuer).await, format!("{CANARY}-access-0"));
    assert_refreshes(&issuer, 0);
    guard.release().await;
}

#[tokio::test]
async fn claim_that_has_ended_is_taken_over() {
    let Some(fleet) = Fleet::start("a claim that has ended") else { return };
    let issuer = Issuer::default();
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    fleet.server.sql(
        "UPDATE login_cli.sign_ins SET claimed_by = 'x', claimed_until = now() - interval '1 s'",
    );
    assert_eq!(token(fleet.machine(1), &issuer).await, format!("{CANARY}-access-1"));
}

/// What the commit says is lost; what the row has counts.
#[tokio::test]
async fn lost_answer_to_a_claim_or_a_commit_loses_nothing() {
    let Some(fleet) = Fleet::start("a lost answer") else { return };
    for (number, statement) in
        ["SET claimed_by = $3", "SET version = version + 1"].into_iter().enumerate()
    {
        let issuer = Issuer::default();
        let network = Proxy::start(fleet.server.port());
        fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
        // It loses one answer.
        network.set(Network::LosesAnswerTo(statement));
        let token = token(fleet.machine_at(1 + number, network.port()), &issuer).await;
        assert_eq!(token, format!("{CANARY}-access-1"), "{statement}");
        assert_refreshes(&issuer, 1);
        assert_eq!(network.connections(), 2);
    }
}

#[tokio::test]
async fn database_that_restarts_during_the_request_loses_nothing() {
    let Some(mut fleet) = Fleet::start("a restart") else { return };
    for (number, how) in [Shutdown::Fast, Shutdown::Immediate].into_iter().enumerate() {
        fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
        let TryLock::Locked(mut guard) = fleet.machine(1).try_lock().await.unwrap() else {
            unreachable!()
        };
        let sign_in = guard.load().await.unwrap().unwrap();
        guard.reserve(Duration::from_secs(30)).await.unwrap();
        fleet.server.restart(how);
        let new = Tokens::new(1, 3600);
        let tokens = token_source::RefreshedTokens {
            access_token: new.access_token(),
            expires_at: Some(new.expires_at),
            ..Default::default()
        };
        let spent = sign_in.refresh_token().unwrap();
        guard.commit(sign_in, tokens, spent).await.unwrap();
        let stored = fleet.machine(2 + number).load().await.unwrap().unwrap();
        assert_eq!(stored.document().map(|it| it.number), Some(1), "{how:?}");
    }
}

#[tokio::test]
async fn rekey_seals_again_with_the_first_key() {
    let Some(fleet) = Fleet::start("a rotated key") else { return };
    fleet.machine(0).save(Some(&Tokens::new(7, 3600))).await.unwrap();
    assert!(!fleet.machine(0).rekey().await.unwrap());
    let before = fleet.machine(5);
    let old_keys = fleet.folder.path().join("old-keys");
    std::fs::copy(fleet.folder.path().join("keys"), &old_keys).unwrap();
    let without_key = fleet.machine_with_keys(6, &old_keys);
    Keys::add(fleet.folder.path().join("keys")).unwrap();
    assert!(fleet.machine(0).rekey().await.unwrap());
    assert!(!fleet.machine(0).rekey().await.unwrap());
    let stored = fleet.machine(1).load().await.unwrap().unwrap();
    assert_eq!(stored.document().map(|it| it.number), Some(7));
    // It reads the key file again.
    let stored = before.read().await.unwrap().unwrap();
    assert_eq!(stored.number, 7);
    assert_eq!(without_key.load().await.unwrap_err().kind(), ErrorKind::Key);
}

#[tokio::test]
async fn replayed_row_is_refused_by_the_trigger_and_by_each_machine() {
    let Some(fleet) = Fleet::start("a replayed row") else { return };
    let machine = fleet.machine(0);
    machine.save(Some(&Tokens::new(0, -1))).await.unwrap();
    fleet.server.sql("CREATE TABLE old AS SELECT version, document FROM login_cli.sign_ins");
    machine.save(Some(&Tokens::new(1, -1))).await.unwrap();
    let replay =
        "UPDATE login_cli.sign_ins SET (version, document) = (SELECT version, document FROM old)";
    let attempt = format!(
        "DO $$ BEGIN {replay}; RAISE 'replayed'; EXCEPTION WHEN check_violation THEN END $$"
    );
    fleet.server.sql(&attempt);
    fleet
        .server
        .sql(&format!("ALTER TABLE login_cli.sign_ins DISABLE TRIGGER check_version; {replay}"));
    assert_eq!(machine.load().await.unwrap_err().kind(), ErrorKind::WentBack);
    // The document of one version in another.
    fleet.server.sql("UPDATE login_cli.sign_ins SET version = 9");
    assert_eq!(machine.load().await.unwrap_err().kind(), ErrorKind::Changed);
}

#[tokio::test]
async fn cached_token_is_used_while_the_database_is_unreachable() {
    let Some(mut fleet) = Fleet::start("a database that is down") else { return };
    let machine = fleet.machine(0);
    // Due, so that it is not trusted without the database.
    machine.save(Some(&Tokens::new(3, 60))).await.unwrap();
    assert!(matches!(machine.load().await.unwrap(), Some(StoredSignIn::Document(_))));
    assert_eq!(machine.unchecked(), None);
    fleet.server.stop(Shutdown::Fast);
    assert!(matches!(machine.load().await.unwrap(), Some(StoredSignIn::Cached(_))));
    assert!(machine.unchecked().is_some());
    assert_eq!(fleet.machine(1).load().await.unwrap_err().kind(), ErrorKind::Unreachable);
}
