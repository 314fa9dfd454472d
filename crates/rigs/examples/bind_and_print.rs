//! What `cargo xtask bench` compares the start of `login-cli` with: it binds both loopback
//! addresses, prints a line, and does nothing else that a program could leave out.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

fn main() -> io::Result<()> {
    let v4 = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = v4.local_addr()?.port();
    // A machine without IPv6 has only the first.
    let _v6 = TcpListener::bind((Ipv6Addr::LOCALHOST, port));
    writeln!(io::stderr(), "http://localhost:{port}/")
}
