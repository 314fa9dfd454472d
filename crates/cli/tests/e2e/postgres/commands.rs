//! `store-key` and `store`.

use sandbox::Scenario;

use super::Fleet;
use super::fixture::{Network, PASSWORD, Proxy};
use super::interrupted::wait_for_held_answer;
use crate::support::{Finished, StoredSignIn, World};

#[test]
fn store_key_creates_a_private_file_once_and_adds_keys() {
    let world = World::new();
    let file = world.path("keys");
    let key = |option: &str| world.command("store-key").arg(option).arg(&file).arg("--json").run();
    let first = key("--new").exits(0).json()["key"].clone();
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(key("--new").exits(1).json()["error"]["kind"], "store_key");
    let added = key("--add");
    let second = added.exits(0).says("machine before the next refresh").json()["key"].clone();
    let text = std::fs::read_to_string(&file).unwrap();
    let ids: Vec<_> = text.lines().filter_map(|line| line.split_once(' ')).collect();
    assert!(ids.iter().any(|(id, _)| *id == first) && ids.iter().any(|(id, _)| *id == second));
    world.command("store-key").run().exits(2);
}

#[test]
fn store_init_sets_up_a_database_twice_and_prints_the_same_sql() {
    let Some(fleet) = Fleet::empty("store init", Scenario::default()) else { return };
    let sql = fleet.world.program(["store", "init", "--role", "ci", "--print"]).run();
    assert!(sql.exits(0).stdout.contains("ENABLE ROW LEVEL SECURITY"), "{}", sql.stdout);
    fleet.server.sql(&format!("CREATE ROLE boss LOGIN SUPERUSER PASSWORD '{PASSWORD}'"));
    let url = fleet.url().replace("ci@", "boss@");
    let init = |rows: &[&str]| {
        let start = fleet.world.command("store").args(["init", "--role", "ci", "--store", &url]);
        start.args(rows.iter().copied()).env("PGPASSWORD", PASSWORD).run()
    };
    init(&[]).exits(0).says("members of ci use default");
    init(&["--row", "team-a", "--row", "team-b"]).exits(0);
    let rows = "SELECT string_agg(name, ' ' ORDER BY name) FROM login_cli.sign_ins";
    assert_eq!(fleet.server.sql(rows), "default team-a team-b");
    // The administrator needs something other than a user of a row.
    for (user, role, kind, hint) in [
        ("ci@", "ci", "store_refused", "CREATEROLE"),
        ("boss@", "nobody-has-it", "store", "create the role"),
    ] {
        let url = fleet.url().replace("ci@", user);
        let start = fleet.world.command("store").args(["init", "--role", role, "--store", &url]);
        super::failures::assert_fails(start.env("PGPASSWORD", PASSWORD), kind, hint);
    }
    // Only a database can be set up.
    fleet
        .world
        .command("store")
        .args(["init", "--role", "ci"])
        .run()
        .exits(2)
        .says("--store postgres");
}

#[test]
fn import_moves_the_sign_in_and_replaces_none_unasked() {
    let Some(fleet) = Fleet::start("store import") else { return };
    fleet.command("store").arg("import").run().exits(3);
    let first = fleet.world.signed_in(super::HOUR);
    let moved = fleet.command("store").args(["import", "--json"]).run();
    assert_eq!(moved.exits(0).json()["replaced"], false);
    assert_eq!(fleet.world.auth_json(), None);
    fleet.command("token").run().exits(0).prints(&format!("{}\n", first.access_token));

    let second = StoredSignIn::new(&fleet.world, super::HOUR).stored(&fleet.world);
    let refused = fleet.command("store").arg("import").run();
    refused.exits(1).says("has a sign-in already").says("store import --replace");
    assert!(fleet.world.auth_json().is_some());
    assert_eq!(fleet.row("version || ' ' || (claimed_by IS NULL)"), "1 true");
    fleet.command("store").args(["import", "--replace"]).run().exits(0);
    fleet.command("token").run().exits(0).prints(&format!("{}\n", second.access_token));
}

/// Plain `login-cli login` has made it.
#[test]
fn import_moves_the_sign_in_of_another_profile() {
    let Some(fleet) = Fleet::start("store import --from") else { return };
    let sign_in = fleet.world.signed_in(super::HOUR);
    let import = ["import", "--profile", "team-a", "--from", "default", "--json"];
    let moved = fleet.command("store").args(import).run();
    assert_eq!(moved.exits(0).json()["profile"], "team-a");
    assert_eq!(fleet.world.auth_json(), None);
    let token = fleet.command("token").args(["--profile", "team-a"]).run();
    token.exits(0).prints(&format!("{}\n", sign_in.access_token));
    fleet.world.signed_in(super::HOUR);
    fleet
        .command("store")
        .args(import)
        .run()
        .exits(1)
        .says("store import --from default --replace");
}

/// It was killed before it removed the file. The token in the file may be used up, and is never stored again.
#[test]
fn import_after_one_that_was_killed_loses_nothing() {
    let Some((fleet, sign_in)) = Fleet::signed_in("a killed import", -1) else { return };
    let import = |options: &[&str]| {
        fleet.world.store(&sign_in.text());
        let start = fleet.command("store").arg("import").args(options.iter().copied());
        start.arg("--json").run()
    };
    assert_eq!(import(&[]).exits(0).says("already").json()["replaced"], false);
    assert_eq!(fleet.world.auth_json(), None);
    assert_eq!(fleet.row("version || ' ' || (claimed_by IS NULL)"), "1 true");
    let new = fleet.on_machine(2, "token").run().exits(0).stdout.clone();
    for options in [&[][..], &["--replace"]] {
        let refused = import(options);
        refused.exits(1).says("has a later sign-in already").says("remove that file");
        assert_eq!(fleet.world.auth_json(), Some(sign_in.text()));
        assert_eq!(fleet.row("version || ' ' || (claimed_by IS NULL)"), "2 true");
    }
    fleet.on_machine(3, "token").run().exits(0).prints(&new);
}

/// A statement that has no answer may have been committed, and one that is refused was not. The file is never removed, and
/// another import finds out.
#[test]
fn import_that_fails_says_whether_the_row_may_have_the_sign_in() {
    let Some(fleet) = Fleet::start("a failed import") else { return };
    fleet.world.signed_in(super::HOUR);
    fleet.server.sql("REVOKE UPDATE (document) ON login_cli.sign_ins FROM login_cli_runner");
    let outcome = fleet.command("store").args(["import", "--json"]).run();
    assert_refused_import(&fleet, &outcome, "cannot be used");
    assert!(!outcome.stderr.contains("may be in both places"), "{}", outcome.stderr);

    fleet.server.sql("GRANT UPDATE (document) ON login_cli.sign_ins TO login_cli_runner");
    let network = Proxy::start(fleet.server.port());
    network.set(Network::HoldsAnswerTo("SET version = version + 1"));
    let start = fleet.command_on("store", &fleet.url_at(network.port()));
    let running = start.args(["import", "--json"]).start();
    wait_for_held_answer(&network);
    fleet.server.sql("ALTER ROLE ci NOLOGIN");
    network.set(Network::Closes);
    network.set(Network::Works);
    let outcome = running.finish();
    assert_refused_import(
        &fleet,
        &outcome,
        "it is unknown whether the sign-in was stored in postgres://",
    );
    outcome.says("the sign-in may be in both places");
}

#[track_caller]
fn assert_refused_import(fleet: &Fleet, outcome: &Finished, message: &str) {
    let error = &outcome.exits(1).json()["error"];
    assert_eq!(error["kind"], "store_refused");
    assert!(error["message"].as_str().unwrap().contains(message), "{error}");
    assert!(fleet.world.auth_json().is_some());
}

#[test]
fn rekey_seals_the_row_with_the_new_key() {
    let Some((fleet, sign_in)) = Fleet::signed_in("store rekey", super::HOUR) else { return };
    let status = || fleet.command("store").args(["status", "--json"]).run().exits(0).json();
    let before = status();
    assert_eq!((&before["version"], &before["has_sign_in"]), (&1.into(), &true.into()));
    assert_eq!(before["key"], before["first_key"]);
    fleet.world.command("store-key").arg("--add").arg(fleet.world.path("keys")).run().exits(0);
    assert_ne!(status()["key"], status()["first_key"]);
    for is_changed in [true, false] {
        let rekeyed = fleet.command("store").args(["rekey", "--json"]).run();
        assert_eq!(rekeyed.exits(0).json()["is_changed"], is_changed);
    }
    let after = status();
    assert_eq!((&after["version"], &after["key"]), (&2.into(), &after["first_key"]));
    assert_ne!(after["key"], before["key"]);
    fleet.command("token").run().exits(0).prints(&format!("{}\n", sign_in.access_token));
    fleet.command("store").arg("status").run().exits(0);
}
