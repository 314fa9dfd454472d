//! What happens to a new refresh token that cannot be stored at once.

use std::fs;
use std::time::Duration;

use postgres_store::{ClaimGuard, Error, ErrorKind, Keys, StoredSignIn};
use token_source::{
    Commit, Refreshable as _, RefreshedTokens, SharedStore as _, StoreGuard as _, TryLock,
};

use crate::claims::Fleet;
use crate::fixture::{Network, Proxy, Shutdown};
use crate::issuer::Tokens;

type Guard = ClaimGuard<Tokens>;

/// The guard of a process that is about to send its refresh token.
async fn reserved(store: postgres_store::PostgresStore<Tokens>) -> (Guard, StoredSignIn<Tokens>) {
    let TryLock::Locked(mut guard) = store.try_lock().await.unwrap() else { unreachable!() };
    let sign_in = guard.load().await.unwrap().unwrap();
    guard.reserve(Duration::from_secs(30)).await.unwrap();
    (guard, sign_in)
}

/// The guard of a process whose claim has ended before its answer came.
async fn beyond_its_claim(fleet: &Fleet) -> (Guard, StoredSignIn<Tokens>) {
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    let guard = reserved(fleet.machine(1)).await;
    fleet.expire_claim();
    guard
}

/// Stores the tokens with this number.
async fn commit(
    (guard, sign_in): (Guard, StoredSignIn<Tokens>),
    number: u64,
) -> Result<Commit<StoredSignIn<Tokens>>, Error> {
    let new = Tokens::new(number, 3600);
    let tokens = RefreshedTokens {
        access_token: new.access_token(),
        refresh_token: new.refresh_token(),
        expires_at: Some(new.expires_at),
        ..RefreshedTokens::default()
    };
    let spent = sign_in.refresh_token().unwrap();
    guard.commit(sign_in, tokens, spent).await
}

impl Fleet {
    /// Puts a version of the row back that was copied to the table `old`.
    fn roll_back(&self) {
        self.server.sql(
            "SET session_replication_role = replica;
             UPDATE login_cli.sign_ins SET (version, document, claimed_by, claimed_until) =
               (SELECT version, document, NULL, NULL::timestamptz FROM old)",
        );
    }

    fn row(&self) -> String {
        self.server.sql("SELECT version || coalesce(claimed_by, '') FROM login_cli.sign_ins")
    }

    /// The claim of a process that has died, which ends after so many seconds, by a clock that may have changed.
    fn put_claim_of_dead_process(&self, seconds: u32) {
        self.server.sql(&format!(
            "SET session_replication_role = replica;
             UPDATE login_cli.sign_ins
               SET claimed_by = 'dead:17 00', claimed_until = now() + interval '{seconds} s'"
        ));
    }
}

#[tokio::test]
async fn database_that_stays_away_is_waited_for_ten_minutes_if_a_token_can_be_lost() {
    let Some(mut fleet) = Fleet::start("a database that stays away") else { return };
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    let machines = [fleet.machine(1), fleet.machine(2)];
    let TryLock::Locked(mut save) = machines[0].try_lock().await.unwrap() else { unreachable!() };
    fleet.expire_claim();
    let refresh = reserved(machines[1].clone()).await;
    fleet.server.stop(Shutdown::Immediate);
    for machine in machines {
        // The statement that follows needs a new connection.
        machine.status().await.unwrap_err();
    }
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    let error = save.store(Some(&Tokens::new(1, 60))).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable(_)) && error.is_transient(), "{error:?}");
    let waited = begun.elapsed().as_secs();
    assert!((30..90).contains(&waited), "{waited}");
    let error = commit(refresh, 1).await.unwrap_err();
    assert_eq!((error.kind(), error.is_transient()), (ErrorKind::Unreachable, false));
    let Error::TokenLost { after, .. } = error else { panic!("{error:?}") };
    assert!((600..660).contains(&after.as_secs()), "{after:?}");
}

#[tokio::test]
async fn sign_in_may_be_stored_only_if_its_statement_was_sent() {
    let Some(mut fleet) = Fleet::start("a sign-in that is not stored") else { return };
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    let network = Proxy::start(fleet.server.port());
    let machine = fleet.machine_at(1, network.port());
    let TryLock::Locked(mut guard) = machine.try_lock().await.unwrap() else { unreachable!() };
    fleet.server.sql(
        "ALTER ROLE ci NOLOGIN;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ci'",
    );
    machine.status().await.unwrap_err();
    let error = guard.store(Some(&Tokens::new(1, 60))).await.unwrap_err();
    assert!(matches!(error, Error::Refused(_)), "{error:?}");
    fleet.server.sql("ALTER ROLE ci LOGIN");

    network.set(Network::HoldsAnswerTo("SET version = version + 1"));
    let save = tokio::spawn(async move { guard.store(Some(&Tokens::new(1, 60))).await });
    while !fleet.row().starts_with('2') {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    fleet.server.stop(Shutdown::Immediate);
    tokio::time::pause();
    let error = save.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::MayBeStored(_)) && error.is_transient(), "{error:?}");
}

#[tokio::test]
async fn user_who_may_not_log_in_for_a_while_stores_the_token_afterwards() {
    let Some(fleet) = Fleet::start("a user who may not log in") else { return };
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    let network = Proxy::start(fleet.server.port());
    let refresh = reserved(fleet.machine_at(1, network.port())).await;
    fleet.server.sql(
        "ALTER ROLE ci NOLOGIN;
         SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ci'",
    );
    let commit = tokio::spawn(commit(refresh, 1));
    // Each attempt that is refused is a new connection.
    while network.connections() < 25 {
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(!commit.is_finished());
    }
    fleet.server.sql("ALTER ROLE ci LOGIN");
    assert!(matches!(commit.await.unwrap().unwrap(), Commit::Stored(_)));
    assert_eq!(fleet.row(), "2");
}

/// Its user belongs to another team for a while, or an administrator is about to restore the row.
#[tokio::test]
async fn row_that_is_not_there_for_a_while_gets_the_token_afterwards() {
    for (away, back) in [
        (
            "UPDATE login_cli.sign_ins SET team = 'other'",
            "UPDATE login_cli.sign_ins SET team = 'ci'",
        ),
        (
            "CREATE TABLE old AS TABLE login_cli.sign_ins; DELETE FROM login_cli.sign_ins",
            "INSERT INTO login_cli.sign_ins SELECT * FROM old",
        ),
    ] {
        let Some(fleet) = Fleet::start("a row that is not there") else { return };
        fleet.server.create_user("other");
        fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
        let refresh = reserved(fleet.machine(1)).await;
        fleet.server.sql(away);
        let commit = tokio::spawn(commit(refresh, 1));
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!commit.is_finished(), "{away}");
        fleet.server.sql(back);
        assert!(matches!(commit.await.unwrap().unwrap(), Commit::Stored(_)));
        assert_eq!(fleet.row(), "2");
    }
}

/// The statement of a process that has given up its claim arrives late.
#[tokio::test]
async fn sign_in_that_its_caller_still_has_does_not_end_the_claim_of_another_process() {
    let Some(fleet) = Fleet::start("a claim that was taken over") else { return };
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    let claim = async |number| {
        let TryLock::Locked(guard) = fleet.machine(number).try_lock().await.unwrap() else {
            unreachable!()
        };
        guard
    };
    let mut save = claim(1).await;
    fleet.server.sql("UPDATE login_cli.sign_ins SET claimed_by = NULL, claimed_until = NULL");
    let refresh = claim(2).await;
    let row = fleet.row();
    let document = Tokens::new(1, 60);
    let late = save.store(Some(&document));
    assert!(tokio::time::timeout(Duration::from_secs(1), late).await.is_err());
    assert_eq!(fleet.row(), row);
    refresh.release().await;
    assert!(save.store(Some(&document)).await.unwrap());
    assert_eq!(fleet.row(), "2");
}

/// Another process may be about to send the old token; nobody else shall send the new one beside it.
#[tokio::test]
async fn new_token_does_not_end_the_claim_of_another_process() {
    let Some(fleet) = Fleet::start("a commit in the claim of another process") else { return };
    let refresh = beyond_its_claim(&fleet).await;
    let TryLock::Locked(other) = fleet.machine(2).try_lock().await.unwrap() else { unreachable!() };
    assert!(matches!(commit(refresh, 1).await.unwrap(), Commit::Stored(_)));
    assert!(fleet.row().starts_with("2machine-2"), "{}", fleet.row());
    other.release().await;
    assert_eq!(fleet.row(), "2");
}

/// The claim has ended, and another machine has sealed the row with a key that this process has not read.
#[tokio::test]
async fn key_that_was_added_during_the_request_is_read() {
    let Some(fleet) = Fleet::start("a key that is added during a request") else { return };
    let folder = fleet.folder.path();
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    fs::copy(folder.join("keys"), folder.join("keys-1")).unwrap();
    let refresh = reserved(fleet.machine_with_keys(1, &folder.join("keys-1"))).await;
    fleet.expire_claim();
    Keys::add(folder.join("keys")).unwrap();
    assert!(fleet.machine(0).rekey().await.unwrap());
    let commit = tokio::spawn(commit(refresh, 1));
    // It has read the row, and lacks its key.
    let has_read = "SELECT count(*) FROM pg_stat_activity
                    WHERE usename = 'ci' AND query LIKE '%SET version = version FROM%'";
    while fleet.server.sql(has_read) == "0" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!commit.is_finished());
    fs::copy(folder.join("keys"), folder.join("keys-1")).unwrap();
    assert!(matches!(commit.await.unwrap().unwrap(), Commit::Stored(_)));
    let stored = fleet.machine(2).read().await.unwrap().unwrap();
    assert_eq!((stored.number, fleet.row()), (1, "3".to_owned()));
}

/// The row is sealed again during the request, and its tokens have a time of a clock that is ahead.
#[tokio::test]
async fn new_token_is_stored_though_the_old_one_seems_newer() {
    let Some(fleet) = Fleet::start("a clock that is ahead") else { return };
    fleet.machine(0).save(Some(&Tokens::opaque(0, 7200))).await.unwrap();
    let refresh = reserved(fleet.machine(1)).await;
    fleet.expire_claim();
    Keys::add(fleet.folder.path().join("keys")).unwrap();
    assert!(fleet.machine(0).rekey().await.unwrap());
    assert!(matches!(commit(refresh, 1).await.unwrap(), Commit::Stored(_)));
    assert_eq!(fleet.machine(2).read().await.unwrap().unwrap().number, 1);
}

#[tokio::test]
async fn database_that_went_back_during_the_request_gets_the_new_token() {
    let what = "a database that goes back during a request";
    for tokens in [Tokens::new, Tokens::opaque] {
        let Some(fleet) = Fleet::start(what) else { return };
        let machine = fleet.machine(0);
        machine.save(Some(&tokens(0, -100))).await.unwrap();
        fleet.server.sql("CREATE TABLE old AS SELECT version, document FROM login_cli.sign_ins");
        machine.save(Some(&tokens(1, -50))).await.unwrap();
        machine.save(Some(&tokens(2, -1))).await.unwrap();
        let refresh = reserved(fleet.machine(1)).await;
        fleet.roll_back();
        assert!(matches!(commit(refresh, 3).await.unwrap(), Commit::Stored(_)));
        // A machine that has seen version 3 accepts it.
        let stored = machine.read().await.unwrap().unwrap();
        assert_eq!((stored.number, fleet.row()), (3, "4".to_owned()));
    }
}

/// Its data are still to come.
#[tokio::test]
async fn database_that_was_set_up_again_during_the_request_gets_the_new_token() {
    let Some(fleet) = Fleet::start("a database that is set up again during a request") else {
        return;
    };
    fleet.machine(0).save(Some(&Tokens::new(0, -100))).await.unwrap();
    fleet.machine(0).save(Some(&Tokens::new(1, -1))).await.unwrap();
    let refresh = reserved(fleet.machine(1)).await;
    fleet.server.sql("DROP SCHEMA login_cli CASCADE");
    fleet.server.sql(&postgres_store::setup_sql("ci", &["team-a"]));
    assert!(matches!(commit(refresh, 2).await.unwrap(), Commit::Stored(_)));
    let stored = fleet.machine(0).read().await.unwrap().unwrap();
    assert_eq!((stored.number, fleet.row()), (2, "3".to_owned()));
}

#[tokio::test]
async fn logout_in_a_database_that_was_set_up_again_stays() {
    let Some(fleet) = Fleet::start("a logout in a database that is set up again") else { return };
    for number in 0..3 {
        fleet.machine(0).save(Some(&Tokens::new(number, -1))).await.unwrap();
    }
    let refresh = reserved(fleet.machine(1)).await;
    fleet.server.sql("DROP SCHEMA login_cli CASCADE");
    fleet.server.sql(&postgres_store::setup_sql("ci", &["team-a"]));
    fleet.machine(2).save(Some(&Tokens::new(8, 7200))).await.unwrap();
    fleet.machine(2).save(None::<&Tokens>).await.unwrap();
    let outcome = commit(refresh, 3).await.unwrap();
    assert!(matches!(outcome, Commit::Superseded { stored: None, .. }), "{outcome:?}");
    assert_eq!(fleet.row(), "2");
}

#[tokio::test]
async fn new_sign_in_in_a_database_that_went_back_stays() {
    for tokens in [Tokens::new, Tokens::opaque] {
        let Some(fleet) = Fleet::start("a new sign-in in an older database") else { return };
        fleet.machine(0).save(Some(&tokens(8, 7200))).await.unwrap();
        fleet.server.sql("CREATE TABLE old AS SELECT version, document FROM login_cli.sign_ins");
        fleet.machine(0).save(Some(&tokens(0, -1))).await.unwrap();
        let refresh = reserved(fleet.machine(1)).await;
        fleet.roll_back();
        let outcome = commit(refresh, 1).await.unwrap();
        assert!(matches!(outcome, Commit::Superseded { .. }), "{outcome:?}");
        assert_eq!(fleet.machine(2).read().await.unwrap().unwrap().number, 8);
    }
}

/// Its version is the one that was claimed.
#[tokio::test]
async fn new_sign_in_with_the_claimed_version_stays() {
    let Some(fleet) = Fleet::start("a new sign-in with the version of a claim") else { return };
    fleet.machine(0).save(Some(&Tokens::new(0, -100))).await.unwrap();
    fleet.server.sql("CREATE TABLE old AS SELECT version, document FROM login_cli.sign_ins");
    fleet.machine(0).save(Some(&Tokens::new(1, -1))).await.unwrap();
    let refresh = reserved(fleet.machine(1)).await;
    fleet.roll_back();
    fleet.expire_claim();
    fleet.machine(2).save(Some(&Tokens::new(8, 7200))).await.unwrap();
    assert_eq!(fleet.row(), "2");
    let outcome = commit(refresh, 2).await.unwrap();
    assert!(matches!(outcome, Commit::Superseded { .. }), "{outcome:?}");
    assert_eq!(fleet.machine(3).read().await.unwrap().unwrap().number, 8);
}

/// The claim of the sign-in has ended before its tokens came, and the process that claimed the row after it has died.
#[tokio::test]
async fn new_sign_in_is_stored_when_the_claim_of_a_dead_process_has_ended() {
    let Some(fleet) = Fleet::start("a claim of a dead process") else { return };
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    let TryLock::Locked(mut save) = fleet.machine(1).try_lock().await.unwrap() else {
        unreachable!()
    };
    fleet.put_claim_of_dead_process(1);
    assert!(save.store(Some(&Tokens::new(1, 60))).await.unwrap());
    let status = fleet.machine(2).status().await.unwrap();
    assert_eq!((status.version, status.holder), (2, None));
}

/// The clock of a standby that has taken over is behind that of the server before it.
#[tokio::test]
async fn claim_that_another_clock_has_made_long_stops_no_commit() {
    let Some(fleet) = Fleet::start("a claim of another clock") else { return };
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    let refresh = reserved(fleet.machine(1)).await;
    fleet.put_claim_of_dead_process(3600);
    assert!(matches!(commit(refresh, 1).await.unwrap(), Commit::Stored(_)));
    assert!(fleet.row().starts_with("2dead"), "{}", fleet.row());
}

/// Its refresh token is used up: another machine has refreshed it before this one knew that it is stored.
#[tokio::test]
async fn sign_in_that_may_have_a_successor_is_not_stored_again() {
    let Some(fleet) = Fleet::start("a successor of a sign-in") else { return };
    fleet.machine(0).save(Some(&Tokens::new(0, -1))).await.unwrap();
    let network = Proxy::start(fleet.server.port());
    let machine = fleet.machine_at(1, network.port());
    let TryLock::Locked(mut guard) = machine.try_lock().await.unwrap() else { unreachable!() };
    network.set(Network::HoldsAnswerTo("SET version = version + 1"));
    let save = tokio::spawn(async move { guard.store(Some(&Tokens::new(1, -1))).await });
    while fleet.row() != "2" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    fleet.machine(2).save(Some(&Tokens::new(2, 60))).await.unwrap();
    network.set(Network::Closes);
    network.set(Network::Works);
    let error = save.await.unwrap().unwrap_err();
    let Error::MayBeStored(error) = error else { panic!("{error:?}") };
    assert!(matches!(*error, Error::Overtaken { .. }), "{error:?}");
    assert_eq!(fleet.row(), "3");
}

/// The commit of a process whose claim had ended came first, and has kept the claim of the second one.
#[tokio::test]
async fn superseded_commit_gives_its_claim_back() {
    let Some(fleet) = Fleet::start("a commit that is superseded") else { return };
    let first = beyond_its_claim(&fleet).await;
    let second = reserved(fleet.machine(2)).await;
    assert!(matches!(commit(first, 1).await.unwrap(), Commit::Stored(_)));
    let outcome = commit(second, 2).await.unwrap();
    assert!(matches!(outcome, Commit::Superseded { .. }), "{outcome:?}");
    assert_eq!(fleet.row(), "2");
}
