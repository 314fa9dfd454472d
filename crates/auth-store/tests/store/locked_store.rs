//! Load and commit under the locks.

use std::fs::{self, File};
#[cfg(unix)]
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(unix)]
use std::thread;
use std::time::Duration;

use crate::common::{AFTER_A_SAVE, Home, is_locked, read, sign_in, write};
use auth_store::{AuthDocument, Error, FileError, Location, LockedStore};
use token_source::TryLock;

const LOCKS: [&str; 2] = ["auth.lock", "auth.json.lock"];

/// A document with this mark that was never loaded.
fn document(mark: &str) -> AuthDocument {
    let mut document = AuthDocument::default();
    document.set_sign_in(&sign_in(mark));
    document
}

fn mark_of(home: &Home) -> String {
    home.store().load().unwrap().unwrap().account_id().unwrap().to_owned()
}

#[track_caller]
fn changed(home: &Home, outcome: Result<(), Error>) {
    let Err(Error::File(FileError::Changed { path })) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(path, home.auth_json());
}

#[test]
fn commit_works_repeatedly() {
    let home = Home::holding(r#"{"x": 1}"#);
    let mut locked = home.store().lock().unwrap();
    assert_eq!(locked.location(), Location::File(home.auth_json()));
    let mut document = locked.load().unwrap().unwrap();
    for mark in ["1", "2"] {
        document.set_sign_in(&sign_in(mark));
        locked.commit(&document).unwrap();
        assert_eq!(mark_of(&home), mark);
    }
    assert!(read(home.auth_json()).starts_with("{\n  \"x\": 1,\n"));
    assert_eq!(home.names(), AFTER_A_SAVE);
}

/// The same as for a missing folder.
#[test]
fn commit_creates_the_first_document() {
    for load_first in [true, false] {
        let home = Home::new();
        let mut locked = home.store().lock().unwrap();
        locked.reserve().unwrap();
        if load_first {
            assert!(locked.load().unwrap().is_none());
        }
        locked.commit(&document("1")).unwrap();
        assert_eq!(mark_of(&home), "1");
        assert_eq!(home.names(), AFTER_A_SAVE);
    }
}

// threats 175
#[test]
fn commit_fails_after_a_change_by_another_program() {
    for theirs in [r#"{"theirs":1}"#, "{", ""] {
        let home = Home::holding(r#"{"x":1}"#);
        let mut locked = home.store().lock().unwrap();
        let mut document = locked.load().unwrap().unwrap();
        write(home.auth_json(), theirs);
        document.set_sign_in(&sign_in("1"));
        changed(&home, locked.commit(&document));
        assert_eq!(read(home.auth_json()), theirs);
        assert_eq!(home.names(), AFTER_A_SAVE);
    }
}

// threats 175
#[test]
fn commit_works_after_another_load() {
    let home = Home::holding(r#"{"x":1}"#);
    let mut locked = home.store().lock().unwrap();
    locked.load().unwrap();
    write(home.auth_json(), r#"{"theirs":1}"#);
    changed(&home, locked.commit(&document("1")));
    changed(&home, locked.commit(&document("1")));
    let mut theirs = locked.load().unwrap().unwrap();
    theirs.set_sign_in(&sign_in("2"));
    locked.commit(&theirs).unwrap();
    assert!(read(home.auth_json()).starts_with("{\n  \"theirs\": 1,\n"));
    assert_eq!(mark_of(&home), "2");
}

/// The other program has signed out, and a late refresh must not undo that.
// threats 122 175
#[test]
fn commit_does_not_restore_a_removed_file() {
    let home = Home::holding("{}");
    let mut locked = home.store().lock().unwrap();
    let mut document = locked.load().unwrap().unwrap();
    document.set_sign_in(&sign_in("1"));
    fs::remove_file(home.auth_json()).unwrap();
    changed(&home, locked.commit(&document));
    assert!(locked.load().unwrap().is_none());
    assert_eq!(home.names(), LOCKS_ALONE);
}

const LOCKS_ALONE: [&str; 2] = ["auth.json.lock", "auth.lock"];

// threats 122 175
#[cfg(unix)]
#[test]
fn commit_does_not_restore_a_removed_link_target() {
    for remove_link in [true, false] {
        let home = Home::holding("{}");
        let end = home.around().join("end");
        fs::rename(home.auth_json(), &end).unwrap();
        std::os::unix::fs::symlink(&end, home.auth_json()).unwrap();
        let mut locked = home.store().lock().unwrap();
        locked.load().unwrap();
        fs::remove_file(&end).unwrap();
        if remove_link {
            fs::remove_file(home.auth_json()).unwrap();
        }
        locked.commit(&document("1")).unwrap_err();
        assert_eq!(crate::common::names(home.around()), ["codex", "end.lock"]);
    }
}

// threats 175
#[test]
fn commit_fails_if_a_file_was_created() {
    let home = Home::new();
    let mut locked = home.store().lock().unwrap();
    assert!(locked.load().unwrap().is_none());
    write(home.auth_json(), r#"{"theirs":1}"#);
    changed(&home, locked.commit(&document("1")));
    assert_eq!(read(home.auth_json()), r#"{"theirs":1}"#);
}

/// A commit without a load creates the first document only.
// threats 175
#[test]
fn commit_without_load_replaces_nothing() {
    let home = Home::holding("{}");
    let mut locked = home.store().lock().unwrap();
    changed(&home, locked.commit(&document("1")));
    assert_eq!(read(home.auth_json()), "{}");
}

// threats 168
#[test]
fn unreadable_document_is_reported_and_unchanged() {
    let home = Home::holding("{");
    let mut locked = home.store().lock().unwrap();
    let error = locked.load().unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
    drop(locked);
    assert_eq!(read(home.auth_json()), "{");
}

#[test]
fn commit_after_remove_creates_a_document() {
    let home = Home::holding("{}");
    let mut locked = home.store().lock().unwrap();
    locked.load().unwrap();
    assert!(locked.remove().unwrap());
    locked.commit(&document("1")).unwrap();
    assert_eq!(mark_of(&home), "1");
}

fn nobody(locked: Result<TryLock<LockedStore>, Error>) -> bool {
    locked.unwrap().locked().is_none()
}

// threats 120
#[test]
fn try_lock_does_not_wait_for_either_lock() {
    let home = Home::holding("{}");
    let mine = home.store().lock().unwrap();
    assert!(nobody(home.store().try_lock()));
    drop(mine);
    for name in LOCKS {
        let theirs = File::open(home.file(name)).unwrap();
        theirs.lock().unwrap();
        assert!(nobody(home.store().try_lock()), "{name}");
        // One of two locks is not kept either.
        theirs.unlock().unwrap();
        let _mine = home.store().try_lock().unwrap().locked().unwrap();
        assert!(is_locked(home.file(name)), "{name}");
    }
    assert_eq!(read(home.auth_json()), "{}");
}

/// The lock beside the target of a link is one of the locks.
// threats 120 159
#[cfg(unix)]
#[test]
fn try_lock_includes_the_lock_of_a_link_target() {
    let home = Home::holding("{}");
    let end = home.around().join("end");
    fs::rename(home.auth_json(), &end).unwrap();
    std::os::unix::fs::symlink(&end, home.auth_json()).unwrap();
    let theirs = File::create(home.around().join("end.lock")).unwrap();
    theirs.lock().unwrap();
    assert!(nobody(home.store().try_lock()));
    theirs.unlock().unwrap();
    assert!(!nobody(home.store().try_lock()));
}

// threats 173
#[test]
fn removed_lock_file_is_recreated() {
    let home = Home::holding("{}");
    for name in LOCKS {
        drop(home.store().lock().unwrap());
        fs::remove_file(home.file(name)).unwrap();
        let _locked = home.store().try_lock().unwrap().locked().unwrap();
        assert!(is_locked(home.file(name)), "{name}");
    }
}

/// Lock files are removed while they are held, so two processes hold locks. Neither overwrites the
/// other.
// threats 173 175
#[cfg(unix)]
#[test]
fn two_lock_holders_do_not_overwrite_each_other() {
    let home = Home::holding("{}");
    let mut late = home.store().lock().unwrap();
    late.load().unwrap();
    for name in LOCKS {
        fs::remove_file(home.file(name)).unwrap();
    }
    let mut early = home.store().try_lock().unwrap().locked().unwrap();
    early.load().unwrap();
    early.commit(&document("early")).unwrap();
    changed(&home, late.commit(&document("late")));
    assert_eq!(mark_of(&home), "early");
    assert_eq!(home.names(), AFTER_A_SAVE);
}

/// Lock files are removed while they are held. A process that had opened one must not use its lock.
// threats 173
#[cfg(unix)]
#[test]
fn lock_on_a_removed_file_does_not_count() {
    let home = Home::holding("{}");
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Acquire) {
                let lock = File::create(home.file("auth.lock")).unwrap();
                lock.lock().unwrap();
                fs::remove_file(home.file("auth.lock")).unwrap();
                lock.unlock().unwrap();
            }
        });
        let _when_this_fails_too = SetOnDrop(&is_done);
        for _ in 0..300 {
            let locked = home.store().lock().unwrap();
            let lock = home.file("auth.lock");
            assert!(lock.exists() && is_locked(lock));
            drop(locked);
        }
    });
}

#[cfg(unix)]
struct SetOnDrop<'a>(&'a AtomicBool);

#[cfg(unix)]
impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[test]
fn locks_are_released_when_the_process_dies() {
    let home = Home::holding("{}");
    let held = home.store().lock().unwrap();
    let shown = format!("{held:?}");
    assert!(shown.contains("auth.json") && shown.starts_with("LockedStore"), "{shown}");
    let error = home.store().with_lock_wait(Duration::from_millis(1)).lock().unwrap_err();
    assert!(matches!(error, Error::File(FileError::Locked { .. })), "{error:?}");
    drop(held);
    assert!(home.store().try_lock().unwrap().locked().is_some());
}
