//! Links, special files, foreign owners and modes.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use crate::common::{AFTER_A_SAVE, Home, names, read, sign_in, update_with_backup, write};
use auth_store::{AuthStore, Error, FileError, FileKind};

fn save(store: &AuthStore) -> Result<(), Error> {
    store.update(|document| document.set_sign_in(&sign_in("1")))
}

fn mode(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

fn set_mode(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Every operation fails with an error that `is_expected`, including the check before the browser
/// opens.
#[track_caller]
fn refused(store: &AuthStore, is_expected: impl Fn(&Error) -> bool) {
    assert!(store.load().as_ref().is_err_and(&is_expected), "{:?}", store.load());
    unwritable(store, is_expected);
}

/// The same, but the file can be read.
#[track_caller]
fn unwritable(store: &AuthStore, is_expected: impl Fn(&Error) -> bool) {
    let asked = store.could_be_written().map(drop);
    for outcome in [store.check_writable(), asked, save(store)] {
        assert!(outcome.as_ref().is_err_and(&is_expected), "{outcome:?}");
    }
}

// threats 163
#[test]
fn save_makes_the_file_private() {
    for before in [0o644, 0o666, 0o604, 0o400] {
        let home = Home::holding("{}");
        set_mode(home.auth_json(), before);
        home.store().check_writable().unwrap();
        save(&home.store()).unwrap();
        assert_eq!(mode(home.auth_json()), 0o600, "{before:o}");
        assert_eq!(fs::metadata(home.auth_json()).unwrap().nlink(), 1);
    }
}

// threats 168
#[test]
fn backup_is_private() {
    let home = Home::holding("{");
    set_mode(home.auth_json(), 0o644);
    let now = "2026-11-21T18:48:46Z".parse().unwrap();
    let ((), copy) = update_with_backup(&home.store(), now, |_| ()).unwrap();
    assert_eq!(mode(copy.unwrap()), 0o600);
}

// threats 159
#[test]
fn save_replaces_the_target_of_a_link() {
    let home = Home::holding("{}");
    let dotfiles = home.around().join("dotfiles");
    fs::create_dir(&dotfiles).unwrap();
    let end = dotfiles.join("codex-auth.json");
    fs::rename(home.auth_json(), &end).unwrap();
    symlink("../dotfiles/codex-auth.json", home.auth_json()).unwrap();

    home.store().check_writable().unwrap();
    save(&home.store()).unwrap();
    assert!(fs::symlink_metadata(home.auth_json()).unwrap().is_symlink());
    assert_eq!(home.store().load().unwrap().unwrap().account_id(), Some("1"));
    assert_eq!(mode(&end), 0o600);
    assert_eq!(home.names(), AFTER_A_SAVE);
    assert_eq!(names(&dotfiles), ["codex-auth.json", "codex-auth.json.lock"]);
}

// threats 160
#[test]
fn link_in_a_loop_is_refused() {
    let broken = |error: &Error| {
        matches!(error, Error::File(FileError::NotAFile { found: FileKind::BrokenLink, .. }))
    };
    for end in ["no/where", "auth.json", "..", "/dev/null/x", "/proc/self/fd/0", "/dev/fd/0"] {
        let home = Home::holding("");
        fs::remove_file(home.auth_json()).unwrap();
        symlink(end, home.auth_json()).unwrap();
        refused(&home.store(), broken);
    }
}

/// People link one file into several homes and sign in afterwards.
// threats 159 160
#[test]
fn save_creates_the_missing_target_of_a_link() {
    let (home, dotfiles) = home_with_dotfiles();
    symlink("../dotfiles/chain.json", home.file("next")).unwrap();
    for end in ["../dotfiles/auth.json", "next"] {
        fs::remove_file(home.auth_json()).unwrap();
        symlink(end, home.auth_json()).unwrap();
        for name in names(&dotfiles) {
            fs::remove_file(dotfiles.join(name)).unwrap();
        }
        assert!(home.store().load().unwrap().is_none());
        assert!(home.store().could_be_written().unwrap());
        home.store().check_writable().unwrap();
        save(&home.store()).unwrap();
        assert!(home.store().load().unwrap().unwrap().is_signed_in());
        assert_eq!(fs::read_link(home.auth_json()).unwrap(), Path::new(end));
        assert_eq!(names(&dotfiles).len(), 2, "the file and its lock: {:?}", names(&dotfiles));
    }
}

// threats 160
#[test]
fn link_to_a_special_file_is_refused() {
    let home = Home::holding("{}");
    let folder = home.around().join("folder");
    fs::create_dir(&folder).unwrap();
    for (end, kind) in
        [(folder.as_path(), FileKind::Folder), (Path::new("/dev/null"), FileKind::Other)]
    {
        fs::remove_file(home.auth_json()).unwrap();
        symlink(end, home.auth_json()).unwrap();
        refused(
            &home.store(),
            |error| matches!(error, Error::File(FileError::NotAFile { found, .. }) if *found == kind),
        );
    }
    assert_eq!(names(&folder).len(), 0);
}

// threats 160
#[test]
fn unreadable_target_of_a_link_is_not_replaced() {
    let home = Home::holding("{}");
    let other = home.around().join("passwd");
    write(&other, "root:x:0:0\n");
    fs::remove_file(home.auth_json()).unwrap();
    symlink(&other, home.auth_json()).unwrap();
    let now = "2026-11-21T18:48:46Z".parse().unwrap();
    let outcome = update_with_backup(&home.store(), now, |_| ());
    assert!(matches!(outcome, Err(Error::Corrupt { .. })), "{outcome:?}");
    // So that nobody signs in for nothing.
    let checked = home.store().check_writable();
    assert!(matches!(checked, Err(Error::Corrupt { .. })), "{checked:?}");
    assert_eq!(read(&other), "root:x:0:0\n");
    assert_eq!(home.names(), AFTER_A_SAVE);
}

// threats 160
#[test]
fn link_swapped_during_a_save_is_not_followed() {
    let home = Home::holding("{}");
    let victim = home.around().join("victim");
    write(&victim, "{}");
    home.store()
        .update(|document| {
            let link = home.file("link");
            symlink(&victim, &link).unwrap();
            fs::rename(link, home.auth_json()).unwrap();
            document.set_sign_in(&sign_in("1"));
        })
        .unwrap_err();
    assert_eq!(read(&victim), "{}");
}

#[track_caller]
fn named_and_left(kind: FileKind, make: impl FnOnce(&Path)) {
    let home = Home::new();
    fs::create_dir(home.path()).unwrap();
    make(&home.auth_json());
    refused(
        &home.store(),
        |error| matches!(error, Error::File(FileError::NotAFile { found, .. }) if *found == kind),
    );
    let now = "2026-11-21T18:48:46Z".parse().unwrap();
    update_with_backup(&home.store(), now, |_| ()).unwrap_err();
    assert_eq!(home.names(), AFTER_A_SAVE);
    assert!(!fs::symlink_metadata(home.auth_json()).unwrap().is_file());
}

// threats 161
#[test]
fn special_file_is_reported_and_unchanged() {
    named_and_left(FileKind::Folder, |path| fs::create_dir(path).unwrap());
    named_and_left(FileKind::Other, |path| drop(UnixListener::bind(path).unwrap()));
    named_and_left(FileKind::Other, |path| {
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    });
}

// threats 166
#[test]
fn planted_temporary_file_is_removed_and_not_followed() {
    let home = Home::holding("{}");
    let victim = home.around().join("victim");
    write(&victim, "theirs");
    for name in ["auth.json.login-cli.tmp", "auth.json.login-cli.probe"] {
        symlink(&victim, home.file(name)).unwrap();
    }
    home.store().check_writable().unwrap();
    save(&home.store()).unwrap();
    fs::hard_link(&victim, home.file("auth.json.login-cli.tmp")).unwrap();
    save(&home.store()).unwrap();
    assert_eq!(read(&victim), "theirs");
    assert_eq!(home.names(), AFTER_A_SAVE);
}

// threats 173
#[test]
fn linked_lock_file_is_not_followed() {
    let home = Home::holding("{}");
    let victim = home.around().join("victim");
    symlink(&victim, home.file("auth.lock")).unwrap();
    let error = home.store().check_writable().unwrap_err();
    assert!(matches!(error, Error::File(FileError::NotAFile { .. })), "{error:?}");
    save(&home.store()).unwrap_err();
    assert!(!victim.exists());
}

// threats 157 158
#[test]
fn check_finds_a_read_only_folder() {
    let not_writable = |path: &Path| {
        let error = AuthStore::new(path.to_owned()).check_writable().unwrap_err();
        assert!(matches!(error, Error::File(FileError::NotWritable { .. })), "{path:?}: {error:?}");
    };
    // Not even root makes a file or a folder there.
    #[cfg(target_os = "linux")]
    {
        not_writable(Path::new("/proc/self/task"));
        not_writable(Path::new("/proc/nowhere/codex"));
    }
    let home = Home::holding("{}");
    for mode in [0o555, 0o000] {
        set_mode(home.path(), mode);
        bound_by_modes(|| not_writable(&home.path()));
    }
    set_mode(home.path(), 0o700);
    assert_eq!(home.names(), ["auth.json"]);
}

/// Runs `test` where a mode refuses access to the owner. Root is not refused, so on Linux one thread
/// gives up its privileges.
fn bound_by_modes(test: impl FnOnce() + Send) {
    #[cfg(target_os = "linux")]
    std::thread::scope(|scope| {
        use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
        let none = CapabilitySet::empty();
        let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
        let outcome = scope.spawn(move || {
            set_capabilities(None, sets).unwrap();
            test();
        });
        outcome.join().unwrap();
    });
    #[cfg(not(target_os = "linux"))]
    if !rustix::process::geteuid().is_root() {
        test();
    }
}

/// A home folder whose `auth.json` is a link into the folder `dotfiles` beside it.
fn home_with_dotfiles() -> (Home, PathBuf) {
    let home = Home::holding("{}");
    let dotfiles = home.around().join("dotfiles");
    fs::create_dir(&dotfiles).unwrap();
    fs::rename(home.auth_json(), dotfiles.join("auth.json")).unwrap();
    symlink("../dotfiles/auth.json", home.auth_json()).unwrap();
    (home, dotfiles)
}

/// The test file is created beside the target of the link, the locks in both folders.
// threats 157 159
#[test]
fn check_finds_a_folder_without_room_for_a_lock() {
    for read_only in ["codex", "dotfiles"] {
        let (home, _) = home_with_dotfiles();
        let folder = home.around().join(read_only);
        set_mode(&folder, 0o555);
        bound_by_modes(|| {
            let error = home.store().check_writable().unwrap_err();
            assert!(
                matches!(&error, Error::File(FileError::NotWritable { path, .. }) if path.ends_with(read_only)),
                "{read_only}: {error:?}"
            );
            save(&home.store()).unwrap_err();
        });
        set_mode(&folder, 0o700);
    }
}

/// A save that creates nothing in a read-only folder works.
// threats 157 159
#[test]
fn existing_lock_files_need_no_room() {
    let (home, dotfiles) = home_with_dotfiles();
    save(&home.store()).unwrap();
    set_mode(home.path(), 0o555);
    bound_by_modes(|| {
        home.store().check_writable().unwrap();
        save(&home.store()).unwrap();
    });
    set_mode(home.path(), 0o700);
    set_mode(dotfiles.join("auth.json.lock"), 0o400);
    bound_by_modes(|| {
        let error = home.store().check_writable().unwrap_err();
        assert!(
            matches!(&error, Error::File(FileError::NotWritable { path, .. }) if path.ends_with("auth.json.lock"))
        );
        save(&home.store()).unwrap_err();
    });
}

// threats 160
#[test]
fn link_to_a_folder_gets_no_lock_file() {
    let home = Home::holding("{}");
    let folder = home.around().join("folder");
    fs::create_dir(&folder).unwrap();
    fs::remove_file(home.auth_json()).unwrap();
    symlink(&folder, home.auth_json()).unwrap();
    save(&home.store()).unwrap_err();
    assert_eq!(names(home.around()), ["codex", "folder"]);
}

// threats 176
#[test]
fn unusual_paths_work() {
    let home = Home::new();
    for name in [b"\xff x".as_slice(), b"new\nline", b"$(touch oops)", b"trailing/"] {
        let store = AuthStore::new(home.around().join(OsStr::from_bytes(name)));
        store.check_writable().unwrap();
        save(&store).unwrap();
        assert!(store.load().unwrap().unwrap().is_signed_in());
    }
}
