//! Ports and versions of browsers.

use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Enough on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A port that was free a moment ago.
pub(super) fn free() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Connects as soon as a program listens there.
pub(super) fn connect(port: u16) -> io::Result<TcpStream> {
    const PAUSE: Duration = Duration::from_millis(20);
    let begun = Instant::now();
    loop {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, port)) {
            Err(_) if begun.elapsed() < DEADLINE => thread::sleep(PAUSE),
            Err(error) => return Err(error),
            Ok(stream) => {
                stream.set_read_timeout(Some(DEADLINE))?;
                return Ok(stream);
            }
        }
    }
}

/// The output of `--version`; `None` when the program cannot be started.
pub(super) fn version(program: &str) -> Option<String> {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(version)
}
