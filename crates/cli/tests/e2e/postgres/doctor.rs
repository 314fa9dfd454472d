//! `doctor` with a database.

use serde_json::Value;

use super::fixture::{Network, Proxy, Replication, Shutdown};
use super::{Fleet, HOUR};

/// The check of this name. Other checks may fail here: there is no network.
#[track_caller]
fn check(fleet: &Fleet, name: &str) -> Value {
    let report = fleet.command("doctor").args(["--api-base", fleet.world.sandbox.api_url()]);
    let document = report.arg("--json").run().json();
    let checks = document["checks"].as_array().unwrap();
    let is_it = |it: &&Value| it["area"] == "store" && it["name"] == name;
    checks.iter().find(is_it).cloned().unwrap_or_default()
}

#[test]
fn doctor_warns_if_fsync_is_off_and_if_the_database_is_unreachable() {
    let Some((mut fleet, _)) = Fleet::signed_in("doctor with a database", HOUR) else { return };
    assert_eq!(check(&fleet, "sign-in")["verdict"], "ok");
    // The server of the tests does not wait for the disk.
    let found = check(&fleet, "database");
    assert_eq!(found["verdict"], "warning");
    assert!(found["found"].as_str().unwrap().contains("fsync is off"), "{found}");
    fleet.server.stop(Shutdown::Fast);
    let place = check(&fleet, "place");
    assert_eq!(place["verdict"], "problem");
    assert!(place["found"].as_str().unwrap().contains("cannot be reached"), "{place}");
    assert_eq!(check(&fleet, "database"), Value::Null);
}

/// The other checks go on meanwhile.
#[test]
fn doctor_does_not_wait_for_a_database_that_does_not_answer() {
    let Some(fleet) = Fleet::start("doctor with a stalled database") else { return };
    let network = Proxy::start(fleet.server.port());
    network.set(Network::Stalls);
    // Each host has ten seconds, and all checks together eleven.
    let hosts = format!("127.0.0.1:{0},127.0.0.1:{0}", network.port());
    let url = format!("postgres://ci@{hosts}/ops?sslmode=disable");
    let doctor = fleet.command_on("doctor", &url);
    // So that the store itself asks nothing.
    let doctor = doctor.without_env("LOGIN_CLI_STORE_KEY_FILE");
    let document =
        doctor.args(["--api-base", fleet.world.sandbox.api_url(), "--json"]).run().json();
    let mut checks = document["checks"].as_array().unwrap().iter();
    assert!(checks.any(|it| it["area"] == "issuer" && it["verdict"] == "ok"), "{document}");
}

#[test]
fn doctor_warns_of_a_standby_that_is_not_synchronous() {
    let what = "doctor with a standby";
    let settings = ["fsync=on", "full_page_writes=on"];
    let Some(fleet) = Fleet::with_settings(what, &settings) else { return };
    assert_eq!(check(&fleet, "database")["verdict"], "ok");
    let _standby = fleet.server.standby(Replication::Asynchronous);
    let found = check(&fleet, "database");
    assert_eq!(found["verdict"], "warning");
    assert!(found["remedy"].as_str().unwrap().contains("synchronous_standby_names"), "{found}");
}

#[test]
fn doctor_warns_if_full_page_writes_is_off() {
    let what = "doctor without full pages";
    let Some(fleet) = Fleet::with_settings(what, &["fsync=on"]) else { return };
    let found = check(&fleet, "database");
    assert_eq!(found["verdict"], "warning");
    assert!(found["found"].as_str().unwrap().contains("full_page_writes is off"), "{found}");
}
