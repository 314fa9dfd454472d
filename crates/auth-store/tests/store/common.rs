//! Shared by the tests of the store: a home folder, a sign-in, and another program's access to files.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use auth_store::{AuthDocument, AuthStore, Error, SignIn};
use credentials::{AccessToken, ApiKey, IdToken, RefreshToken};
use jiff::Timestamp;
use tempfile::TempDir;

/// A home folder that does not exist yet, in a temporary folder.
#[derive(Debug)]
pub(crate) struct Home {
    around: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { around: tempfile::tempdir().unwrap() }
    }

    /// An existing one with this `auth.json`.
    pub(crate) fn holding(content: impl AsRef<[u8]>) -> Self {
        let home = Self::new();
        fs::create_dir(home.path()).unwrap();
        write(home.auth_json(), content);
        home
    }

    pub(crate) fn around(&self) -> &Path {
        self.around.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.around.path().join("codex")
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub(crate) fn auth_json(&self) -> PathBuf {
        self.file("auth.json")
    }

    pub(crate) fn store(&self) -> AuthStore {
        AuthStore::new(self.path())
    }

    /// Its sorted file names.
    pub(crate) fn names(&self) -> Vec<String> {
        names(&self.path())
    }
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The files in the home folder after a save.
pub(crate) const AFTER_A_SAVE: [&str; 3] = ["auth.json", "auth.json.lock", "auth.lock"];

/// Writes a file as a careless program does it.
#[expect(clippy::disallowed_methods, reason = "the other program is not this project's")]
pub(crate) fn write(path: impl AsRef<Path>, content: impl AsRef<[u8]>) {
    fs::write(path, content).unwrap();
}

pub(crate) fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

/// Whether the lock on this file is held. The lock is released explicitly: a program that another test
/// starts may have the file open for a moment.
pub(crate) fn is_locked(path: impl AsRef<Path>) -> bool {
    let file = File::open(path).unwrap();
    let taken = file.try_lock().is_ok();
    if taken {
        file.unlock().unwrap();
    }
    !taken
}

/// A sign-in whose tokens and account contain `mark`.
pub(crate) fn sign_in(mark: &str) -> SignIn {
    SignIn {
        id_token: IdToken::new(format!("id-{mark}")).unwrap(),
        access_token: AccessToken::new(format!("access-{mark}")).unwrap(),
        refresh_token: RefreshToken::new(format!("refresh-{mark}")).unwrap(),
        account_id: Some(mark.to_owned()),
        api_key: Some(ApiKey::new(format!("sk-{mark}")).unwrap()),
        last_refresh: "2026-11-21T18:48:46.859879Z".parse().unwrap(),
    }
}

/// Like [`AuthStore::update`], with a backup of a document that cannot be read.
pub(crate) fn update_with_backup<T>(
    store: &AuthStore,
    now: Timestamp,
    change: impl FnMut(&mut AuthDocument) -> T,
) -> Result<(T, Option<PathBuf>), Error> {
    store.lock()?.update_with_backup(now, change)
}

/// Runs a future on this thread.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let (mut future, waker) = (pin!(future), Waker::from(Arc::new(Unpark(thread::current()))));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Reports a skipped test, past the capture of the test harness; `.ci/run` counts these lines.
#[cfg(target_os = "linux")]
pub(crate) fn left_out(what: &str) {
    use std::io::Write as _;
    let line = format!("not tested on this machine: {what}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}
