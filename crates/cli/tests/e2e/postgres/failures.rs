//! What goes wrong, and what the program says then.

use postgres_store::Keys;
use sandbox::Scenario;

use super::Fleet;
use crate::support::{Start, World};

#[track_caller]
pub(super) fn assert_fails(start: Start<'_>, kind: &str, hint: &str) {
    let finished = start.arg("--json").run();
    let error = &finished.exits(1).json()["error"];
    assert_eq!(error["kind"], kind, "{error}");
    assert!(error["hint"].as_str().unwrap().contains(hint), "{error}");
}

#[test]
fn password_in_the_address_is_refused_and_not_printed() {
    let world = World::new();
    world.register_secret("canary-password-in-the-address-5e1c");
    for url in [
        "postgres://ci:canary-password-in-the-address-5e1c@db.test/ops",
        "postgresql://db.test/ops?password=canary-password-in-the-address-5e1c",
    ] {
        let option = world.command("token").args(["--store", url, "--json"]).run();
        assert_eq!(option.exits(2).json()["error"]["kind"], "wrong_usage");
        let variable = world.command("status").env("LOGIN_CLI_STORE", url).run();
        variable.exits(2).says("LOGIN_CLI_STORE").says("PGPASSFILE");
    }
}

/// An error names the address that was accepted.
#[test]
fn unknown_parameter_in_the_address_is_refused_and_not_printed() {
    let world = World::new();
    world.register_secret("canary-password-of-a-key-77c1");
    for query in ["sslpassword=", "service=ops&sslpassword="] {
        let url = format!("postgres://ci@db.test/ops?{query}canary-password-of-a-key-77c1");
        let option = world.command("token").args(["--store", &url, "--json"]).run();
        let error = &option.exits(2).json()["error"];
        assert_eq!(error["kind"], "wrong_usage");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("the parameter sslpassword is not supported"), "{message}");
        let variable = world.command("status").env("LOGIN_CLI_STORE", url).run();
        variable.exits(2).says("sslpassword is not supported");
    }
}

#[test]
fn wrong_key_and_missing_key_are_said() {
    let Some((fleet, _)) = Fleet::signed_in("a wrong key", super::HOUR) else { return };
    let without = || fleet.command("status").without_env("LOGIN_CLI_STORE_KEY_FILE");
    assert_fails(without(), "store_key", "store-key --new FILE");
    let missing = without().env("LOGIN_CLI_STORE_KEY_FILE", fleet.world.path("no-keys"));
    assert_fails(missing, "store_key", "LOGIN_CLI_STORE_KEY_FILE");
    // Nothing is stored without a key, and nothing is lost.
    let old = fleet.world.signed_in(super::HOUR);
    let import = fleet.command("store").args(["import", "--replace"]);
    assert_fails(import.without_env("LOGIN_CLI_STORE_KEY_FILE"), "store_key", "--new FILE");
    assert_eq!(fleet.row("version"), "1");
    assert!(fleet.world.auth_json().unwrap().contains(&old.refresh_token));
    Keys::create(fleet.world.path("other")).unwrap();
    let other = |command: &str| {
        fleet.command(command).env("LOGIN_CLI_STORE_KEY_FILE", fleet.world.path("other"))
    };
    assert_fails(other("status"), "store_key", "copy the key file");
    // Its key may be lost.
    assert_fails(other("login").arg("--device"), "store_key", "logout --local");
    assert_eq!(fleet.row("version"), "1");
    other("logout").arg("--local").run().exits(0);
    other("token").run().exits(3);
}

#[test]
fn changed_row_and_row_that_went_back_are_refused() {
    let Some((fleet, _)) = Fleet::signed_in("a changed row", -1) else { return };
    fleet.server.sql("ALTER TABLE login_cli.sign_ins DISABLE TRIGGER USER");
    fleet.server.sql("CREATE TABLE old AS SELECT * FROM login_cli.sign_ins");
    fleet.command("token").run().exits(0);
    fleet.server.sql(
        "UPDATE login_cli.sign_ins SET version = old.version, document = old.document FROM old \
         WHERE old.name = sign_ins.name",
    );
    assert_fails(fleet.command("status"), "store_went_back", "remove that file");
    assert_eq!(fleet.refreshes(), 1);
    fleet
        .server
        .sql("UPDATE login_cli.sign_ins SET version = 9, document = set_byte(document, 40, 0)");
    assert_fails(fleet.on_machine(2, "status"), "store_changed", "logout --local");
}

#[test]
fn database_that_refuses_or_is_not_set_up_says_what_to_do() {
    let Some(fleet) = Fleet::empty("a database that is not set up", Scenario::default()) else {
        return;
    };
    Keys::create(fleet.world.path("keys")).unwrap();
    assert_fails(fleet.command("status"), "store_missing", "store init --role ROLE");
    let wrong = fleet.command("status").env("PGPASSWORD", "wrong");
    assert_fails(wrong, "store_refused", "PGPASSFILE");
    let untrusted = format!("postgres://ci@127.0.0.1:{}/ops?sslmode=require", fleet.server.port());
    assert_fails(fleet.command_on("status", &untrusted), "store_tls", "sslrootcert");
}
