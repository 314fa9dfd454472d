//! Which program is started.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use credential_helper::{Error, Helper, InvalidName};

use crate::script::write_program;

#[track_caller]
fn is_not_installed(helper: &Helper) {
    let error = helper.list().unwrap_err();
    assert!(matches!(error, Error::NotInstalled { .. }), "{error:?}");
}

fn lists(helper: &Helper) -> String {
    helper.list().unwrap().into_keys().collect()
}

#[test]
fn name_cannot_leave_the_folder() {
    for name in ["", "../pass", "a/b", "a\\b", "a b", "a\0", "pass\n", "pâss", "C:pass"] {
        assert_eq!(Helper::new(name, []).unwrap_err(), InvalidName, "{name:?}");
    }
    let helper = Helper::new("ecr-login_2.x", []).unwrap();
    assert_eq!(helper.program(), "docker-credential-ecr-login_2.x");
}

#[test]
fn first_folder_with_the_program_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let folders = ["empty", "taken", "first", "second"].map(|name| folder.path().join(name));
    for one in &folders {
        fs::create_dir(one).unwrap();
    }
    fs::create_dir(folders[1].join("docker-credential-x")).unwrap();
    for one in &folders[2..] {
        let answer = one.file_name().unwrap().to_str().unwrap();
        write_program(&one.join("docker-credential-x"), &format!("echo '{{\"{answer}\":\"\"}}'"));
    }
    let missing = [folder.path().join("missing")];
    let helper = Helper::new("x", missing.into_iter().chain(folders)).unwrap();
    assert_eq!(lists(&helper), "first");
}

#[test]
fn program_in_the_current_folder_is_never_started() {
    // The program is within reach of a relative path, wherever the test runs.
    let folder = tempfile::tempdir_in(".").unwrap();
    write_program(&folder.path().join("docker-credential-x"), "echo '{\"relative\":\"\"}'");
    let name = PathBuf::from(folder.path().file_name().unwrap());
    assert!(name.join("docker-credential-x").is_file());

    is_not_installed(&Helper::at(name.join("docker-credential-x")));
    let folders = ["".into(), ".".into(), name.clone(), PathBuf::from("./").join(&name)];
    is_not_installed(&Helper::new("x", folders).unwrap());
    let whole = [name.canonicalize().unwrap()];
    assert_eq!(lists(&Helper::new("x", whole).unwrap()), "relative");
}

#[test]
fn missing_program_differs_from_one_that_cannot_run() {
    let folder = tempfile::tempdir().unwrap();
    let helper = || Helper::new("x", [folder.path().to_owned()]).unwrap();
    is_not_installed(&helper());
    let program = folder.path().join("docker-credential-x");
    symlink(folder.path().join("nothing"), &program).unwrap();
    is_not_installed(&helper());

    fs::remove_file(&program).unwrap();
    fs::File::create_new(&program).unwrap();
    let error = helper().list().unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
    assert_eq!(error.to_string(), "cannot run docker-credential-x");
}
