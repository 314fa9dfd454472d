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
