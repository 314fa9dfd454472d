//! Who may listen where.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};

use oauth_callback_server::{BindError, BindOptions, CallbackServer, PortInUse, PortOwner};

use crate::support::{PATIENCE, assert_free};

fn on(port: u16) -> BindOptions {
    BindOptions { ports: vec![port], ..BindOptions::default() }
}

/// A port that was free on both addresses a moment ago.
fn free_port() -> u16 {
    CallbackServer::bind(&on(0)).unwrap().port()
}

/// Not every machine has IPv6; where it is missing, nobody can squat on it either.
fn has_ipv6() -> bool {
    TcpListener::bind("[::1]:0").is_ok()
}

#[track_caller]
fn holder_of(port: u16) -> Option<PortOwner> {
    match CallbackServer::bind(&on(port)) {
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
fn the_first_free_port_of_a_list_is_bound() {
    let [first, second] = [(); 2].map(|()| CallbackServer::bind(&on(0)).unwrap());
    let free = free_port();
    let ports = vec![first.port(), second.port(), free, 0];
    let server = CallbackServer::bind(&BindOptions { ports, ..on(0) }).unwrap();
    assert_eq!(server.port(), free);
    assert_eq!(server.redirect_uri(), format!("http://localhost:{free}/auth/callback"));
}

// threats 61
#[test]
fn a_list_without_a_free_port_names_all_of_them() {
    let [first, second] = [(); 2].map(|()| CallbackServer::bind(&on(0)).unwrap());
    let ports = vec![second.port(), first.port()];
    let refused = CallbackServer::bind(&BindOptions { ports: ports.clone(), ..on(0) });
    let Err(BindError::PortsInUse { taken }) = refused else { panic!("{refused:?}") };
    assert_eq!(taken.iter().map(|taken| taken.port).collect::<Vec<_>>(), ports);
}

#[test]
fn a_list_of_nothing_is_no_restriction() {
    let server = CallbackServer::bind(&BindOptions { ports: Vec::new(), ..on(0) }).unwrap();
    assert_ne!(server.port(), 0);
}

// threats 56
#[test]
fn both_loopback_addresses_and_no_other_are_bound() {
    let server = CallbackServer::bind(&on(0)).unwrap();
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
fn a_stranger_on_any_address_is_in_the_way_and_hears_nothing() {
    for address in ["127.0.0.1", "0.0.0.0", "[::1]", "[::]"] {
        if address.starts_with('[') && !has_ipv6() {
            continue;
        }
        let stranger = TcpListener::bind(format!("{address}:{}", free_port())).unwrap();
        let port = stranger.local_addr().unwrap().port();
        holder_of(port);
        stranger.set_nonblocking(true).unwrap();
        let knock = stranger.accept().unwrap_err();
        assert_eq!(knock.kind(), ErrorKind::WouldBlock, "{address}");
        drop(stranger);
        assert_free(port);
    }
}

// threats 59
#[test]
fn a_half_made_bind_is_released() {
    if !has_ipv6() {
        return;
    }
    let stranger = TcpListener::bind(format!("[::1]:{}", free_port())).unwrap();
    let port = stranger.local_addr().unwrap().port();
    holder_of(port);
    TcpListener::bind(("127.0.0.1", port)).unwrap();
}

// threats 60
#[cfg(target_os = "linux")]
#[test]
fn the_holder_is_named() {
    use std::os::unix::fs::MetadataExt as _;

    let first = CallbackServer::bind(&on(0)).unwrap();
    let holder = holder_of(first.port()).unwrap();
    assert_eq!(holder.pid, Some(std::process::id()));
    assert_eq!(holder.uid, Some(std::fs::metadata("/proc/self").unwrap().uid()));
    let program = std::fs::read_to_string("/proc/self/comm").unwrap();
    assert_eq!(holder.program.as_deref(), Some(program.trim_end()));
    assert!(holder.same_program);
}

// threats 62
#[test]
fn of_fifty_starts_one_wins() {
    let port = free_port();
    let start = std::sync::Barrier::new(50);
    let outcomes: Vec<_> = std::thread::scope(|scope| {
        let one = || {
            start.wait();
            CallbackServer::bind(&on(port))
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
async fn twenty_sign_ins_in_a_row_share_a_port() {
    let port = free_port();
    for _ in 0..20 {
        crate::support::Waiting::on(port).completes().await;
    }
}

// threats 66
#[tokio::test]
async fn a_browser_may_come_before_the_wait() {
    use crate::support::{Waiting, exchange};

    let server = CallbackServer::bind(&on(0)).unwrap();
    let port = server.port();
    let early = tokio::spawn(async move {
        let request = format!("GET / HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n");
        exchange(port, request.as_bytes()).await
    });
    crate::support::settle().await;
    assert!(!early.is_finished());
    let waiting = Waiting::serve(server, PATIENCE);
    assert_eq!(early.await.unwrap().status, 404);
    waiting.completes().await;
}

// threats 51
#[test]
fn a_server_that_is_dropped_frees_the_port() {
    let server = CallbackServer::bind(&on(0)).unwrap();
    let port = server.port();
    drop(server);
    assert_free(port);
}
