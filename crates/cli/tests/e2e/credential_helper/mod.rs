//! Credentials in a credential helper: `docker-credential-pass` of Debian, and scripted helpers
//! that fail.

mod failures;
mod interrupted;
mod pass;
mod scripted_helper;
mod storage;
mod unlock_prompt;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Canaries, Finished, World};

/// The only files in the folder if the credentials are elsewhere.
const LOCKS: [&str; 2] = ["auth.json.lock", "auth.lock"];

/// Parses an entry as JSON.
fn document(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// No file in these folders contains an issued secret.
#[track_caller]
fn assert_no_plaintext(world: &World, also_in: &[&Path]) {
    let secrets = [world.sandbox.canaries(), world.registered_secrets()].concat();
    let canaries = Canaries::new(&secrets);
    assert!(!canaries.is_empty());
    let mut folders: Vec<PathBuf> = also_in.iter().map(|folder| (*folder).to_owned()).collect();
    folders.push(world.path(""));
    for file in folders.iter().flat_map(|folder| files_below(folder)) {
        let bytes = fs::read(&file).unwrap_or_default();
        assert_eq!(canaries.found_in(&bytes), None, "a secret in {}", file.display());
    }
}

/// Skips links, sockets and pipes.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            files.extend(files_below(&entry.path()));
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    files
}

/// The `PATH` of the machine, for helpers that are scripts.
#[expect(clippy::disallowed_methods, reason = "handed on to the helper, not read")]
fn machine_path() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

/// A failing store is an error with a hint, and no file is written.
#[track_caller]
fn assert_refused(world: &World, finished: &Finished, words: &str) {
    finished.exits(1).prints("").says(words).says_nothing_of("/oauth/authorize");
    let last = finished.error_lines();
    assert!(last.starts_with("error: ") && last.contains("\nhint: "), "{last}");
    assert_only_locks(world);
}

#[track_caller]
fn assert_only_locks(world: &World) {
    let names = world.stored_names();
    assert!(names.iter().all(|name| LOCKS.contains(&name.as_str())), "{names:?}");
}
