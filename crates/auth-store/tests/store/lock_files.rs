//! The owner and mode of lock files, and the program that holds a lock.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::time::Duration;

use crate::common::{Home, left_out, read, sign_in, write};
use auth_store::{Error, FileError, LockHolder};

const LOCKS: [&str; 2] = ["auth.lock", "auth.json.lock"];

fn mode(home: &Home, name: &str) -> u32 {
    fs::metadata(home.file(name)).unwrap().mode() & 0o7777
}

/// Codex CLI creates such files, and any user could hold the lock.
// threats 216
#[test]
fn shared_lock_file_becomes_private() {
    for old in [0o644, 0o666, 0o620] {
        let home = Home::holding("{}");
        for name in LOCKS {
            write(home.file(name), "");
            fs::set_permissions(home.file(name), Permissions::from_mode(old)).unwrap();
        }
        drop(home.store().lock().unwrap());
        assert_eq!(LOCKS.map(|name| mode(&home, name)), [0o600; 2], "{old:o}");
    }
}

/// The hard link may have another purpose.
// threats 216
#[test]
fn hard_linked_lock_file_keeps_its_mode() {
    let home = Home::holding("{}");
    let other = home.around().join("report.html");
    write(&other, "theirs");
    fs::set_permissions(&other, Permissions::from_mode(0o644)).unwrap();
    fs::hard_link(&other, home.file("auth.lock")).unwrap();
    drop(home.store().lock().unwrap());
    assert_eq!((mode(&home, "auth.lock"), read(&other).as_str()), (0o644, "theirs"));
}

/// Runs one thread as another user than root.
fn as_user(uid: u32, work: impl FnOnce() + Send) {
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            let uid = rustix::process::Uid::from_raw(uid);
            rustix::thread::set_thread_res_uid(uid, uid, uid).unwrap();
            work();
        });
        thread.join().unwrap();
    });
}

// threats 216
#[test]
fn lock_file_of_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return left_out("a lock file of another user: only root can make one");
    }
    const US: u32 = 65_533;
    const THEM: u32 = 65_534;
    for (name, mode) in [("auth.lock", 0o644), ("auth.json.lock", 0o666), ("auth.lock", 0o600)] {
        let home = Home::holding("{}");
        write(home.file(name), "");
        fs::set_permissions(home.file(name), Permissions::from_mode(mode)).unwrap();
        fs::set_permissions(home.around(), Permissions::from_mode(0o755)).unwrap();
        for path in [home.path(), home.auth_json()] {
            chown(path, Some(US), None).unwrap();
        }
        chown(home.file(name), Some(THEM), None).unwrap();
        as_user(US, || {
            let refused = |error: Error| {
                let is_named = matches!(&error, Error::File(FileError::ForeignOwner { path, owner: THEM })
                    if *path == home.file(name));
                assert!(is_named, "{error:?}");
            };
            refused(home.store().lock().unwrap_err());
            refused(home.store().check_writable().unwrap_err());
            refused(home.store().is_locked().unwrap_err());
            assert!(home.store().load().unwrap().is_some(), "it can still be read");
        });
        assert_eq!(read(home.auth_json()), "{}");
        drop(home.store().lock().unwrap());
    }
}

// threats 216
#[test]
fn lock_holder_is_named() {
    for name in LOCKS {
        let home = Home::holding("{}");
        assert_eq!(home.store().holder(), None);
        let theirs = File::create(home.file(name)).unwrap();
        theirs.lock().unwrap();
        let saved = home.store().with_lock_wait(Duration::ZERO).update(|document| {
            document.set_sign_in(&sign_in("1"));
        });
        let error = saved.unwrap_err();
        let Error::File(FileError::Locked { holder: Some(holder), .. }) = &error else {
            panic!("{error:?}");
        };
        assert_eq!(holder.process, std::process::id());
        assert!(!holder.is_stopped);
        let words = format!(" was locked by {holder} for ");
        assert!(error.to_string().contains(&words) && words.contains("(pid "), "{error}");
        assert_eq!(
            home.store().holder().as_ref().map(|LockHolder { process, .. }| *process),
            Some(holder.process)
        );
        theirs.unlock().unwrap();
    }
}
