//! The ways from the program to the database.

use super::Fleet;
use super::fixture::Pool;

/// The program refreshes by way of this address.
#[track_caller]
fn refreshes_at(fleet: &Fleet, user: &str, port: u16, parameters: &str) {
    let ca = fleet.server.file("ca.pem").display().to_string();
    let url =
        format!("postgres://{user}@localhost:{port}/ops?sslmode=verify-full&sslrootcert={ca}");
    let token =
        fleet.command_on("token", &format!("{url}{parameters}")).run().exits(0).stdout.clone();
    assert_eq!((fleet.refreshes(), fleet.row("version").as_str()), (1, "2"));
    let _ = std::fs::remove_dir_all(fleet.world.path("run/login-cli"));
    fleet.command("token").run().exits(0).prints(&token);
}

#[test]
fn program_refreshes_through_a_pool_in_transaction_mode() {
    let test = "the program and PgBouncer";
    let Some((fleet, _)) = Fleet::signed_in(test, -1) else { return };
    let Some(pool) = Pool::start(test, &fleet.server, &["ci"]) else { return };
    refreshes_at(&fleet, "ci", pool.port(), "");
}

#[test]
fn program_logs_in_with_a_client_certificate() {
    let Some((fleet, _)) = Fleet::signed_in("the program and a client certificate", -1) else {
        return;
    };
    fleet.server.sql("CREATE ROLE certified LOGIN; GRANT ci TO certified");
    let file = |name: &str| fleet.server.file(name).display().to_string();
    let certificate =
        format!("&sslcert={}&sslkey={}", file("certified.pem"), file("certified.key"));
    refreshes_at(&fleet, "certified", fleet.server.port(), &certificate);
}

#[test]
fn database_without_a_free_connection_is_said() {
    let Some((fleet, _)) = Fleet::signed_in("a full database", super::HOUR) else { return };
    fleet.server.sql("ALTER ROLE ci CONNECTION LIMIT 0");
    super::failures::assert_fails(fleet.command("status"), "store_full", "PgBouncer");
}
