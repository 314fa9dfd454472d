//! What each fault costs: only a process that dies between sending the refresh token and storing its successor loses
//! the sign-in. `just fleet` prints the table.

use rustix::process::Signal;

use crate::fixture::{Network, Point, Proxy, Replication, Shutdown};
use crate::fleet::{Fleet, Outcome};

/// The text of the statement that stores the new tokens.
const STORE: &str = "SET version = version + 1";
const CLAIM: &str = "SET claimed_by = $3";

#[test]
fn process_killed_at_any_point_costs_only_the_request_that_it_sent() {
    for (fault, point, outcome) in [
        ("kill -9 after the claim", Point::Claimed, Outcome::Kept),
        ("kill -9 before the request", Point::Refreshing, Outcome::Kept),
        ("kill -9 after the answer, before the commit", Point::Answered, Outcome::Lost),
        ("kill -9 after the commit", Point::Refreshed, Outcome::Kept),
    ] {
        let Some(fleet) = Fleet::start(fault) else { return };
        let mut process = fleet.process(0, &[point]);
        process.wait_for(point);
        process.kill();
        fleet.assert_outcome(fault, outcome);
    }
}

#[test]
fn process_killed_during_the_request_loses_the_answer() {
    let fault = "kill -9 during the request";
    let Some(fleet) = Fleet::start(fault) else { return };
    fleet.tokens.hold();
    let process = fleet.process(0, &[]);
    fleet.tokens.wait_for(1);
    process.kill();
    fleet.tokens.release();
    fleet.assert_outcome(fault, Outcome::Lost);
}

/// The process was stopped for longer than the request may begin after the claim.
#[test]
fn process_that_was_stopped_beyond_its_claim_sends_nothing() {
    let fault = "SIGSTOP beyond the claim, before the request";
    let Some(fleet) = Fleet::start(fault) else { return };
    // Of the 90 s of the claim, 5 are left before the request.
    let mut process = fleet.process_with_deadline(0, &[Point::Claimed], 80);
    process.wait_for(Point::Claimed);
    process.signal(Signal::STOP);
    fleet.expire_claim();
    assert_eq!(fleet.result(1), "access-1");
    fleet.server.sql("SELECT pg_sleep(5.5)");
    process.signal(Signal::CONT);
    process.resume();
    let result = process.result();
    assert!(result.contains("ClaimTooOld"), "{result}");
    fleet.assert_outcome(fault, Outcome::Kept);
}

/// It keeps the lock of its machine.
#[test]
fn stopped_process_does_not_hide_a_new_token_from_its_machine() {
    let fault = "SIGSTOP beyond the claim, beside a process of the same machine";
    let Some(fleet) = Fleet::start(fault) else { return };
    let mut process = fleet.process(0, &[Point::Claimed]);
    process.wait_for(Point::Claimed);
    process.signal(Signal::STOP);
    fleet.expire_claim();
    assert_eq!(fleet.result(1), "access-1");
    assert_eq!(fleet.result(0), "access-1");
    process.kill();
    fleet.assert_outcome(fault, Outcome::Kept);
}

/// Nothing can prevent this: another machine sends the same token before the answer to it is stored.
#[test]
fn process_that_was_stopped_beyond_its_claim_after_the_answer_loses_the_sign_in() {
    for (fault, is_asked, outcome) in [
        (
            "SIGSTOP after the answer, beyond the claim; another machine refreshes",
            true,
            Outcome::Lost,
        ),
        ("SIGSTOP after the answer, beyond the claim; no other one does", false, Outcome::Kept),
    ] {
        let Some(fleet) = Fleet::start(fault) else { return };
        let mut process = fleet.process(0, &[Point::Answered]);
        process.wait_for(Point::Answered);
        process.signal(Signal::STOP);
        fleet.expire_claim();
        if is_asked {
            let result = fleet.result(1);
            assert!(result.contains("Rejected"), "{result}");
        }
        process.signal(Signal::CONT);
        process.resume();
        assert_eq!(process.result(), "access-1");
        fleet.assert_outcome(fault, outcome);
    }
}

/// A sign-in is lost only if the token server has answered, and the answer is not stored.
#[test]
fn twelve_processes_killed_at_random_moments_lose_only_an_answer_that_is_not_stored() {
    const SEED: u64 = 17;
    let fault = format!("12 processes killed at random moments (seed {SEED})");
    let Some(fleet) = Fleet::start(&fault) else { return };
    let mut random = fastrand::Rng::with_seed(SEED);
    let (mut refreshed, mut lost) = (0, 0);
    for round in 1..=12 {
        let before = fleet.tokens.state().refreshes;
        let process = fleet.process(round, &[]);
        fleet.server.sql(&format!("SELECT pg_sleep({})", random.f64() * 0.5));
        process.kill();
        fleet.expire_claim();
        let after = fleet.tokens.state().refreshes;
        refreshed += after - before;
        if fleet.number() < after.into() {
            lost += 1;
        } else {
            let result = fleet.result(100 + round);
            assert_eq!(result, format!("access-{}", fleet.tokens.state().refreshes));
        }
        // A new sign-in.
        fleet.put_expired(fleet.tokens.state().refreshes);
    }
    let fault = format!("{fault}: {refreshed} had an answer, {lost} had not stored it");
    fleet.assert_outcome(&fault, Outcome::Kept);
}

#[test]
fn process_that_was_stopped_during_the_request_stores_its_answer() {
    let fault = "SIGSTOP after the answer, within the claim";
    let Some(fleet) = Fleet::start(fault) else { return };
    let mut process = fleet.process(0, &[Point::Answered]);
    process.wait_for(Point::Answered);
    process.signal(Signal::STOP);
    let waiting = fleet.process(1, &[]);
    process.signal(Signal::CONT);
    process.resume();
    assert_eq!(process.result(), "access-1");
    assert_eq!(waiting.result(), "access-1");
    fleet.assert_outcome(fault, Outcome::Kept);
}

#[test]
fn database_that_restarts_during_the_request_stores_the_answer() {
    for (fault, how) in [
        ("fast restart of the database during the request", Shutdown::Fast),
        ("immediate restart of the database during the request", Shutdown::Immediate),
    ] {
        let Some(mut fleet) = Fleet::start(fault) else { return };
        fleet.tokens.hold();
        let process = fleet.process(0, &[]);
        fleet.tokens.wait_for(1);
        fleet.server.restart(how);
        fleet.tokens.release();
        assert_eq!(process.result(), "access-1");
        fleet.assert_outcome(fault, Outcome::Kept);
    }
}

#[test]
fn database_that_is_down_at_the_commit_stores_the_answer_when_it_is_back() {
    let fault = "database down at the commit";
    let Some(mut fleet) = Fleet::start(fault) else { return };
    let mut process = fleet.process(0, &[Point::Answered]);
    process.wait_for(Point::Answered);
    fleet.server.stop(Shutdown::Immediate);
    process.resume();
    fleet.server.resume();
    assert_eq!(process.result(), "access-1");
    fleet.assert_outcome(fault, Outcome::Kept);
}

#[test]
fn network_that_fails_during_the_request_loses_nothing() {
    for (fault, network) in [
        ("connections closed during the request", Network::Closes),
        ("network stalled during the request", Network::Stalls),
    ] {
        let Some(fleet) = Fleet::start(fault) else { return };
        let mut process = fleet.process(0, &[Point::Answered]);
        process.wait_for(Point::Answered);
        fleet.network.set(network);
        process.resume();
        // Longer than the first attempt to store.
        fleet.server.sql("SELECT pg_sleep(6)");
        fleet.network.set(Network::Works);
        assert_eq!(process.result(), "access-1");
        fleet.assert_outcome(fault, Outcome::Kept);
    }
}

/// Nothing can prevent this, either.
#[test]
fn machine_that_alone_is_cut_off_beyond_its_claim_loses_the_sign_in_if_another_one_refreshes() {
    for (fault, is_asked, outcome) in [
        ("one machine cut off beyond its claim; another one refreshes", true, Outcome::Lost),
        ("one machine cut off beyond its claim; no other one does", false, Outcome::Kept),
    ] {
        let Some(mut fleet) = Fleet::start(fault) else { return };
        let mut process = fleet.process(0, &[Point::Answered]);
        process.wait_for(Point::Answered);
        fleet.network.set(Network::Stalls);
        process.resume();
        let others = Proxy::start(fleet.server.port());
        let cut_off = std::mem::replace(&mut fleet.network, others);
        fleet.expire_claim();
        if is_asked {
            let result = fleet.result(1);
            assert!(result.contains("Rejected"), "{result}");
        }
        cut_off.set(Network::Works);
        assert_eq!(process.result(), "access-1");
        fleet.assert_outcome(fault, outcome);
    }
}

#[test]
fn commit_with_an_unknown_outcome_is_found_by_its_version() {
    for (fault, statement) in
        [("answer to the commit lost", STORE), ("answer to the claim lost", CLAIM)]
    {
        let Some(fleet) = Fleet::start(fault) else { return };
        fleet.network.set(Network::LosesAnswerTo(statement));
        assert_eq!(fleet.result(0), "access-1", "{fault}");
        assert_eq!(fleet.network.state(), Network::Works, "the proxy lost an answer");
        assert_eq!(fleet.version(), "2", "{fault}");
        fleet.assert_outcome(fault, Outcome::Kept);
    }
}

#[test]
fn pool_in_transaction_mode_changes_nothing() {
    let fault = "PgBouncer in transaction mode";
    let Some(fleet) = Fleet::with_pool(fault) else { return };
    let processes: Vec<_> = (0..10).map(|machine| fleet.process(machine, &[])).collect();
    for process in processes {
        assert_eq!(process.result(), "access-1");
    }
    fleet.assert_outcome(fault, Outcome::Kept);
}

/// A process that has sent nothing yet may report that there is no database.
#[test]
fn twelve_crashes_of_the_database_at_random_moments_lose_nothing() {
    let fault = "12 crashes of the database at random moments";
    let Some(mut fleet) = Fleet::start(fault) else { return };
    let mut random = fastrand::Rng::with_seed(17);
    for round in 1..=12 {
        // A machine that has no token yet.
        let machine = usize::try_from(round).unwrap();
        let process = fleet.process(machine, &[]);
        fleet.server.sql(&format!("SELECT pg_sleep({})", random.f64() * 0.2));
        fleet.server.restart(Shutdown::Immediate);
        let result = process.result();
        let expected = format!("access-{round}");
        assert!(result == expected || result.contains("Unreachable"), "{result}");
        fleet.expire_claim();
        assert_eq!(fleet.result(100 + machine), expected);
        fleet.put_expired(round);
    }
    fleet.assert_outcome(fault, Outcome::Kept);
}

#[test]
fn database_without_a_free_connection_is_waited_for_at_the_commit() {
    let fault = "no free connection at the commit";
    let settings = ["max_connections=5", "superuser_reserved_connections=3"];
    let Some(fleet) = Fleet::with_settings(fault, &settings) else { return };
    let mut process = fleet.process(0, &[Point::Answered]);
    process.wait_for(Point::Answered);
    fleet.network.set(Network::Closes);
    fleet.network.set(Network::Works);
    let others = fleet.server.occupy(2);
    process.resume();
    let result = fleet.result(1);
    assert!(result.contains("Full"), "{result}");
    drop(others);
    assert_eq!(process.result(), "access-1");
    fleet.assert_outcome(fault, Outcome::Kept);
}

#[test]
fn standby_that_is_promoted_has_the_token_only_if_it_is_synchronous() {
    for (fault, replication, is_cut_off, outcome) in [
        ("failover to a synchronous standby", Replication::Synchronous, false, Outcome::Kept),
        (
            "failover to an asynchronous standby that was cut off",
            Replication::Asynchronous,
            true,
            Outcome::Lost,
        ),
    ] {
        let Some(mut fleet) = Fleet::start(fault) else { return };
        let mut standby = fleet.server.standby(replication);
        if is_cut_off {
            standby.stop(Shutdown::Fast);
        }
        assert_eq!(fleet.result(0), "access-1");
        fleet.server.stop(Shutdown::Immediate);
        if is_cut_off {
            standby.resume();
        }
        standby.promote();
        fleet.use_server(standby);
        if is_cut_off {
            // The machine that has seen the token notices it. Another one cannot.
            fleet.put_cache_out_of_date(0);
            let result = fleet.result(0);
            assert!(result.contains("WentBack"), "{result}");
            assert_eq!(fleet.tokens.state().requests, 1);
        }
        fleet.assert_outcome(fault, outcome);
    }
}

#[test]
fn claim_that_the_standby_does_not_have_yet_is_not_used() {
    let fault = "synchronous standby cut off during the claim";
    let Some(fleet) = Fleet::start(fault) else { return };
    let mut standby = fleet.server.standby(Replication::Synchronous);
    standby.stop(Shutdown::Fast);
    let process = fleet.process(0, &[]);
    fleet.wait_for_standby();
    assert_eq!(fleet.tokens.state().requests, 0);
    standby.resume();
    assert_eq!(process.result(), "access-1");
    fleet.assert_outcome(fault, Outcome::Kept);
}

/// After its crash, the server has what it did not confirm, and returns it to everybody.
fn crash(fleet: &mut Fleet) {
    // So that the process notices the crash after it, and can connect.
    fleet.network.set(Network::Stalls);
    fleet.server.restart(Shutdown::Immediate);
    fleet.network.set(Network::Works);
}

/// The server then says that it has committed, and warns.
fn cancel(fleet: &mut Fleet) {
    fleet
        .server
        .sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
}

#[test]
fn what_no_standby_has_is_not_believed() {
    for (fault, points, end_wait) in [
        ("crash while the claim waits for the standby", &[][..], crash as fn(&mut Fleet)),
        ("crash while the commit waits for the standby", &[Point::Answered], crash),
        ("cancelled wait of the claim for the standby", &[], cancel),
        ("cancelled wait of the commit for the standby", &[Point::Answered], cancel),
    ] {
        let Some(mut fleet) = Fleet::start(fault) else { return };
        let mut standby = fleet.server.standby(Replication::Synchronous);
        if points.is_empty() {
            standby.stop(Shutdown::Fast);
        }
        let mut process = fleet.process(0, points);
        for point in points {
            process.wait_for(*point);
            standby.stop(Shutdown::Fast);
            process.resume();
        }
        fleet.wait_for_standby();
        end_wait(&mut fleet);
        fleet.wait_for_standby();
        let requests = fleet.tokens.state().requests;
        assert_eq!(requests, u32::try_from(points.len()).unwrap(), "{fault}");
        standby.resume();
        assert_eq!(process.result(), "access-1", "{fault}");
        fleet.assert_outcome(fault, Outcome::Kept);
    }
}
