//! Many processes of two machines.

use super::Fleet;

/// Every process gets a token, and one of them refreshes.
#[track_caller]
fn tokens_of_one_refresh(fleet: &Fleet) -> Vec<String> {
    let starts = (0..20).map(|number| fleet.on_machine(number % 2, "token").start());
    let running: Vec<_> = starts.collect();
    let tokens: Vec<String> =
        running.into_iter().map(|running| running.finish().exits(0).stdout.clone()).collect();
    assert_eq!((fleet.refreshes(), fleet.row("version").as_str()), (1, "2"));
    tokens
}

#[test]
fn twenty_processes_on_two_machines_refresh_once() {
    let Some((fleet, _)) = Fleet::signed_in("20 processes on 2 machines", -1) else { return };
    let tokens = tokens_of_one_refresh(&fleet);
    assert!(tokens.iter().all(|token| *token == tokens[0]));
}

/// While one of them refreshes, the others may use the old token, which still works.
#[test]
fn twenty_processes_with_a_due_token_refresh_once() {
    let Some((fleet, old)) = Fleet::signed_in("20 processes with a due token", 60) else { return };
    let new = |token: &String| token.trim_end() != old.access_token;
    assert!(tokens_of_one_refresh(&fleet).iter().any(new));
}

/// The claim of a process that was interrupted before its request does not keep the others waiting.
#[test]
fn claim_of_another_machine_is_named_and_a_working_token_is_used_meanwhile() {
    let Some((fleet, sign_in)) = Fleet::signed_in("a claimed row", 60) else { return };
    fleet.server.sql(
        "UPDATE login_cli.sign_ins SET claimed_by = 'build-7:17 00', \
         claimed_until = now() + interval '80 s' WHERE name = 'default'",
    );
    fleet.command("token").run().exits(0).prints(&format!("{}\n", sign_in.access_token));
    assert_eq!(fleet.refreshes(), 0);
    let status = fleet.command("store").args(["status", "--json"]).run().exits(0).json();
    assert_eq!(status["holder"], "build-7:17");
    let import = fleet.world.signed_in(super::HOUR);
    let outcome = fleet.command("store").args(["import", "--replace", "--json"]).run();
    let error = &outcome.exits(1).json()["error"];
    assert_eq!(
        (error["kind"].as_str(), error["holder"].as_str()),
        (Some("store_busy"), Some("build-7:17"))
    );
    assert_eq!(error["transient"], true);
    assert!(error["held_for_seconds"].as_u64().unwrap() >= 10, "{error}");
    assert!(error["hint"].as_str().unwrap().contains("try again when it is done"), "{error}");
    assert!(fleet.world.auth_json().unwrap().contains(&import.refresh_token));
}
