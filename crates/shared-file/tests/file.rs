//! The file as programs share it: those that take the locks, and those that do not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::cell::Cell;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use shared_file::{Content, Error, FileKind, SIZE_LIMIT, SharedFile};
use tempfile::TempDir;

/// A folder, and a file in it that an interrupted write may replace if its content is longer.
fn file() -> (TempDir, SharedFile) {
    let folder = tempfile::tempdir().unwrap();
    let file = SharedFile::new(folder.path().join("new/data"));
    (folder, file.successor(|new, old| new.len() > old.len()))
}

/// A program that takes no locks and does not rename.
fn write(path: impl AsRef<Path>, content: &str) {
    File::create(path).unwrap().write_all(content.as_bytes()).unwrap();
}

/// A blank file has no content.
fn parse(content: &[u8]) -> Result<Option<String>, Error> {
    let text = String::from_utf8(content.to_vec()).unwrap();
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn content(text: &str) -> Content {
    text.as_bytes().to_vec().into()
}

#[track_caller]
fn assert_holds(file: &SharedFile, expected: &str) {
    assert_eq!(file.read(parse).unwrap().as_deref(), Some(expected));
}

/// The sorted names in the folder of the file.
fn names(file: &SharedFile) -> Vec<String> {
    let entries = fs::read_dir(file.path().parent().unwrap()).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

// threats 164 166
#[test]
fn write_replaces_the_file_and_leaves_nothing_else() {
    let (_folder, file) = file();
    assert_eq!(file.read(parse).unwrap(), None);
    for text in ["one", "two"] {
        let mut locked = file.lock().unwrap();
        locked.read(parse).unwrap();
        locked.reserve(100_000).unwrap();
        locked.replace(content(text)).unwrap();
        assert_holds(&file, text);
    }
    assert_eq!(names(&file), ["data", "data.lock"]);
    #[cfg(unix)]
    for name in names(&file) {
        use std::os::unix::fs::PermissionsExt as _;
        let metadata = file.path().with_file_name(&name).metadata().unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{name}");
    }
    let mut locked = file.lock().unwrap();
    assert!(locked.remove(b"").unwrap() && !locked.remove(b"").unwrap());
    assert_eq!(file.read(parse).unwrap(), None);
}

/// The other program writes when the file has been read once as empty.
// threats 122
#[test]
fn file_that_another_program_has_emptied_is_read_again() {
    let (_folder, file) = file();
    file.lock().unwrap().replace(content("old")).unwrap();
    for is_locked in [false, true] {
        write(file.path(), "");
        let reads = Cell::new(0);
        let parse = |bytes: &[u8]| {
            reads.set(reads.get() + 1);
            if reads.get() == 2 {
                write(file.path(), "new");
            }
            parse(bytes)
        };
        let found = if is_locked { file.lock().unwrap().read(parse) } else { file.read(parse) };
        assert_eq!((found.unwrap().as_deref(), reads.get()), (Some("new"), 3));
    }
    write(file.path(), "");
    assert_eq!(file.read(parse).unwrap(), None, "it stays empty");
}

// threats 122
#[test]
fn write_of_another_program_is_not_overwritten() {
    let (_folder, file) = file();
    let mut locked = file.lock().unwrap();
    for theirs in ["theirs", ""] {
        locked.read(parse).unwrap();
        locked.reserve(100).unwrap();
        write(file.path(), theirs);
        let outcome = locked.replace(content("ours"));
        assert!(matches!(outcome, Err(Error::Changed { .. })), "{outcome:?}");
        assert_eq!(fs::read_to_string(file.path()).unwrap(), theirs);
    }
    locked.read(parse).unwrap();
    locked.replace(content("ours")).unwrap();
    assert_holds(&file, "ours");
}

// threats 215
#[test]
fn interrupted_write_is_finished_if_it_is_a_successor() {
    let (_folder, file) = file();
    for (left, expected) in [("longer", "longer"), ("no", "old")] {
        file.lock().unwrap().remove(b"").unwrap();
        file.lock().unwrap().replace(content("old")).unwrap();
        let temporary = file.path().with_file_name("data.shared-file.tmp");
        write(&temporary, left);
        #[cfg(unix)]
        fs::set_permissions(&temporary, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        assert_holds(&file, "old");
        assert_eq!(file.lock().unwrap().read(parse).unwrap().as_deref(), Some(expected));
    }
}

// threats 114
#[test]
fn locks_are_taken_in_order_and_exclude_each_other() {
    let (_folder, file) = file();
    let file = file.lock_files(["first", "second"]).lock_wait(Duration::ZERO);
    let locked = file.lock().unwrap();
    assert_eq!(names(&file), ["first", "second"]);
    assert!(file.is_locked().unwrap() && file.try_lock().unwrap().is_none());
    let error = file.lock().unwrap_err();
    assert!(matches!(&error, Error::Locked { path, .. } if path.ends_with("first")), "{error:?}");
    assert!(error.is_transient());
    assert!(!file.remove_unused_folder());
    drop(locked);
    assert!(!file.is_locked().unwrap());
    assert!(file.remove_unused_folder() && !file.path().parent().unwrap().exists());
}

#[test]
fn too_large_content_is_not_written() {
    let (_folder, file) = file();
    let largest = "a".repeat(usize::try_from(SIZE_LIMIT).unwrap());
    file.lock().unwrap().replace(content(&largest)).unwrap();
    let mut locked = file.lock().unwrap();
    locked.read(parse).unwrap();
    let larger = format!("{largest}b");
    assert!(matches!(locked.replace(content(&larger)), Err(Error::NotWritable { .. })));
    write(file.path(), &format!("{larger}c"));
    assert_holds(&file, &larger);
}

/// A copy that nothing replaced is removed.
#[test]
fn backup_stays_only_after_a_write() {
    let (_folder, file) = file();
    file.lock().unwrap().replace(content("old")).unwrap();
    for is_written in [false, true] {
        let mut locked = file.lock().unwrap();
        locked.read(parse).unwrap();
        locked.back_up(".copy").unwrap();
        let copy = file.path().with_file_name("data.copy");
        if is_written {
            assert_eq!(locked.replace(content("new")).unwrap(), Some(copy.clone()));
        }
        drop(locked);
        assert_eq!(copy.exists(), is_written);
    }
}

// threats 159
#[cfg(unix)]
#[test]
fn link_stays_and_its_target_is_replaced_and_locked() {
    let (folder, file) = file();
    file.create_folder().unwrap();
    std::os::unix::fs::symlink(folder.path().join("target"), file.path()).unwrap();
    file.lock().unwrap().replace(content("text")).unwrap();
    let target = folder.path().canonicalize().unwrap().join("target");
    assert_eq!(file.link_target(), Some(target.clone()));
    assert!(file.path().is_symlink() && fs::read(&target).unwrap() == b"text");
    let _theirs = SharedFile::new(&target).lock().unwrap();
    assert!(file.is_locked().unwrap(), "the lock beside the target");
}

#[test]
fn folder_in_the_place_of_the_file_is_an_error() {
    let (_folder, file) = file();
    fs::create_dir_all(file.path()).unwrap();
    for error in [file.read(parse).unwrap_err(), file.lock().map(drop).unwrap_err()] {
        assert!(matches!(error, Error::NotAFile { found: FileKind::Folder, .. }), "{error:?}");
    }
}
