//! The ways from the program to the database.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::Fleet;
use super::fixture::Pool;
use crate::support::write;

/// The program refreshes by way of this address.
#[track_caller]
fn refreshes_at(fleet: &Fleet, user: &str, port: u16, variables: &[(&str, String)]) {
    let ca = fleet.server.file("ca.pem").display().to_string();
    let url =
        format!("postgres://{user}@localhost:{port}/ops?sslmode=verify-full&sslrootcert={ca}");
    let mut command = fleet.command_on("token", &url);
    for (name, value) in variables {
        command = command.env(name, value);
    }
    let token = command.run().exits(0).stdout.clone();
    assert_eq!((fleet.refreshes(), fleet.row("version").as_str()), (1, "2"));
    let _ = std::fs::remove_dir_all(fleet.world.path("run/login-cli"));
    fleet.command("token").run().exits(0).prints(&token);
}

#[test]
fn program_refreshes_through_a_pool_in_transaction_mode() {
    let test = "the program and PgBouncer";
    let Some((fleet, _)) = Fleet::signed_in(test, -1) else { return };
    let Some(pool) = Pool::start(test, &fleet.server, &["ci"]) else { return };
    refreshes_at(&fleet, "ci", pool.port(), &[]);
}

#[test]
fn program_logs_in_with_a_client_certificate() {
    let Some((fleet, _)) = Fleet::signed_in("the program and a client certificate", -1) else {
        return;
    };
    fleet.server.sql("CREATE ROLE certified LOGIN; GRANT ci TO certified");
    let file = |name: &str| fleet.server.file(name).display().to_string();
    let certificate = [("PGSSLCERT", file("certified.pem")), ("PGSSLKEY", file("certified.key"))];
    refreshes_at(&fleet, "certified", fleet.server.port(), &certificate);
}

#[test]
fn program_reads_the_password_file() {
    let Some((fleet, _)) = Fleet::signed_in("a password file", super::HOUR) else { return };
    let home = fleet.world.path("home");
    let status = || fleet.command("status").without_env("PGPASSWORD").env("HOME", &home);
    super::failures::assert_fails(status(), "store_refused", "PGPASSFILE");
    let line = format!("127.0.0.1:{}:ops:ci:{}\n", fleet.server.port(), super::fixture::PASSWORD);
    let file = fleet.world.path("passwords");
    write_private(&file, &line);
    status().env("PGPASSFILE", &file).run().exits(0);
    std::fs::create_dir_all(&home).unwrap();
    write_private(&home.join(".pgpass"), &line);
    status().run().exits(0);
}

fn write_private(path: &Path, text: &str) {
    write(path, text);
    std::fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn database_without_a_free_connection_is_said() {
    let Some((fleet, _)) = Fleet::signed_in("a full database", super::HOUR) else { return };
    fleet.server.sql("ALTER ROLE ci CONNECTION LIMIT 0");
    super::failures::assert_fails(fleet.command("status"), "store_full", "PgBouncer");
}
