//! Checks whether a browser that this program starts would open on the user's screen.

use std::ffi::OsString;

use diagnostics::{Host, RemoteContext};

fn main() {
    // A program passes its own environment.
    let variable = |name: &str| {
        let ssh_connection = "10.0.0.9 50000 10.0.0.7 22";
        (name == "SSH_CONNECTION").then(|| OsString::from(ssh_connection))
    };
    let context = Host::detect(&variable).browser_obstacle();
    let command = context.as_ref().and_then(|context| context.forward_command(8400));
    assert!(matches!(context, Some(RemoteContext::Ssh(_))));
    assert_eq!(command.as_deref(), Some("ssh -L 8400:localhost:8400 10.0.0.7"));
}
