//! The servers themselves: a test of the store proves nothing if its fault does not happen.

use crate::fixture::{Network, Pool, Proxy, Replication, Server, Shutdown};

const TABLE: &str = "CREATE TABLE things (name text)";

fn names(server: &Server) -> String {
    server.sql("SELECT string_agg(name, ' ' ORDER BY name) FROM things")
}

#[test]
fn committed_row_survives_a_restart_and_a_crash_and_is_in_the_dump() {
    let Some(mut server) = Server::start("a server that restarts") else { return };
    server.sql(TABLE);
    for (name, how) in [("fast", Shutdown::Fast), ("immediate", Shutdown::Immediate)] {
        server.sql(&format!("INSERT INTO things VALUES ('{name}')"));
        server.restart(how);
    }
    assert_eq!(names(&server), "fast immediate");
    assert!(server.dump().contains("immediate"));
}

#[test]
fn asynchronous_standby_loses_what_was_committed_while_it_was_cut_off() {
    let Some(mut server) = Server::start("an asynchronous standby") else { return };
    server.sql(TABLE);
    let mut standby = server.standby(Replication::Asynchronous);
    standby.stop(Shutdown::Fast);
    server.sql("INSERT INTO things VALUES ('lost')");
    server.stop(Shutdown::Immediate);
    standby.resume();
    standby.promote();
    assert_eq!(names(&standby), "");
}

#[test]
fn synchronous_standby_has_what_was_committed() {
    let Some(mut server) = Server::start("a synchronous standby") else { return };
    server.sql(TABLE);
    let standby = server.standby(Replication::Synchronous);
    server.sql("INSERT INTO things VALUES ('kept')");
    server.stop(Shutdown::Immediate);
    standby.promote();
    assert_eq!(names(&standby), "kept");
}

#[test]
fn server_has_verified_tls_client_certificates_and_channel_binding() {
    let Some(server) = Server::start("TLS") else { return };
    server.create_user("ci");
    server.sql("CREATE ROLE certified LOGIN");
    let file = |name: &str| server.file(name).display().to_string();
    let verified = format!("sslmode=verify-full sslrootcert={}", file("ca.pem"));
    let certificate = format!("sslcert={} sslkey={}", file("certified.pem"), file("certified.key"));
    for (parameters, is_accepted) in [
        (format!("user=ci channel_binding=require {verified}"), true),
        (format!("user=ci sslmode=verify-full sslrootcert={}", file("certified.pem")), false),
        ("user=ci channel_binding=require sslmode=disable".to_owned(), false),
        (format!("user=certified {certificate} {verified}"), true),
        (format!("user=certified {verified}"), false),
        (format!("user=ci {certificate} {verified}"), true),
    ] {
        assert_eq!(server.accepts(server.port(), &parameters), is_accepted, "{parameters}");
    }
}

#[test]
fn pool_and_network_forward_until_the_network_fails() {
    let Some(server) = Server::start("a pool") else { return };
    server.create_user("ci");
    let Some(pool) = Pool::start("a pool", &server, &["ci"]) else { return };
    let network = Proxy::start(pool.port());
    for state in
        [Network::Works, Network::Closes, Network::LosesAnswerTo("SELECT 1"), Network::Works]
    {
        network.set(state);
        let is_accepted = server.accepts(network.port(), "user=ci sslmode=disable");
        assert_eq!(is_accepted, state == Network::Works, "{state:?}");
    }
    let verified = format!("sslmode=verify-full sslrootcert={}", server.file("ca.pem").display());
    assert!(server.accepts(pool.port(), &format!("user=ci {verified}")));
    assert_eq!(network.connections(), 3);
}
