//! A newer wait asks an older one for its port.

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use oauth_callback_server::{BindError, BindOptions, CallbackServer, PortConflict, WaitError};
use tempfile::TempDir;

use crate::support::{PATIENCE, Waiting};

/// A folder in which a wait makes one for itself.
struct Rendezvous(TempDir);

impl Rendezvous {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("waits")
    }

    /// One that exists, with these permissions.
    fn with_mode(mode: u32) -> Self {
        let control_socket = Self::new();
        fs::create_dir(control_socket.folder()).unwrap();
        fs::set_permissions(control_socket.folder(), Permissions::from_mode(mode)).unwrap();
        control_socket
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder()).unwrap();
        names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn first(&self) -> Waiting {
        Waiting::serve(CallbackServer::bind(&self.options(0)).unwrap(), PATIENCE)
    }

    fn options(&self, port: u16) -> BindOptions {
        let control_socket = Some(self.folder());
        BindOptions { ports: vec![port], control_socket, ..BindOptions::default() }
    }

    /// Binds as a person who wants the port now. The caller's runtime goes on meanwhile.
    async fn cancel_previous(&self, port: u16) -> Result<CallbackServer, BindError> {
        let conflict = PortConflict::CancelPrevious;
        let options = BindOptions { conflict, ..self.options(port) };
        tokio::task::spawn_blocking(move || CallbackServer::bind(&options)).await.unwrap()
    }
}

#[track_caller]
fn assert_in_use(outcome: &Result<CallbackServer, BindError>) {
    assert!(matches!(outcome, Err(BindError::PortsInUse { .. })), "{outcome:?}");
}

// threats 61
#[tokio::test]
async fn an_older_wait_gives_way_to_a_newer_one() {
    let control_socket = Rendezvous::new();
    let mut older = control_socket.first();
    for _ in 0..3 {
        let server = control_socket.cancel_previous(older.port).await.unwrap();
        assert_eq!(server.port(), older.port);
        assert!(matches!(older.error().await, WaitError::Replaced));
        older = Waiting::serve(server, PATIENCE);
    }
    assert_eq!(control_socket.names(), [format!("{}.sock", older.port)]);
    older.completes().await;
    assert_eq!(control_socket.names(), Vec::<String>::new());
}

// threats 61
#[tokio::test]
async fn nobody_is_asked_without_being_told_to() {
    let control_socket = Rendezvous::new();
    let older = control_socket.first();
    let options = control_socket.options(older.port);
    let newer = tokio::task::spawn_blocking(move || CallbackServer::bind(&options));
    assert_in_use(&newer.await.unwrap());
    older.completes().await;
}

// threats 61
#[tokio::test]
async fn a_wait_whose_code_is_here_keeps_its_port() {
    let control_socket = Rendezvous::new();
    let mut older = control_socket.first();
    let browser = older.browser();
    let callback = older.outcome().await.unwrap();
    assert_in_use(&control_socket.cancel_previous(older.port).await);
    callback.browser.respond_ok("signed in").await;
    assert_eq!(browser.await.unwrap().body, "signed in");
}

// threats 59
#[tokio::test]
async fn a_stranger_at_the_port_hears_nothing() {
    let control_socket = Rendezvous::with_mode(0o700);
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    assert_in_use(&control_socket.cancel_previous(port).await);
    stranger.set_nonblocking(true).unwrap();
    assert_eq!(stranger.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

// threats 59 61
#[tokio::test]
async fn whoever_does_not_say_that_they_wait_is_not_asked() {
    let control_socket = Rendezvous::with_mode(0o700);
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    let listener = UnixListener::bind(socket(&control_socket.folder(), port)).unwrap();
    let heard = tokio::task::spawn_blocking(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"220 mail.example ESMTP ready\r\n").unwrap();
        let mut heard = Vec::new();
        // With a reset, where our words were not read.
        let _ = stream.read_to_end(&mut heard);
        heard
    });
    assert_in_use(&control_socket.cancel_previous(port).await);
    assert_eq!(heard.await.unwrap(), b"");
}

fn socket(folder: &Path, port: u16) -> PathBuf {
    folder.join(format!("{port}.sock"))
}

/// Somebody was killed, and had no time to take their name away.
// threats 52
#[tokio::test]
async fn a_name_that_was_left_is_in_nobodys_way() {
    let control_socket = Rendezvous::with_mode(0o700);
    let port = CallbackServer::bind(&BindOptions::default()).unwrap().port();
    drop(UnixListener::bind(socket(&control_socket.folder(), port)).unwrap());
    let first = control_socket.cancel_previous(port).await.unwrap();
    let mut older = Waiting::serve(first, PATIENCE);
    let newer = control_socket.cancel_previous(port).await.unwrap();
    assert!(matches!(older.error().await, WaitError::Replaced));
    Waiting::serve(newer, PATIENCE).completes().await;
}

/// In a folder that is open to others, anybody could ask, or pose as a wait.
// threats 61
#[tokio::test]
async fn a_folder_that_is_open_to_others_is_not_used() {
    for mode in [0o755, 0o770, 0o777] {
        let control_socket = Rendezvous::with_mode(mode);
        let older = control_socket.first();
        assert_eq!(control_socket.names(), Vec::<String>::new());
        assert_in_use(&control_socket.cancel_previous(older.port).await);
        older.completes().await;
    }
}

/// A link could lead into somebody else's folder, or a file be there.
// threats 61
#[tokio::test]
async fn what_is_no_folder_is_not_used() {
    let control_socket = Rendezvous::new();
    let elsewhere = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), control_socket.folder()).unwrap();
    let older = control_socket.first();
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    assert_in_use(&control_socket.cancel_previous(older.port).await);
    older.completes().await;
}

// threats 51
#[tokio::test]
async fn a_wait_that_ends_takes_its_name_away() {
    let control_socket = Rendezvous::new();
    control_socket.first().interrupt().await;
    assert_eq!(control_socket.names(), Vec::<String>::new());
    drop(CallbackServer::bind(&control_socket.options(0)).unwrap());
    assert_eq!(control_socket.names(), Vec::<String>::new());
}
