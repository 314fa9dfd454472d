use rustls::version::{TLS12, TLS13};
use serde_json::json;

use super::authority::{Authority, CertificateSpec, INTERMEDIATE, P384, RSA_2048, SERVER};
use super::handler::Handler;
use super::rows::{refresh, signed_in_at};
use super::server::{ClientData, Server};
use crate::support::World;

const ACCESS_TOKEN: &str = "at-tls-0123456789abcdefghijklmnop";
const REFRESH_TOKEN: &str = "rt-tls-0123456789abcdefghijklmnop";

/// Also proves that the servers count what they receive.
#[track_caller]
fn assert_accepted(authority: &Authority, handler: Handler) {
    let world = World::new();
    world.register_secret(ACCESS_TOKEN);
    world.register_secret(REFRESH_TOKEN);
    let answer = json!({"access_token": ACCESS_TOKEN, "refresh_token": REFRESH_TOKEN});
    let server = Server::start(handler.answering(&answer.to_string()).handler_fn());
    let host = format!("localhost:{}", server.port);
    let stored = signed_in_at(&world, &host);
    let finished = refresh(&world, &host, &authority.root.certificate);
    let seen = server.finish();

    finished.exits(0).prints("").says("Refreshed.");
    assert_eq!(world.auth_document()["tokens"]["access_token"], ACCESS_TOKEN);
    assert_eq!(world.auth_document()["tokens"]["refresh_token"], REFRESH_TOKEN);
    let [seen] = &seen[..] else { panic!("{} connections", seen.len()) };
    let request = String::from_utf8_lossy(&seen.application);
    assert!(request.starts_with("POST /oauth/token HTTP/1.1\r\n"));
    assert!(request.contains(&stored.refresh_token), "it was not sent");
    assert!(!String::from_utf8_lossy(&seen.wire).contains(&stored.refresh_token));
    assert!(!ClientData::undecrypted(seen.wire.clone()).application.is_empty());
}

// threats 82
#[test]
fn valid_servers_are_accepted() {
    let world = World::new();
    let Some(authority) = Authority::new(world.path("authority")) else { return };
    let between = authority.issue(&CertificateSpec { key: RSA_2048, ..INTERMEDIATE });
    let rsa = authority.issue_by(&between, &CertificateSpec { key: RSA_2048, ..SERVER });
    assert_accepted(&authority, Handler::new(&[&rsa, &between]).only(&TLS13));
    let elliptic = authority.issue(&CertificateSpec { key: P384, ..SERVER });
    assert_accepted(&authority, Handler::new(&[&elliptic]).only(&TLS12));
}

// threats 83
#[test]
fn response_in_single_bytes_is_read() {
    let world = World::new();
    let Some(authority) = Authority::new(world.path("authority")) else { return };
    for version in [&TLS13, &TLS12] {
        let server = authority.issue(&SERVER);
        assert_accepted(&authority, Handler::new(&[&server]).only(version).sending_single_bytes());
    }
}
