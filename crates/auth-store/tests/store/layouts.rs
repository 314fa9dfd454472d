//! Owners and modes in containers and on mounts, with real users.
//!
//! The tests need root, to run a thread as another user.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::path::Path;

use crate::common::{AFTER_A_SAVE, Home, left_out, read, sign_in, update_with_backup};
use auth_store::{AuthStore, Error, FileError, Warning};
use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

const ADA: u32 = 1000;
const BOB: u32 = 1001;

/// Runs `test` as this user and group.
#[track_caller]
fn run_as(user: u32, groups: &[u32], test: impl FnOnce() + Send) {
    let groups: Vec<Gid> = groups.iter().copied().map(Gid::from_raw).collect();
    std::thread::scope(|scope| {
        let outcome = scope.spawn(move || {
            let (user, group) = (Uid::from_raw(user), groups[0]);
            set_thread_groups(&groups).unwrap();
            set_thread_res_gid(group, group, group).unwrap();
            set_thread_res_uid(user, user, user).unwrap();
            test();
        });
        outcome.join().unwrap();
    });
}

/// Whether this process may change its user.
fn is_root(what: &str) -> bool {
    if !geteuid().is_root() {
        left_out(&format!("{what}: this is not root"));
    }
    geteuid().is_root()
}

fn own(path: impl AsRef<Path>, (user, group): (u32, u32), mode: u32) {
    chown(path.as_ref(), Some(user), Some(group)).unwrap();
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A home folder with an `auth.json`, with these owners and modes.
fn home(folder: ((u32, u32), u32), file: ((u32, u32), u32)) -> Home {
    let home = Home::holding(STORED);
    own(home.around(), (0, 0), 0o755);
    own(home.path(), folder.0, folder.1);
    own(home.auth_json(), file.0, file.1);
    home
}

const STORED: &str = r#"{"OPENAI_API_KEY":"sk-1"}"#;

fn save(store: &AuthStore) -> Result<(), Error> {
    store.update(|document| document.set_sign_in(&sign_in("1")))
}

/// The file is read, with these warnings.
#[track_caller]
fn is_read(store: &AuthStore, expected: &[Warning]) {
    let document = store.load().unwrap().unwrap();
    assert!(document.is_signed_in());
    assert_eq!(store.warnings(&document).unwrap(), expected);
}

/// The check before the browser and a save are refused, and nothing changes.
#[track_caller]
fn is_not_written(home: &Home, is_expected: impl Fn(&Error) -> bool) {
    let store = home.store();
    let asked = store.could_be_written().map(drop);
    for outcome in [store.check_writable(), asked, save(&store)] {
        assert!(outcome.as_ref().is_err_and(&is_expected), "{outcome:?}");
    }
    assert_eq!(read(home.auth_json()), STORED);
}

#[track_caller]
fn is_written(store: &AuthStore) {
    store.check_writable().unwrap();
    assert!(store.could_be_written().unwrap());
    save(store).unwrap();
    assert_eq!(store.load().unwrap().unwrap().account_id(), Some("1"));
}

fn owner(path: impl AsRef<Path>) -> (u32, u32) {
    let metadata = fs::symlink_metadata(path).unwrap();
    (metadata.uid(), metadata.gid())
}

fn foreign(expected: u32) -> impl Fn(&Error) -> bool {
    move |error| matches!(error, Error::File(FileError::ForeignOwner { owner, .. }) if *owner == expected)
}

/// A container runs as root in a folder of a host user: all files, locks included, stay that user's.
// threats 165
#[test]
fn root_keeps_the_owner_of_a_folder() {
    if !is_root("a folder of the host in a container of root") {
        return;
    }
    let home = home(((ADA, ADA), 0o700), ((ADA, ADA), 0o600));
    is_read(&home.store(), &[Warning::ForeignOwner { owner: ADA }]);
    is_written(&home.store());
    for name in AFTER_A_SAVE {
        assert_eq!(owner(home.file(name)), (ADA, ADA), "{name}");
    }
    assert_eq!(owner(home.path()), (ADA, ADA));
    run_as(ADA, &[ADA], || {
        is_read(&home.store(), &[]);
        is_written(&home.store());
    });
}

// threats 165
#[test]
fn root_keeps_the_owner_of_a_file() {
    if !is_root("a file of another user in a folder of root") {
        return;
    }
    let home = home(((0, 0), 0o755), ((ADA, BOB), 0o600));
    for _ in 0..2 {
        is_written(&home.store());
        assert_eq!(owner(home.auth_json()), (ADA, BOB));
    }
    // A copy of what could not be read holds the same secrets.
    crate::common::write(home.auth_json(), "{");
    let now = "2026-11-21T18:48:46Z".parse().unwrap();
    let ((), copy) = update_with_backup(&home.store(), now, |_| ()).unwrap();
    assert_eq!(owner(copy.unwrap()), (ADA, BOB));
    assert_eq!(owner(home.path()), (0, 0));
}

/// Root may write anywhere, so a link must not redirect it.
// threats 160 165
#[test]
fn root_follows_no_link_out_of_its_owners_files() {
    if !is_root("a link for root") {
        return;
    }
    let home = home(((ADA, ADA), 0o700), ((ADA, ADA), 0o600));
    let (theirs, roots) = (home.around().join("theirs"), home.around().join("roots"));
    for (folder, user) in [(&theirs, ADA), (&roots, 0)] {
        fs::create_dir(folder).unwrap();
        own(folder, (user, user), 0o755);
    }
    for (folder, follows) in [(&theirs, true), (&roots, false)] {
        fs::remove_file(home.auth_json()).unwrap();
        symlink(folder.join("auth.json"), home.auth_json()).unwrap();
        std::os::unix::fs::lchown(home.auth_json(), Some(ADA), Some(ADA)).unwrap();
        if follows {
            is_written(&home.store());
            assert_eq!(owner(folder.join("auth.json")), (ADA, ADA));
        } else {
            save(&home.store()).unwrap_err();
            assert_eq!(crate::common::names(folder), [""; 0]);
        }
    }
}

/// The layout of a Kubernetes Secret volume.
// threats 165
#[test]
fn pod_secret_is_read() {
    if !is_root("a Secret of a pod") {
        return;
    }
    let home = home(((0, 0), 0o1777), ((0, 0), 0o444));
    let data = home.file("..2026_11_27_06_20_00.1");
    fs::create_dir(&data).unwrap();
    fs::rename(home.auth_json(), data.join("auth.json")).unwrap();
    symlink(data.file_name().unwrap(), home.file("..data")).unwrap();
    symlink("..data/auth.json", home.auth_json()).unwrap();
    run_as(ADA, &[ADA], || {
        let to = data.canonicalize().unwrap().join("auth.json");
        is_read(
            &home.store(),
            &[
                Warning::ReadableByOthers,
                Warning::ForeignOwner { owner: 0 },
                Warning::NotWritable,
                Warning::Linked { to },
            ],
        );
        is_not_written(&home, |error| {
            matches!(
                error,
                Error::File(FileError::NotWritable { .. }) | Error::File(FileError::Io { .. })
            )
        });
    });
}

/// With `fsGroup`, all members of the group may write to the volume.
// threats 165
#[test]
fn group_volume_is_read_and_written() {
    if !is_root("a volume of a group") {
        return;
    }
    let home = home(((0, 2000), 0o2775), ((0, 2000), 0o660));
    run_as(ADA, &[ADA, 2000], || {
        is_read(&home.store(), &[Warning::ReadableByOthers, Warning::ForeignOwner { owner: 0 }]);
        is_written(&home.store());
        is_read(&home.store(), &[]);
    });
}

/// `OpenShift` runs a container as an unnamed user in the group of root.
// threats 165
#[test]
fn arbitrary_user_of_a_pod_can_read_through_its_group() {
    const ANYBODY: u32 = 1_000_650_000;
    if !is_root("an arbitrary user of a pod") {
        return;
    }
    let image = home(((BOB, 0), 0o770), ((BOB, 0), 0o640));
    run_as(ANYBODY, &[0], || {
        let foreign_owner = Warning::ForeignOwner { owner: BOB };
        is_read(&image.store(), &[Warning::ReadableByOthers, foreign_owner, Warning::NotWritable]);
        is_not_written(&image, foreign(BOB));
    });
    let image = home(((0, 0), 0o775), ((0, 0), 0o664));
    run_as(ANYBODY, &[0], || is_written(&image.store()));
}

/// Shared folders of Windows or a server have one owner and all permissions.
// threats 165
#[test]
fn world_writable_mount_is_read_but_not_written() {
    if !is_root("a mount on which all is open") {
        return;
    }
    let home = home(((ADA, ADA), 0o777), ((ADA, ADA), 0o777));
    let open = || Warning::WorldWritable { path: home.path() };
    let unwritable = |error: &Error| matches!(error, Error::File(FileError::WorldWritable { .. }));
    run_as(ADA, &[ADA], || {
        is_read(&home.store(), &[Warning::ReadableByOthers, open(), Warning::NotWritable]);
        is_not_written(&home, unwritable);
    });
    run_as(BOB, &[BOB], || {
        let foreign_owner = Warning::ForeignOwner { owner: ADA };
        let expected = [Warning::ReadableByOthers, foreign_owner, open(), Warning::NotWritable];
        is_read(&home.store(), &expected);
        is_not_written(&home, foreign(ADA));
    });
    is_written(&home.store());
    assert_eq!(owner(home.auth_json()), (ADA, ADA));
}

/// An `emptyDir` of Kubernetes belongs to root and is world-writable.
// threats 165
#[test]
fn empty_pod_volume_is_written() {
    if !is_root("an empty volume") {
        return;
    }
    let home = home(((0, 0), 0o777), ((0, 0), 0o600));
    fs::remove_file(home.auth_json()).unwrap();
    run_as(ADA, &[ADA], || {
        home.store().check_writable().unwrap();
        save(&home.store()).unwrap();
        let open = Warning::WorldWritable { path: home.path() };
        is_read(&home.store(), &[open]);
    });
    assert_eq!(owner(home.auth_json()), (ADA, ADA));
}

/// Only the owner of the file or the folder may replace the file.
// threats 165 215
#[test]
fn root_file_in_a_sticky_folder_is_not_replaced() {
    if !is_root("a sticky folder of root") {
        return;
    }
    for mode in [0o644, 0o666] {
        let home = home(((0, 0), 0o1777), ((0, 0), mode));
        let unwritable =
            |error: &Error| matches!(error, Error::File(FileError::NotWritable { .. }));
        run_as(ADA, &[ADA], || {
            let document = home.store().load().unwrap().unwrap();
            assert!(home.store().warnings(&document).unwrap().contains(&Warning::NotWritable));
            is_not_written(&home, unwritable);
            assert!(home.store().lock().and_then(|mut locked| locked.reserve()).is_err());
        });
    }
}

/// In a sticky folder such as `/tmp` nobody can replace the file of another user.
// threats 165
#[test]
fn own_file_in_a_sticky_folder_is_written() {
    if !is_root("a sticky folder") {
        return;
    }
    let home = home(((0, 0), 0o1777), ((ADA, ADA), 0o600));
    let open = || Warning::WorldWritable { path: home.path() };
    run_as(ADA, &[ADA], || {
        is_read(&home.store(), &[open()]);
        is_written(&home.store());
    });
    run_as(BOB, &[BOB], || {
        let error = home.store().load().unwrap_err();
        assert!(matches!(error, Error::File(FileError::Io { .. })), "{error:?}");
        save(&home.store()).unwrap_err();
    });
    assert_eq!(owner(home.auth_json()), (ADA, ADA));
}

// threats 165
#[test]
fn file_of_another_user_is_read_only() {
    if !is_root("a file of another user") {
        return;
    }
    let home = home(((ADA, ADA), 0o700), ((BOB, BOB), 0o644));
    run_as(ADA, &[ADA], || {
        let foreign_owner = Warning::ForeignOwner { owner: BOB };
        is_read(&home.store(), &[Warning::ReadableByOthers, foreign_owner, Warning::NotWritable]);
        is_not_written(&home, foreign(BOB));
    });
}

/// A sign-in with sudo leaves such a file.
// threats 165 188
#[test]
fn unreadable_root_file_is_found_by_the_check() {
    if !is_root("a file of root") {
        return;
    }
    let home = home(((ADA, ADA), 0o700), ((0, 0), 0o600));
    run_as(ADA, &[ADA], || {
        let store = home.store();
        let asked = store.could_be_written().map(drop);
        let loaded = store.load().map(drop);
        for outcome in [loaded, store.check_writable(), asked, save(&store)] {
            assert!(matches!(outcome, Err(Error::File(FileError::Io { .. }))), "{outcome:?}");
        }
    });
    assert_eq!(read(home.auth_json()), STORED);
    own(home.auth_json(), (0, 0), 0o644);
    run_as(ADA, &[ADA], || is_written(&home.store()));
    assert_eq!(owner(home.auth_json()), (ADA, ADA));
}

/// It is not written, whoever owns the link.
// threats 160
#[test]
fn link_to_a_file_of_another_user_is_read_only() {
    if !is_root("a link to a file of another user") {
        return;
    }
    let home = home(((ADA, ADA), 0o700), ((BOB, BOB), 0o644));
    let theirs = home.around().join("theirs");
    fs::create_dir(&theirs).unwrap();
    own(&theirs, (BOB, BOB), 0o755);
    fs::rename(home.auth_json(), theirs.join("x.json")).unwrap();
    for (folder, mode) in [(BOB, 0o755), (ADA, 0o755), (0, 0o1777)] {
        own(&theirs, (folder, folder), mode);
        for end in ["x.json", "missing.json"] {
            let _ = fs::remove_file(home.auth_json());
            symlink(theirs.join(end), home.auth_json()).unwrap();
            std::os::unix::fs::lchown(home.auth_json(), Some(ADA), Some(ADA)).unwrap();
            run_as(ADA, &[ADA], || {
                assert_eq!(home.store().load().unwrap().is_some(), end == "x.json");
                if folder == BOB || end == "x.json" {
                    let error = save(&home.store()).unwrap_err();
                    assert!(foreign(BOB)(&error), "{folder} {end}: {error:?}");
                }
            });
        }
    }
    own(&theirs, (BOB, BOB), 0o700);
    run_as(ADA, &[ADA], || {
        for outcome in [home.store().load().map(drop), save(&home.store())] {
            assert!(matches!(outcome, Err(Error::File(FileError::Io { .. }))), "{outcome:?}");
        }
    });
    assert_eq!(read(theirs.join("x.json")), STORED);
    assert_eq!(crate::common::names(&theirs), ["x.json"]);
}
