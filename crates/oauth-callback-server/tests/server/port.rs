//! Which ports can be bound, and which process has a port.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};

use oauth_callback_server::{BindError, BindOptions, CallbackServer, PortInUse, PortOwner};

use crate::support::{TIMEOUT, assert_free};

fn bind(ports: &[u16]) -> Result<CallbackServer, BindError> {
    CallbackServer::bind(&BindOptions::new("/auth/callback").ports(ports))
}

/// A port that was free on both addresses a moment ago.
fn free_port() -> u16 {
    bind(&[0]).unwrap().port()
}

/// Not every machine has IPv6.
fn has_ipv6() -> bool {
    TcpListener::bind("[::1]:0").is_ok()
}

#[track_caller]
fn owner_of(port: u16) -> Option<PortOwner> {
    match bind(&[port]) {
        Err(BindError::PortsInUse { taken }) => {
            let [taken]: [PortInUse; 1] = taken.try_into().unwrap();
            assert_eq!(taken.port, port);
            taken.owner
        }
        other => panic!("{other:?}"),
    }
}

// threats 61
#[test]
fn first_free_port_of_a_list_is_bound() {
    let [first, second] = [(); 2].map(|()| bind(&[0]).unwrap());
    let free = free_port();
    let server = bind(&[first.port(), second.port(), free, 0]).unwrap();
    assert_eq!(server.port(), free);
    assert_eq!(server.redirect_uri(), format!("http://127.0.0.1:{free}/auth/callback"));
}

// threats 61
#[test]
fn error_has_each_port_of_a_list() {
    let [first, second] = [(); 2].map(|()| bind(&[0]).unwrap());
    let ports = [second.port(), first.port()];
    let refused = bind(&ports);
    let Err(BindError::PortsInUse { taken }) = refused else { panic!("{refused:?}") };
    assert_eq!(taken.iter().map(|taken| taken.port).collect::<Vec<_>>(), ports);
}

#[test]
fn empty_list_means_any_port() {
    let server = bind(&[]).unwrap();
    assert_ne!(server.port(), 0);
}

// threats 56
#[test]
fn only_the_loopback_addresses_are_bound() {
    let server = bind(&[0]).unwrap();
    let port = server.port();
    TcpStream::connect(("127.0.0.1", port)).unwrap();
    if has_ipv6() {
        TcpStream::connect(("::1", port)).unwrap();
    }
    if cfg!(target_os = "linux") {
        let elsewhere = TcpStream::connect(("127.0.0.2", port)).unwrap_err();
        assert_eq!(elsewhere.kind(), ErrorKind::ConnectionRefused);
    }
}

// threats 59
#[test]
fn port_of_another_program_is_reported_and_never_contacted() {
    for address in ["127.0.0.1", "0.0.0.0", "[::1]", "[::]"] {
        if address.starts_with('[') && !has_ipv6() {
            continue;
        }
        let other_program = TcpListener::bind(format!("{address}:{}", free_port())).unwrap();
        let port = other_program.local_addr().unwrap().port();
        owner_of(port);
        other_program.set_nonblocking(true).unwrap();
        let accepted = other_program.accept().unwrap_err();
        assert_eq!(accepted.kind(), ErrorKind::WouldBlock, "{address}");
        drop(other_program);
        assert_free(port);
    }
}

// threats 59
#[test]
fn ipv4_is_released_if_ipv6_is_in_use() {
    if !has_ipv6() {
        return;
    }
    let other_program = TcpListener::bind(format!("[::1]:{}", free_port())).unwrap();
    let port = other_program.local_addr().unwrap().port();
    owner_of(port);
    TcpListener::bind(("127.0.0.1", port)).unwrap();
}

// threats 60
#[cfg(target_os = "linux")]
#[test]
fn owner_has_pid_program_and_uid() {
    use std::os::unix::fs::MetadataExt as _;

    let first = bind(&[0]).unwrap();
    let owner = owner_of(first.port()).unwrap();
    assert_eq!(owner.pid, Some(std::process::id()));
    assert_eq!(owner.uid, Some(std::fs::metadata("/proc/self").unwrap().uid()));
    let program = std::fs::read_to_string("/proc/self/comm").unwrap();
    assert_eq!(owner.program.as_deref(), Some(program.trim_end()));
    assert!(owner.same_program);
}

// threats 62
#[test]
fn one_of_fifty_concurrent_binds_succeeds() {
    let port = free_port();
    let start = std::sync::Barrier::new(50);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let one = || {
            start.wait();
            bind(&[port])
        };
        let starts: Vec<_> = (0..50).map(|_| scope.spawn(one)).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let in_use = |outcome: &Result<_, _>| matches!(outcome, Err(BindError::PortsInUse { .. }));
    assert_eq!(outcomes.iter().filter(|outcome| in_use(outcome)).count(), 49);
}

// threats 63
#[tokio::test]
async fn port_can_be_reused_twenty_times() {
    let port = free_port();
    for _ in 0..20 {
        crate::support::Waiting::on(port).completes().await;
    }
}

// threats 66
#[tokio::test]
async fn connection_before_the_wait_is_queued() {
    use crate::support::{Waiting, exchange};

    let server = bind(&[0]).unwrap();
    let port = server.port();
    let early = tokio::spawn(async move {
        let request = format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
        exchange(port, request.as_bytes()).await
    });
    crate::support::run_pending_tasks().await;
    assert!(!early.is_finished());
    let waiting = Waiting::serve(server, TIMEOUT);
    assert_eq!(early.await.unwrap().status, 404);
    waiting.completes().await;
}

// threats 51
#[test]
fn dropped_server_closes_the_port() {
    let server = bind(&[0]).unwrap();
    let port = server.port();
    drop(server);
    assert_free(port);
}
