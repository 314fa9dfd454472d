//! A sign-in that is in a row, from the login to the logout.

use postgres_store::setup_sql;
use sandbox::{Account, Device, Endpoint, Fault, Scenario, Then};
use serde_json::{Value, json};

use super::{Fleet, device_code};
use crate::support::Printed;

fn fleet(test: &str) -> Option<Fleet> {
    let device = Device { interval: json!(1), ..Device::default() };
    Fleet::with_scenario(test, Scenario { device, ..Scenario::default() })
}

fn log_in(fleet: &Fleet) {
    let running = fleet.command("login").arg("--device").start();
    let (address, code) = device_code(&running);
    let person = fleet.world.sandbox.person(Account::OWNER);
    person.connect_device_blocking(&address, &code).unwrap();
    running.finish().exits(0).says("Signed in as Ada Lovelace").says(&fleet.url());
}

#[test]
fn device_login_stores_the_sign_in_in_the_row_and_logout_removes_it() {
    let Some(fleet) = fleet("a device login into a row") else { return };
    log_in(&fleet);
    assert_eq!(fleet.world.auth_json(), None);
    assert_eq!(fleet.row("version"), "1");
    assert_eq!(fleet.row("claimed_by IS NULL"), "t");
    let dump = fleet.server.dump();
    for secret in fleet.world.sandbox.issued().all() {
        assert!(!dump.contains(secret));
    }

    let status = fleet.on_machine(2, "status").arg("--json").run().exits(0).json();
    assert_eq!(status["email"], "ada@example.com");
    assert_eq!(status["stored_in"], format!("{} (default)", fleet.url()));
    let other = fleet.on_machine(2, "token").run();
    other.exits(0);
    for (what, printed) in [("--id-token", Printed::IdToken), ("--api-key", Printed::ApiKey)] {
        let start = fleet.command("token").arg(what).allowed_to_print(printed);
        start.run().exits(0);
    }

    fleet.command("logout").run().exits(0).says("Signed out: revoked, and removed from");
    assert_eq!(fleet.row("version || ' ' || (document IS NULL)"), "2 true");
    assert!(fleet.world.count(&Endpoint::Revoke) > 0);
    fleet.command("token").run().exits(3);
}

/// `exec` and `env` need the API key, which is only in the row.
#[test]
fn exec_and_env_have_the_credentials_of_the_row() {
    let Some(fleet) = fleet("exec with a row") else { return };
    log_in(&fleet);
    fleet.command("token").run().exits(0);
    let document = fleet
        .command("env")
        .args(["--format", "json", "--access-token-env", "TOKEN"])
        .allowed_to_print(Printed::KeyAndToken)
        .run();
    let document = document.exits(0).json();
    assert!(document["OPENAI_API_KEY"].as_str().unwrap().starts_with("sk-"));
    assert!(document["TOKEN"].is_string());
    let program = ["--", "/bin/sh", "-c", "test -n \"$OPENAI_API_KEY\""];
    fleet.command("exec").args(program).run().exits(0);
}

#[test]
fn refresh_stores_the_new_tokens_in_the_row() {
    let Some((fleet, _)) = Fleet::signed_in("a refresh of a row", super::HOUR) else { return };
    let before = fleet.command("token").run().exits(0).stdout.clone();
    fleet.command("refresh").run().exits(0).says("Refreshed.");
    assert_eq!((fleet.refreshes(), fleet.row("version").as_str()), (1, "2"));
    let after = fleet.on_machine(2, "token").run().exits(0).stdout.clone();
    assert_ne!(before, after);
}

/// A cached token is not what the row has.
#[test]
fn refresh_counts_no_earlier_refresh_of_another_machine() {
    let Some((fleet, _)) = Fleet::signed_in("refreshes of two machines", super::HOUR) else {
        return;
    };
    fleet.on_machine(2, "token").run().exits(0);
    for machine in 1..=2 {
        fleet.on_machine(machine, "refresh").run().exits(0);
        assert_eq!(fleet.refreshes(), machine);
    }
}

/// The locks are in that folder, and the claim is enough.
#[test]
fn folder_that_cannot_be_used_stops_no_refresh() {
    let Some((fleet, _)) = Fleet::signed_in("an unusable folder", -1) else { return };
    crate::support::write(&fleet.world.path("a-file"), "");
    let command = |name: &str| {
        fleet.command(name).args(["--codex-home".into(), fleet.world.path("a-file/codex")])
    };
    command("token").run().exits(0);
    command("refresh").run().exits(0);
    assert_eq!(fleet.refreshes(), 2);
    command("status").run().exits(0);
    command("logout").run().exits(0);
    assert_eq!(fleet.row("document IS NULL"), "t");
}

/// Each profile is a row of its own.
#[test]
fn profile_names_the_row() {
    let Some((fleet, _)) = Fleet::signed_in("rows of profiles", super::HOUR) else { return };
    fleet.command("token").args(["--profile", "team-a"]).run().exits(3).says("not signed in");
    let missing = fleet.command("status").args(["--profile", "team-b", "--json"]).run();
    let error = &missing.exits(1).json()["error"];
    assert_eq!(error["kind"], "store_missing");
    assert!(error["hint"].as_str().unwrap().contains("--row team-b"), "{error}");
}

/// Also on a machine that has used none of them.
#[test]
fn profiles_lists_the_rows_that_the_database_user_can_use() {
    let Some((fleet, _)) = Fleet::signed_in("the list of rows", super::HOUR) else { return };
    fleet
        .server
        .sql("UPDATE login_cli.sign_ins SET version = 1, document = 'x' WHERE name = 'team-a'");
    fleet.server.create_user("other");
    fleet.server.sql(&setup_sql("other", &["team-c"]));
    let list = || fleet.on_machine(2, "profiles").arg("--json").run().exits(0).json();
    let states = |list: &Value| {
        let state = |it: &Value| format!("{} {}", it["name"], it["state"]).replace('"', "");
        list.as_array().unwrap().iter().map(state).collect::<Vec<_>>()
    };
    assert_eq!(states(&list()), ["default signed_in", "team-a unreadable"]);
    fleet.on_machine(2, "logout").args(["--all", "--local"]).run().exits(0);
    assert_eq!(fleet.server.sql("SELECT count(document) FROM login_cli.sign_ins"), "0");
}

/// The cache has no refresh token, and says nothing about what another machine has stored.
#[test]
fn rejected_refresh_token_ends_the_sign_in_beside_a_cached_token() {
    let rejected = Then::json(400, json!({ "error": "invalid_grant" }));
    let faults = vec![Fault::new(Endpoint::TokenRefresh, rejected)];
    let scenario = Scenario { faults, ..Scenario::default() };
    let Some(fleet) = Fleet::with_scenario("a rejected token of a row", scenario) else { return };
    fleet.import(super::HOUR);
    fleet.command("token").run().exits(0);
    let refresh = fleet.command("refresh").arg("--json").run();
    assert_eq!(refresh.exits(3).json()["error"]["kind"], "sign_in_ended");
    assert_eq!(fleet.row("claimed_by IS NULL"), "t");
}
