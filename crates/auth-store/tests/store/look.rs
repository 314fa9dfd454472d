//! Queries that change nothing.

use std::fs::{self, File};
use std::path::Path;

use auth_store::{AuthStore, Error, FileError};

use crate::common::{Home, names, read, write};

#[test]
fn could_be_written_creates_no_folder() {
    let home = Home::new();
    for path in [home.path(), home.path().join("and/below")] {
        let store = AuthStore::new(path);
        assert!(!store.could_be_written().unwrap());
        assert!(!store.is_locked().unwrap());
    }
    assert_eq!(names(home.around()), [""; 0]);
}

#[test]
fn could_be_written_creates_no_file() {
    let home = Home::holding("{}");
    assert!(home.store().could_be_written().unwrap());
    assert!(!home.store().is_locked().unwrap());
    assert_eq!((home.names(), read(home.auth_json())), (vec!["auth.json".to_owned()], "{}".into()));
}

#[test]
fn could_be_written_finds_obstacles() {
    let home = Home::new();
    let file = home.around().join("file");
    write(&file, "");
    let refused = |path: &Path| {
        let error = AuthStore::new(path.to_owned()).could_be_written().unwrap_err();
        assert!(
            matches!(
                error,
                Error::File(FileError::NotWritable { .. }) | Error::File(FileError::Io { .. })
            ),
            "{error:?}"
        );
    };
    refused(&file);
    refused(&file.join("below"));
    #[cfg(unix)]
    {
        let link = home.around().join("link");
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        refused(&link);
    }
    fs::create_dir_all(home.auth_json()).unwrap();
    let error = home.store().could_be_written().unwrap_err();
    assert!(matches!(error, Error::File(FileError::NotAFile { .. })), "{error:?}");
}

/// Another program may hold either lock.
#[test]
fn is_locked_sees_a_held_lock() {
    for name in ["auth.lock", "auth.json.lock"] {
        let home = Home::holding("{}");
        write(home.file(name), "");
        let theirs = File::open(home.file(name)).unwrap();
        theirs.lock().unwrap();
        assert!(home.store().is_locked().unwrap(), "{name}");
        theirs.unlock().unwrap();
        assert!(!home.store().is_locked().unwrap(), "{name}");
        theirs.try_lock().unwrap();
        theirs.unlock().unwrap();
    }
}
