use super::*;

// threats 173
#[test]
fn a_lock_file_that_was_removed_or_replaced_is_not_the_one_of_that_name() {
    let around = tempfile::tempdir().unwrap();
    let folder = Folder::open(around.path()).unwrap();
    let name = OsStr::new("auth.lock");
    let held = folder.open_lock(name).unwrap();
    assert!(folder.names_file(name, &held).unwrap());
    folder.remove(name).unwrap();
    assert!(!folder.names_file(name, &held).unwrap());
    let next = folder.open_lock(name).unwrap();
    assert!(!folder.names_file(name, &held).unwrap());
    assert!(folder.names_file(name, &next).unwrap());
}

// threats 177
#[test]
fn a_folder_that_is_moved_away_stays_the_folder() {
    let around = tempfile::tempdir().unwrap();
    let (path, moved) = (around.path().join("codex"), around.path().join("moved"));
    make_private(&path).unwrap();
    let folder = Folder::open(&path).unwrap();
    std::fs::rename(&path, &moved).unwrap();
    make_private(&path).unwrap();
    drop(folder.create_file("new".as_ref()).unwrap());
    folder.rename("new".as_ref(), "auth.json".as_ref()).unwrap();
    assert!(moved.join("auth.json").exists() && !path.join("auth.json").exists());
}
