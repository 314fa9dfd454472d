//! No claim is left by a process that goes on, and what a machine knows while another process has the lock.

use std::fs;
use std::pin::Pin;
use std::time::Duration;

use postgres_store::{ClaimGuard, Error, ErrorKind, PostgresStore, StoredSignIn};
use token_source::{SharedStore as _, StoreGuard as _, TokenSource, TryLock};
use tokio::time::timeout;

use crate::claims::{Fleet, token};
use crate::fixture::{Network, Proxy, Shutdown};
use crate::issuer::{CANARY, Issuer, SystemClock, Tokens, now};

const CLAIM: &str = "SET claimed_by = $3";
/// What tells whether the claim was committed.
const CHECK: &str = "SET version = version FROM";

type Attempt = Pin<Box<dyn Future<Output = Result<TryLock<ClaimGuard<Tokens>>, Error>>>>;

/// An attempt whose claim is committed, and which does not know that.
async fn unanswered_attempt(fleet: &Fleet) -> Attempt {
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    let network = Proxy::start(fleet.server.port());
    network.set(Network::HoldsAnswerTo(CLAIM));
    let store = fleet.machine_at(1, network.port());
    let mut attempt: Attempt = Box::pin(async move { store.try_lock().await });
    while fleet.claimed_by().is_empty() {
        assert!(timeout(Duration::from_millis(10), &mut attempt).await.is_err());
    }
    attempt
}

#[tokio::test]
async fn attempt_that_is_dropped_after_its_claim_gives_it_back() {
    let Some(fleet) = Fleet::start("a dropped attempt to lock") else { return };
    drop(unanswered_attempt(&fleet).await);
    assert_eq!(fleet.claimed_by(), "");
}

#[tokio::test]
async fn claim_whose_outcome_stays_unknown_is_given_back() {
    let Some(fleet) = Fleet::start("a claim of unknown outcome") else { return };
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    let network = Proxy::start(fleet.server.port());
    network.set(Network::LosesAnswersTo(&[CLAIM, CHECK]));
    let error = fleet.machine_at(1, network.port()).try_lock().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert_eq!(network.state(), Network::Works, "the proxy lost two answers");
    assert_eq!(fleet.claimed_by(), "");
}

/// Its process has given up, and cannot give it back.
#[tokio::test]
async fn claim_that_arrives_late_claims_nothing() {
    let Some(fleet) = Fleet::start("a claim that arrives late") else { return };
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    let network = Proxy::start(fleet.server.port());
    network.set(Network::StallsAt(CLAIM));
    let store = fleet.machine_at(1, network.port());
    let attempt = tokio::spawn(async move { store.try_lock().await });
    while network.state() != Network::Stalls {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::pause();
    let error = attempt.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    // Longer than a process waits for an answer.
    fleet.server.sql("SELECT pg_sleep(10.5)");
    network.set(Network::Works);
    let connections = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'ci'";
    while fleet.server.sql(connections) != "0" {
        tokio::task::yield_now().await;
    }
    assert_eq!(fleet.claimed_by(), "");
}

/// Its own claim is on a newer version then, and what it has read has a token that is used up.
#[tokio::test]
async fn claim_is_not_used_if_a_late_commit_has_stored_another_version_meanwhile() {
    let Some(fleet) = Fleet::start("a commit after a claim of unknown outcome") else { return };
    let attempt = unanswered_attempt(&fleet).await;
    fleet.server.sql("UPDATE login_cli.sign_ins SET version = version + 1, document = 'later'");
    let error = attempt.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert_eq!(fleet.claimed_by(), "");
}

/// As after a sign-in, for which a person needs minutes.
#[tokio::test]
async fn connection_that_ended_while_it_was_idle_is_replaced() {
    let Some(mut fleet) = Fleet::start("an idle connection") else { return };
    let machine = fleet.machine(0);
    machine.save(Some(&Tokens::new(0, 60))).await.unwrap();
    for how in [Shutdown::Fast, Shutdown::Immediate] {
        fleet.server.restart(how);
        let attempt = machine.try_lock().await.unwrap();
        let TryLock::Locked(guard) = attempt else { unreachable!() };
        guard.release().await;
    }
}

#[tokio::test]
async fn reader_waits_for_a_database_that_restarts() {
    let Some(mut fleet) = Fleet::start("a read during a restart") else { return };
    let machine = fleet.machine(0);
    machine.save(Some(&Tokens::new(0, 60))).await.unwrap();
    fleet.server.stop(Shutdown::Fast);
    let mut read = Box::pin(machine.read());
    assert!(timeout(Duration::from_millis(100), &mut read).await.is_err());
    // It blocks this thread, and so the reader.
    fleet.server.resume();
    assert!(read.await.unwrap().is_some());
}

/// Such as that of an administrator, or of a commit that waits for a standby.
#[tokio::test]
async fn transaction_that_holds_the_row_leaves_no_statement_waiting() {
    // As by default: a server does not notice that a client has gone.
    let settings = ["client_connection_check_interval=0"];
    let Some(fleet) = Fleet::with_settings("a row that is locked", &settings) else { return };
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    let transaction = fleet.server.lock_rows();
    let attempt = fleet.machine(1).try_lock().await.unwrap();
    assert!(matches!(attempt, TryLock::Held(None)), "{attempt:?}");
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    assert_eq!(fleet.server.sql(waiting), "0");
    drop(transaction);
    assert_eq!(fleet.claimed_by(), "");
}

#[tokio::test]
async fn release_that_is_dropped_gives_the_claim_back() {
    let Some(fleet) = Fleet::start("a dropped release") else { return };
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    let network = Proxy::start(fleet.server.port());
    let TryLock::Locked(mut guard) = fleet.machine_at(1, network.port()).try_lock().await.unwrap()
    else {
        unreachable!()
    };
    guard.reserve(Duration::from_secs(30)).await.unwrap();
    // So that the release needs a new connection.
    network.set(Network::Closes);
    network.set(Network::Works);
    tokio::task::yield_now().await;
    assert!(timeout(Duration::ZERO, guard.release()).await.is_err());
    assert_eq!(fleet.claimed_by(), "");
}

/// No such version follows.
#[tokio::test]
async fn save_that_sends_nothing_gives_the_claim_back() {
    let Some(fleet) = Fleet::start("a save that fails") else { return };
    fleet.server.sql(&format!(
        "SET session_replication_role = replica; UPDATE login_cli.sign_ins SET version = {}",
        i64::MAX
    ));
    let error = fleet.machine(0).save(Some(&Tokens::new(0, 60))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed);
    assert_eq!(fleet.claimed_by(), "");
}

#[tokio::test]
async fn old_token_is_not_used_because_another_process_has_the_lock() {
    let Some(fleet) = Fleet::start("a lock that is held") else { return };
    let options = fleet.options(0, fleet.server.port(), &fleet.folder.path().join("keys"));
    let machine = fleet.machine(0);
    machine.save(Some(&Tokens::new(0, 3000))).await.unwrap();
    let TryLock::Locked(guard) = machine.try_lock().await.unwrap() else { unreachable!() };
    // Eleven minutes later.
    let later = PostgresStore::<Tokens>::new(postgres_store::Options {
        now: || crate::issuer::now() + Duration::from_secs(660),
        ..options
    });
    assert!(timeout(Duration::ZERO, later.load()).await.is_err(), "it waits");
    guard.release().await;
    assert!(matches!(later.load().await.unwrap(), Some(StoredSignIn::Document(_))));
}

/// That process has read the row before the logout, and is about to write what it had.
#[tokio::test]
async fn logout_is_remembered_although_another_process_is_writing_the_cache() {
    let Some(mut fleet) = Fleet::start("a cache that is written") else { return };
    let (machine, folder) = (fleet.machine(0), fleet.folder.path().join("machine-0"));
    machine.save(Some(&Tokens::new(0, 3600))).await.unwrap();
    let files = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let path = files.into_iter().find(|it| it.extension().is_some_and(|it| it == "lock"));
    let lock = fs::File::open(path.unwrap()).unwrap();
    lock.lock().unwrap();
    let logout = tokio::spawn(async move { machine.save(None).await });
    while fleet.server.sql("SELECT version FROM login_cli.sign_ins") == "1" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    drop(lock);
    logout.await.unwrap().unwrap();
    fleet.server.stop(Shutdown::Fast);
    assert_eq!(fleet.machine(0).load().await.unwrap_err().kind(), ErrorKind::Unreachable);
}

#[tokio::test]
async fn answer_that_came_late_is_as_old_as_its_question() {
    let Some(fleet) = Fleet::start("an answer that comes late") else { return };
    fleet.machine(0).save(Some(&Tokens::new(0, 3600))).await.unwrap();
    let network = Proxy::start(fleet.server.port());
    let machine = fleet.machine_at(1, network.port());
    machine.status().await.unwrap();
    network.set(Network::Stalls);
    let (begun, reader) = (now(), machine.clone());
    let read = tokio::spawn(async move { reader.read().await });
    tokio::time::sleep(Duration::from_secs(2)).await;
    network.set(Network::Works);
    read.await.unwrap().unwrap();
    let Some(StoredSignIn::Cached(token)) = machine.load().await.unwrap() else { unreachable!() };
    let age = token.checked_at.duration_since(begun);
    assert!(age.as_secs() < 1, "{age:?}");
}

#[tokio::test]
async fn warning_is_that_of_the_last_load() {
    let Some(mut fleet) = Fleet::start("a warning") else { return };
    let (machine, other) = (fleet.machine(0), fleet.machine(0));
    machine.save(Some(&Tokens::new(0, 60))).await.unwrap();
    fleet.server.stop(Shutdown::Fast);
    machine.load().await.unwrap();
    assert!(machine.unchecked().is_some());
    fleet.server.resume();
    other.save(Some(&Tokens::new(1, 3600))).await.unwrap();
    assert!(matches!(machine.load().await.unwrap(), Some(StoredSignIn::Cached(_))));
    assert_eq!(machine.unchecked(), None);
}

/// The cached token has no refresh token, which is not that of another sign-in.
#[tokio::test]
async fn rejected_refresh_of_a_cached_token_is_reported_as_rejected() {
    let Some(fleet) = Fleet::start("a rejected refresh") else { return };
    let issuer = Issuer::default();
    fleet.machine(0).save(Some(&Tokens::new(7, 3600))).await.unwrap();
    let source = TokenSource::new(fleet.machine(0), issuer, SystemClock);
    let error = source.refresh(&|_| {}).await.unwrap_err();
    assert!(matches!(error, token_source::Error::Rejected(_)), "{error:?}");
}

#[tokio::test]
async fn folder_that_cannot_be_used_does_not_stop_a_refresh() {
    let Some(fleet) = Fleet::start("a folder that cannot be used") else { return };
    let issuer = Issuer::default();
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    let keys = fleet.folder.path().join("keys");
    let options = fleet.options(1, fleet.server.port(), &keys);
    let store = PostgresStore::new(postgres_store::Options { folder: keys.join("a"), ..options });
    assert_eq!(token(store, &issuer).await, format!("{CANARY}-access-1"));
    assert_eq!(fleet.claimed_by(), "");
}
