//! Removing the folder of a cancelled sign-in.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crate::common::{Home, sign_in, write};

// threats 229
#[test]
fn folder_without_sign_in_is_removed() {
    let home = Home::new();
    assert!(!home.store().remove_unused(), "there is none");
    home.store().check_writable().unwrap();
    assert!(home.store().remove_unused());
    assert!(!home.path().exists());
}

/// On other systems the lock files and the folder stay.
// threats 229
#[cfg(unix)]
#[test]
fn folder_with_unlocked_lock_files_is_removed() {
    let home = Home::new();
    let locked = home.store().lock().unwrap();
    assert!(!home.store().remove_unused());
    drop(locked);
    for name in ["auth.lock", "auth.json.lock"] {
        let theirs = fs::File::open(home.file(name)).unwrap();
        theirs.lock().unwrap();
        assert!(!home.store().remove_unused());
        theirs.unlock().unwrap();
    }
    assert_eq!(home.names(), ["auth.json.lock", "auth.lock"]);
    assert!(home.store().remove_unused());
    assert!(!home.path().exists());
}

// threats 229
#[test]
fn folder_with_other_files_stays() {
    let home = Home::new();
    home.store().update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
    assert!(!home.store().remove_unused());
    for name in ["auth.json", "auth.json.corrupt-1", "auth.json.login-cli.1", "config.toml"] {
        let home = Home::holding("");
        fs::remove_file(home.auth_json()).unwrap();
        write(home.file(name), "");
        assert!(!home.store().remove_unused(), "{name}");
        assert_eq!(home.names(), [name]);
    }
}

/// A concurrent save creates the folder again and loses nothing.
// threats 229
#[test]
fn concurrent_removal_loses_no_save() {
    let home = Home::new();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let remover = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let _ = home.store().remove_unused();
            }
        });
        // Also where one of them fails, which would be waited for without an end.
        let over = Over(&is_over);
        for round in 0..300 {
            let mut locked = home.store().lock().unwrap();
            if round % 3 == 0 {
                let mut document = locked.load().unwrap().unwrap_or_default();
                document.set_sign_in(&sign_in("1"));
                locked.commit(&document).unwrap();
                assert!(home.store().load().unwrap().is_some(), "round {round}");
                locked.remove().unwrap();
            }
        }
        drop(over);
        remover.join().unwrap();
    });
}

/// Stops the other thread on drop.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
