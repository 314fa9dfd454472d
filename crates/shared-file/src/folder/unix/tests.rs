use super::*;

// threats 173
#[test]
fn removed_or_replaced_lock_file_loses_its_name() {
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
fn handle_follows_a_moved_folder() {
    let around = tempfile::tempdir().unwrap();
    let (path, moved) = (around.path().join("codex"), around.path().join("moved"));
    make_private(&path).unwrap();
    let folder = Folder::open(&path).unwrap();
    std::fs::rename(&path, &moved).unwrap();
    make_private(&path).unwrap();
    drop(folder.create_file("new".as_ref(), "auth.json".as_ref()).unwrap());
    folder.rename("new".as_ref(), "auth.json".as_ref()).unwrap();
    assert!(moved.join("auth.json").exists() && !path.join("auth.json").exists());
}
