//! Where the waiting sign-ins of one user and program meet, so that a newer one can ask an older one
//! to give way: a socket in a private folder, named after the port. Both ends look at who the other
//! is before they say anything.
//!
//! The name belongs to whoever holds the port. It is taken after the port is bound and given back
//! before the port is free, so that a name which is there already was left by somebody who is gone.

use std::fs::{self, DirBuilder};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::os::unix::net::UnixListener as StdUnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{sleep, timeout};

use crate::port_owner::is_our_program;

/// The socket at which a waiting sign-in can be asked to give way.
#[derive(Debug)]
pub(crate) struct ControlSocket {
    listener: StdUnixListener,
    path: PathBuf,
}

/// What a waiting sign-in says first, so that nobody is asked who is something else.
const GREETING: &[u8] = b"a sign-in waits here\n";

/// What a newer one answers.
const REQUEST: &[u8] = b"give way\n";

/// How long a newer sign-in waits for an older one to be gone.
const LONGEST_HANDOVER: Duration = Duration::from_secs(2);

impl ControlSocket {
    /// For whoever holds the port.
    pub(crate) fn open(folder: &Path, port: u16) -> io::Result<Self> {
        make_private(folder)?;
        let path = path(folder, port);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = StdUnixListener::bind(&path)?;
        let control = Self { listener, path };
        control.listener.set_nonblocking(true)?;
        Ok(control)
    }

    /// Waits for a newer sign-in that asks for the port. It takes the end of the returned connection
    /// for the sign that the port is free.
    pub(crate) async fn asked(&self) -> io::Result<UnixStream> {
        /// Whoever connects and says nothing keeps others waiting for this long.
        const PATIENCE: Duration = Duration::from_millis(500);
        let listener = UnixListener::from_std(self.listener.try_clone()?)?;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => match timeout(PATIENCE, hear(stream)).await {
                    Ok(Ok(stream)) => return Ok(stream),
                    _ => tracing::debug!("somebody asked in the wrong way for the port"),
                },
                // It would fail again at once.
                Err(_) => sleep(PATIENCE).await,
            }
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

async fn hear(mut stream: UnixStream) -> io::Result<UnixStream> {
    refuse_a_stranger(&stream)?;
    stream.write_all(GREETING).await?;
    expect(&mut stream, REQUEST).await?;
    Ok(stream)
}

/// Asks the sign-in that holds this port to give way, if one waits there, and returns when it has
/// gone. It takes a thread with a runtime of its own, because the caller may have one or none.
pub(crate) fn ask(folder: &Path, port: u16) -> io::Result<()> {
    refuse_a_public(folder)?;
    let path = path(folder, port);
    let ask = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { timeout(LONGEST_HANDOVER, ask_at(&path)).await? })
    };
    std::thread::scope(|scope| scope.spawn(ask).join())
        .unwrap_or_else(|_| Err(ErrorKind::Other.into()))
}

async fn ask_at(path: &Path) -> io::Result<()> {
    let mut stream = UnixStream::connect(path).await?;
    refuse_a_stranger(&stream)?;
    expect(&mut stream, GREETING).await?;
    stream.write_all(REQUEST).await?;
    match stream.read(&mut [0]).await? {
        0 => Ok(()),
        _ => Err(ErrorKind::InvalidData.into()),
    }
}

async fn expect(stream: &mut UnixStream, words: &[u8]) -> io::Result<()> {
    let mut said = vec![0; words.len()];
    stream.read_exact(&mut said).await?;
    if said == words { Ok(()) } else { Err(ErrorKind::InvalidData.into()) }
}

/// The system vouches for the user at the other end and, on Linux, for the program.
fn refuse_a_stranger(stream: &UnixStream) -> io::Result<()> {
    let peer = stream.peer_cred()?;
    let is_our_user = peer.uid() == rustix::process::geteuid().as_raw();
    let pid = peer.pid().and_then(|pid| pid.try_into().ok());
    if is_our_user && is_our_program(pid) {
        Ok(())
    } else {
        Err(ErrorKind::PermissionDenied.into())
    }
}

fn path(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!("{port}.sock"))
}

fn make_private(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => refuse_a_public(folder),
    }
}

/// In a folder that others could write to, anybody could pose as a sign-in.
fn refuse_a_public(folder: &Path) -> io::Result<()> {
    const OF_OTHERS: u32 = 0o077;
    let found = fs::symlink_metadata(folder)?;
    let is_private = found.is_dir()
        && found.uid() == rustix::process::geteuid().as_raw()
        && found.mode() & OF_OTHERS == 0;
    if is_private { Ok(()) } else { Err(ErrorKind::PermissionDenied.into()) }
}
