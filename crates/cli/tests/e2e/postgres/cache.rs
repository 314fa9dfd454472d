//! What a machine has cached.

use serde_json::Value;

use super::Fleet;
use super::fixture::Shutdown;
use crate::strace::{can_trace, trace, traced};
use crate::support::write;

#[test]
fn cached_token_is_used_without_a_connection() {
    let Some((fleet, sign_in)) = Fleet::signed_in("a cached token", super::HOUR) else { return };
    let token = format!("{}\n", sign_in.access_token);
    fleet.command("token").run().exits(0).prints(&token);
    // Neither the database nor a key is needed.
    let cached = fleet.command("token");
    let cached = cached.without_env("LOGIN_CLI_STORE_KEY_FILE").without_env("PGPASSWORD");
    cached.run().exits(0).prints(&token).says_nothing_of("warning");
    let file = std::fs::read_dir(fleet.world.path("run/login-cli")).unwrap();
    for entry in file {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains(&sign_in.refresh_token) && !text.contains(&sign_in.id_token));
    }
}

/// The time of the check is in the file.
fn make_the_check_old(fleet: &Fleet) {
    for entry in std::fs::read_dir(fleet.world.path("run/login-cli")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        // The other files are locks.
        let Ok(mut json) = serde_json::from_str::<Value>(&text) else { continue };
        json["token"]["checked_at"] = "2026-01-01T00:00:00Z".into();
        write(&path, &json.to_string());
    }
}

#[test]
fn cached_token_is_used_with_a_warning_while_the_database_is_down() {
    let Some((mut fleet, sign_in)) = Fleet::signed_in("a database that is down", super::HOUR)
    else {
        return;
    };
    let token = format!("{}\n", sign_in.access_token);
    fleet.command("token").run().exits(0);
    fleet.server.stop(Shutdown::Fast);
    let program = ["--access-token-env", "TOKEN", "--", "/bin/sh", "-c", "test -n \"$TOKEN\""];
    let outcome = fleet.command("exec").args(program).run();
    outcome.exits(0).says("warning: the API key is stored only in the database");
    make_the_check_old(&fleet);
    let outcome = fleet.command("token").run();
    outcome.exits(0).prints(&token).says("warning: the database cannot be reached");
    fleet.command("exec").args(program).run().exits(0).says("warning: the database cannot be");

    // What is not cached needs the database.
    for command in [&["status"][..], &["token", "--id-token"]] {
        let finished = fleet.command(command[0]).args(&command[1..]).arg("--json").run();
        let error = &finished.exits(1).json()["error"];
        assert_eq!(error["kind"], "store_unreachable", "{command:?}");
        assert!(error["hint"].as_str().unwrap().contains("the host and the port"), "{error}");
        assert_eq!(error["transient"], true);
    }
    fleet.on_machine(2, "token").run().exits(1).says("the database cannot be reached");
}

/// It also stores there what it reads.
#[test]
fn store_status_shows_the_cache_as_it_was() {
    let Some((fleet, _)) = Fleet::signed_in("the cache in store status", super::HOUR) else {
        return;
    };
    let cache = || {
        let status = fleet.command("store").args(["status", "--json"]).run();
        status.exits(0).json()["cache"].clone()
    };
    assert_eq!(cache(), Value::Null);
    make_the_check_old(&fleet);
    let text = fleet.command("store").arg("status").run().exits(0).stdout.clone();
    assert!(text.contains("Cache         version 1, checked") && text.contains("ago"), "{text}");
    make_the_check_old(&fleet);
    assert_eq!(cache(), serde_json::json!({ "version": 1, "checked_at": "2026-01-01T00:00:00Z" }));
}

/// Nothing is cached then, and nothing waits for a lock that never comes.
#[test]
fn file_system_without_locks_stops_and_delays_nothing() {
    if !can_trace() {
        return;
    }
    for error in ["ENOLCK", "EOPNOTSUPP"] {
        let Some((fleet, _)) = Fleet::signed_in("a file system without locks", -1) else { return };
        let inject = format!("inject=flock:error={error}");
        let start = traced(&fleet.world, fleet.command("token"), &[&inject, "trace=flock"]);
        start.run().exits(0);
        assert_eq!(fleet.row("version"), "2");
        let attempts = trace(&fleet.world).matches("INJECTED").count();
        assert!((1..30).contains(&attempts), "{attempts}");
    }
}
