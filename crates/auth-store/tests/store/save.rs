//! Writes: locks, concurrent writers, and failures.

use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::common::{AFTER_A_SAVE, Home, is_locked, read, sign_in, update_with_backup, write};
use auth_store::{AuthDocument, AuthStore, Error, FileError};

/// Enough for slow disks.
const PATIENT: Duration = Duration::from_secs(120);

fn save(store: &AuthStore, mark: &str) -> Result<(), Error> {
    store.update(|document| document.set_sign_in(&sign_in(mark)))
}

#[test]
fn load_without_folder_or_file_is_none() {
    let home = Home::new();
    assert!(home.store().load().unwrap().is_none());
    assert!(!home.path().exists());
    fs::create_dir(home.path()).unwrap();
    assert!(home.store().load().unwrap().is_none());
    assert_eq!(home.names().len(), 0);
}

#[track_caller]
fn locked_by(name: &str, home: &Home) {
    let error = save(&home.store().with_lock_wait(Duration::ZERO), "2").unwrap_err();
    let expected = home.file(name);
    assert!(
        matches!(&error, Error::File(FileError::Locked { path, waited, .. }) if *path == expected && waited.is_zero()),
        "{error:?}"
    );
}

// threats 120 173
#[test]
fn lock_timeout_is_an_error_and_changes_nothing() {
    let home = Home::holding("{}");
    let first = File::create(home.file("auth.lock")).unwrap();
    let second = File::create(home.file("auth.json.lock")).unwrap();
    first.lock().unwrap();
    locked_by("auth.lock", &home);
    second.lock().unwrap();
    locked_by("auth.lock", &home);
    first.unlock().unwrap();
    locked_by("auth.json.lock", &home);
    assert_eq!(read(home.auth_json()), "{}");
    assert_eq!(home.names(), AFTER_A_SAVE);
    second.unlock().unwrap();
    save(&home.store().with_lock_wait(Duration::ZERO), "2").unwrap();
}

#[test]
fn update_holds_both_locks() {
    let home = Home::new();
    let taken = |name| is_locked(home.file(name));
    let held = home.store().update(|_| (taken("auth.lock"), taken("auth.json.lock"))).unwrap();
    assert_eq!(held, (true, true));
    assert!(!taken("auth.lock") && !taken("auth.json.lock"));
}

// threats 171
#[test]
fn concurrent_writers_are_serialized() {
    let home = Home::new();
    let count = |document: &AuthDocument| document.account_id().map_or(0, |n| n.parse().unwrap());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    home.store()
                        .with_lock_wait(PATIENT)
                        .update(|document| {
                            let next: u32 = count(document) + 1;
                            document.set_sign_in(&sign_in(&next.to_string()));
                        })
                        .unwrap();
                }
            });
        }
    });
    assert_eq!(count(&home.store().load().unwrap().unwrap()), 40);
    assert_eq!(home.names(), AFTER_A_SAVE);
}

/// Whether all parts of the document are of one sign-in.
fn is_of_one_piece(document: &AuthDocument) -> bool {
    let mark = document.account_id().unwrap();
    document.access_token().unwrap().expose() == format!("access-{mark}")
        && document.refresh_token().unwrap().expose() == format!("refresh-{mark}")
        && document.api_key().unwrap().expose() == format!("sk-{mark}")
}

// threats 171 172
#[test]
fn reader_always_sees_a_complete_document() {
    let home = Home::new();
    save(&home.store(), "0").unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for mark in 0..60 {
                save(&home.store(), &"x".repeat(1 + mark % 7 * 3000)).unwrap();
            }
            done.store(true, Ordering::Release);
        });
        while !done.load(Ordering::Acquire) {
            assert!(is_of_one_piece(&home.store().load().unwrap().unwrap()));
        }
    });
}

// threats 151 166
#[test]
fn save_removes_leftovers_of_killed_processes() {
    let home = Home::holding("{}");
    write(home.file("auth.json.login-cli.tmp"), "half of a secr");
    write(home.file("auth.json.login-cli.probe"), "");
    home.store().check_writable().unwrap();
    save(&home.store(), "1").unwrap();
    assert_eq!(home.names(), AFTER_A_SAVE);
    assert!(is_of_one_piece(&home.store().load().unwrap().unwrap()));
}

// threats 175
#[test]
fn update_repeats_the_change_after_a_concurrent_write() {
    let home = Home::holding("{}");
    let mut calls = 0;
    home.store()
        .update(|document| {
            calls += 1;
            if calls == 1 {
                write(home.auth_json(), r#"{"theirs":1}"#);
            }
            document.set_sign_in(&sign_in("1"));
        })
        .unwrap();
    assert_eq!(calls, 2);
    assert!(read(home.auth_json()).starts_with("{\n  \"theirs\": 1,\n"));
    assert_eq!(home.names(), AFTER_A_SAVE);
}

// threats 175
#[test]
fn update_gives_up_against_a_program_that_keeps_writing() {
    let home = Home::holding("{}");
    let mut calls = 0;
    let outcome = home.store().update(|document| {
        calls += 1;
        write(home.auth_json(), format!("{{\"theirs\":{calls}}}"));
        document.set_sign_in(&sign_in("1"));
    });
    assert!(matches!(outcome, Err(Error::File(FileError::Changed { .. }))), "{outcome:?}");
    assert_eq!(read(home.auth_json()), r#"{"theirs":3}"#);
    assert_eq!(home.names(), AFTER_A_SAVE);
}

// threats 153 155
#[test]
fn failed_save_changes_nothing() {
    let home = Home::holding(r#"{"x":1}"#);
    // Nothing can be made where the temporary file belongs.
    let in_the_way = home.file("auth.json.login-cli.tmp");
    fs::create_dir(&in_the_way).unwrap();
    let error = save(&home.store(), "1").unwrap_err();
    assert!(
        matches!(&error, Error::File(FileError::NotAFile { path, .. }) if *path == in_the_way),
        "{error:?}"
    );
    assert_eq!(read(home.auth_json()), r#"{"x":1}"#);

    fs::remove_dir(&in_the_way).unwrap();
    let outcome = home.store().update(|_| {
        // Something that no save replaces appears when everything but the rename is done.
        fs::remove_file(home.auth_json()).unwrap();
        fs::create_dir(home.auth_json()).unwrap();
    });
    assert!(matches!(outcome, Err(Error::File(FileError::NotAFile { .. }))), "{outcome:?}");
    assert_eq!(home.names(), AFTER_A_SAVE);
}

// threats 168
#[test]
fn failed_sign_in_leaves_no_backup() {
    let home = Home::holding("{");
    fs::create_dir(home.file("auth.json.login-cli.tmp")).unwrap();
    let now = "2026-11-21T18:48:46Z".parse().unwrap();
    let outcome = update_with_backup(&home.store(), now, |document| {
        document.set_sign_in(&sign_in("1"));
    });
    assert!(matches!(outcome, Err(Error::File(FileError::NotAFile { .. }))), "{outcome:?}");
    fs::remove_dir(home.file("auth.json.login-cli.tmp")).unwrap();
    assert_eq!(read(home.auth_json()), "{");
    assert_eq!(home.names(), AFTER_A_SAVE);
}

// threats 157
#[test]
fn check_writable_creates_only_the_folder() {
    let home = Home::new();
    let deep = home.path().join("a").join("b");
    AuthStore::new(deep.clone()).check_writable().unwrap();
    assert_eq!(crate::common::names(&deep).len(), 0);

    save(&home.store(), "1").unwrap();
    let before = read(home.auth_json());
    home.store().check_writable().unwrap();
    assert_eq!(read(home.auth_json()), before);
}

// threats 157
#[test]
fn check_writable_fails_if_codex_home_is_a_file() {
    let home = Home::new();
    let file = home.around().join("file");
    write(&file, "");
    for path in [file.clone(), file.join("codex"), Path::new("").into()] {
        let error = AuthStore::new(path).check_writable().unwrap_err();
        assert!(matches!(error, Error::File(FileError::NotWritable { .. })), "{error:?}");
    }
    assert_eq!(read(&file), "");
}

/// An async caller runs the save in another thread.
#[test]
fn store_can_be_moved_to_another_thread() {
    fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
        std::thread::spawn(work).join().unwrap()
    }
    fn shared<T: Clone + Send + Sync + 'static>(value: &T) -> T {
        value.clone()
    }
    let home = Home::holding("{");
    let (store, sign_in) = (shared(&home.store()), sign_in("1"));
    let now = "2026-11-21T18:48:46Z".parse().unwrap();
    let outcome = spawn_blocking(move || {
        update_with_backup(&store, now, |document| document.set_sign_in(&sign_in))
    });
    let ((), copy) = outcome.unwrap();
    assert!(copy.is_some());
    assert_eq!(home.store().load().unwrap().unwrap().account_id(), Some("1"));
}
