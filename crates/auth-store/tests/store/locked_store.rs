//! The locks as a value: whoever holds them loads, and commits by comparison.

use std::fs::{self, File};
#[cfg(unix)]
use std::sync::atomic::{AtomicBool, Ordering};
#[cfg(unix)]
use std::thread;
use std::time::Duration;

use crate::common::{AFTER_A_SAVE, Home, is_locked, read, sign_in, write};
use auth_store::{AuthDocument, Error, Location, LockedStore};

const LOCKS: [&str; 2] = ["auth.lock", "auth.json.lock"];

/// A document of this mark that was never loaded.
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
    let Err(Error::Changed { location: Location::File(path) }) = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(path, home.auth_json());
}

#[test]
fn what_was_loaded_is_replaced_as_often_as_it_is_committed() {
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

/// As for a folder that is not there yet.
#[test]
fn the_first_document_needs_no_other_before_it() {
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
fn what_another_program_wrote_since_the_load_stays() {
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
fn what_was_changed_and_loaded_again_can_be_committed() {
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

/// Whoever removed it has signed out: a refresh that comes late does not sign in again.
// threats 122 175
#[test]
fn what_was_removed_since_the_load_is_not_brought_back() {
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
fn what_was_removed_behind_a_link_is_not_brought_back() {
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
fn what_was_made_since_the_load_stays() {
    let home = Home::new();
    let mut locked = home.store().lock().unwrap();
    assert!(locked.load().unwrap().is_none());
    write(home.auth_json(), r#"{"theirs":1}"#);
    changed(&home, locked.commit(&document("1")));
    assert_eq!(read(home.auth_json()), r#"{"theirs":1}"#);
}

/// A commit without a load makes the first document, and no other.
// threats 175
#[test]
fn what_was_never_loaded_stays() {
    let home = Home::holding("{}");
    let mut locked = home.store().lock().unwrap();
    changed(&home, locked.commit(&document("1")));
    assert_eq!(read(home.auth_json()), "{}");
}

// threats 168
#[test]
fn what_cannot_be_read_is_said_and_left() {
    let home = Home::holding("{");
    let mut locked = home.store().lock().unwrap();
    let error = locked.load().unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
    drop(locked);
    assert_eq!(read(home.auth_json()), "{");
}

#[test]
fn after_a_removal_a_commit_makes_the_first_document() {
    let home = Home::holding("{}");
    let mut locked = home.store().lock().unwrap();
    locked.load().unwrap();
    assert!(locked.remove().unwrap());
    locked.commit(&document("1")).unwrap();
    assert_eq!(mark_of(&home), "1");
}

fn nobody(locked: Result<Option<LockedStore>, Error>) -> bool {
    locked.unwrap().is_none()
}

// threats 120
#[test]
fn locks_are_tried_without_waiting_and_whichever_is_held_counts() {
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
        let _mine = home.store().try_lock().unwrap().unwrap();
        assert!(is_locked(home.file(name)), "{name}");
    }
    assert_eq!(read(home.auth_json()), "{}");
}

/// The lock beside the end of a link is one of them.
// threats 120 159
#[cfg(unix)]
#[test]
fn the_lock_beside_the_end_of_a_link_is_tried_too() {
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
fn a_lock_file_that_was_removed_is_made_again() {
    let home = Home::holding("{}");
    for name in LOCKS {
        drop(home.store().lock().unwrap());
        fs::remove_file(home.file(name)).unwrap();
        let _locked = home.store().try_lock().unwrap().unwrap();
        assert!(is_locked(home.file(name)), "{name}");
    }
}

/// Somebody clears the lock files away while they are held, and so two programs hold them. What the
/// one has written, the other does not replace.
// threats 173 175
#[cfg(unix)]
#[test]
fn two_programs_that_both_hold_the_locks_replace_nothing_of_each_other() {
    let home = Home::holding("{}");
    let mut late = home.store().lock().unwrap();
    late.load().unwrap();
    for name in LOCKS {
        fs::remove_file(home.file(name)).unwrap();
    }
    let mut early = home.store().try_lock().unwrap().unwrap();
    early.load().unwrap();
    early.commit(&document("early")).unwrap();
    changed(&home, late.commit(&document("late")));
    assert_eq!(mark_of(&home), "early");
    assert_eq!(home.names(), AFTER_A_SAVE);
}

/// Somebody removes a lock file whenever he holds it. Whoever opened it before holds a lock that nobody
/// else asks for, unless he looks again.
// threats 173
#[cfg(unix)]
#[test]
fn a_lock_on_a_file_that_was_removed_is_none() {
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
fn the_locks_go_when_their_holder_does() {
    let home = Home::holding("{}");
    let held = home.store().lock().unwrap();
    let shown = format!("{held:?}");
    assert!(shown.contains("auth.json") && shown.starts_with("LockedStore"), "{shown}");
    let error = home.store().with_lock_wait(Duration::from_millis(1)).lock().unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error:?}");
    drop(held);
    assert!(home.store().try_lock().unwrap().is_some());
}
