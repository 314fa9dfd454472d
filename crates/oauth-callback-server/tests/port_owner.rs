//! The owner of a port in another process. The child process inherits all sockets of this process for a moment,
//! so this test does not run beside tests that need free ports.
#![cfg(target_os = "linux")]

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use oauth_callback_server::{BindError, BindOptions, CallbackServer};

// threats 61
#[test]
fn other_program_of_the_same_user_is_not_the_same_program() {
    // A process that inherits a socket listens on it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let inherited = Stdio::from(OwnedFd::from(listener));
    let mut child = Command::new("/bin/sleep").arg("600").stdin(inherited).spawn().unwrap();
    let options = BindOptions::default().ports([port]);
    let refused = CallbackServer::bind(&options);
    child.kill().unwrap();
    child.wait().unwrap();
    let Err(BindError::PortsInUse { taken }) = refused else { panic!("{refused:?}") };
    let owner = taken[0].owner.as_ref().unwrap();
    assert_eq!(owner.pid, Some(child.id()));
    assert_eq!(owner.program.as_deref(), Some("sleep"));
    assert!(!owner.same_program);
}
