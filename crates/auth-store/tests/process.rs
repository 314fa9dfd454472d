//! The umask and the current folder belong to the whole process, so one test of its own covers them.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::env::set_current_dir;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use auth_store::{AuthStore, Error};
use credentials::ApiKey;
use rustix::fs::Mode;
use rustix::process::umask;

const AFTER_A_SAVE: [&str; 3] = ["auth.json", "auth.json.lock", "auth.lock"];

fn save(store: &AuthStore) -> Result<(), Error> {
    let key = ApiKey::new("sk-1").unwrap();
    store.update(|document| document.set_api_key(&key))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[track_caller]
fn private_under(mask: u32) {
    let around = tempfile::tempdir().unwrap();
    let home = around.path().join("codex");
    let deep = home.join("deeper");
    let before = umask(Mode::from_raw_mode(mask as _));
    let store = AuthStore::new(deep.clone());
    let outcomes = [store.check_writable(), save(&store), save(&store)];
    umask(before);
    assert!(outcomes.iter().all(Result::is_ok), "{mask:o}: {outcomes:?}");
    assert_eq!(mode(&home), 0o700, "{mask:o}");
    assert_eq!(mode(&deep), 0o700, "{mask:o}");
    for file in AFTER_A_SAVE {
        assert_eq!(mode(&deep.join(file)), 0o600, "{mask:o} {file}");
    }
}

#[track_caller]
fn saved_in(folder: &str) {
    let store = AuthStore::new(folder.into());
    store.check_writable().unwrap();
    save(&store).unwrap();
    assert!(store.load().unwrap().unwrap().is_signed_in());
    for file in AFTER_A_SAVE {
        assert!(Path::new(folder).join(file).is_file(), "{folder} {file}");
    }
}

// threats 164 176
#[test]
fn modes_ignore_the_umask_and_paths_may_be_relative() {
    for mask in [0o000, 0o022, 0o077, 0o777] {
        private_under(mask);
    }
    let home = tempfile::tempdir().unwrap();
    set_current_dir(home.path()).unwrap();
    saved_in(".");
    saved_in("x");
    saved_in("x/y/");
    set_current_dir("/").unwrap();
}
