//! Whose a port is, seen from another process. This test starts one, which has every socket of this
//! process for a moment, so that it cannot share it with tests that look for free ports.
#![cfg(target_os = "linux")]

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use oauth_callback_server::{BindError, BindOptions, CallbackServer};

// threats 61
#[test]
fn another_program_of_the_same_user_is_another_program() {
    // Whoever inherits a socket listens on it, whatever it is.
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    let inherited = Stdio::from(OwnedFd::from(stranger));
    let mut child = Command::new("/bin/sleep").arg("600").stdin(inherited).spawn().unwrap();
    let options = BindOptions { ports: vec![port], ..BindOptions::default() };
    let refused = CallbackServer::bind(&options);
    child.kill().unwrap();
    child.wait().unwrap();
    let Err(BindError::PortsInUse { taken }) = refused else { panic!("{refused:?}") };
    let holder = taken[0].owner.as_ref().unwrap();
    assert_eq!(holder.pid, Some(child.id()));
    assert_eq!(holder.program.as_deref(), Some("sleep"));
    assert!(!holder.same_program);
}
