//! Removing the document.

use std::fs;

use crate::common::{Home, read, sign_in, write};
use auth_store::{AuthStore, Error, FileError};

/// The files that stay, without content.
const LOCKS: [&str; 2] = ["auth.json.lock", "auth.lock"];

fn remove(store: &AuthStore) -> Result<bool, Error> {
    store.lock()?.remove()
}

// threats 179
#[test]
fn remove_works_with_and_without_a_file() {
    let home = Home::new();
    assert!(!remove(&home.store()).unwrap());
    home.store().update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
    assert!(remove(&home.store()).unwrap());
    assert!(home.store().load().unwrap().is_none());
    assert!(!remove(&home.store()).unwrap());
    assert_eq!(home.names(), LOCKS);
}

// threats 179
#[test]
fn remove_removes_an_unreadable_file() {
    let too_large = " ".repeat(2 * 1024 * 1024);
    for broken in ["{", "\u{feff}{}", r#"{"tokens":7}"#, too_large.as_str()] {
        let home = Home::holding(broken);
        home.store().load().unwrap_err();
        assert!(remove(&home.store()).unwrap());
        assert_eq!(home.names(), LOCKS);
    }
}

/// The current document is removed, not only the loaded one.
// threats 175 179
#[test]
fn remove_removes_a_changed_file() {
    let home = Home::holding("{}");
    let mut locked = home.store().lock().unwrap();
    locked.load().unwrap();
    write(home.auth_json(), r#"{"theirs":1}"#);
    assert!(locked.remove().unwrap());
    assert_eq!(home.names(), LOCKS);
}

/// They may hold tokens of the removed sign-in.
// threats 166 179
#[test]
fn remove_removes_leftovers_of_killed_processes() {
    for (content, was_there) in [(Some("{}"), true), (None, false)] {
        let home = Home::holding("{}");
        fs::remove_file(home.auth_json()).unwrap();
        if let Some(content) = content {
            write(home.auth_json(), content);
        }
        write(home.file("auth.json.login-cli.tmp"), "half of a secr");
        write(home.file("auth.json.login-cli.bak"), "an old secret");
        // Made by a person or an editor.
        write(home.file("auth.json.bak"), "theirs");
        assert_eq!(remove(&home.store()).unwrap(), was_there);
        assert_eq!(home.names(), ["auth.json.bak", "auth.json.lock", "auth.lock"]);
        assert_eq!(read(home.file("auth.json.bak")), "theirs");
    }
}

/// The next sign-in is stored in the same place.
// threats 159 160 179
#[cfg(unix)]
#[test]
fn remove_keeps_a_link() {
    let home = Home::holding("{}");
    let dotfiles = home.around().join("dotfiles");
    fs::create_dir(&dotfiles).unwrap();
    fs::rename(home.auth_json(), dotfiles.join("kept.json")).unwrap();
    std::os::unix::fs::symlink("../dotfiles/kept.json", home.auth_json()).unwrap();
    for leftover in ["kept.json.login-cli.tmp", "kept.json.login-cli.bak"] {
        write(dotfiles.join(leftover), "an old secret");
    }
    assert!(remove(&home.store()).unwrap());
    assert!(home.auth_json().is_symlink());
    assert_eq!(crate::common::names(&dotfiles), ["kept.json.lock"]);
    assert!(!remove(&home.store()).unwrap());
    home.store().update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
    assert_eq!(crate::common::names(&dotfiles), ["kept.json", "kept.json.lock"]);
}

/// The target of a link may not be an `auth.json`.
// threats 160 179
#[cfg(unix)]
#[test]
fn remove_keeps_an_unreadable_file_behind_a_link() {
    let home = Home::holding("");
    let elsewhere = home.around().join("notes.txt");
    fs::rename(home.auth_json(), &elsewhere).unwrap();
    write(&elsewhere, "no JSON at all");
    std::os::unix::fs::symlink(&elsewhere, home.auth_json()).unwrap();
    let error = remove(&home.store()).unwrap_err();
    assert!(matches!(error, Error::Corrupt { .. }), "{error:?}");
    assert_eq!(read(&elsewhere), "no JSON at all");
    assert!(home.auth_json().is_symlink());
}

/// A person has to look at it.
// threats 161 179
#[test]
fn remove_reports_a_folder_and_keeps_it() {
    let home = Home::holding("{}");
    fs::remove_file(home.auth_json()).unwrap();
    fs::create_dir(home.auth_json()).unwrap();
    let error = remove(&home.store()).unwrap_err();
    assert!(matches!(error, Error::File(FileError::NotAFile { .. })), "{error:?}");
    assert!(home.auth_json().is_dir());
}

/// A logout finds it before it revokes the tokens.
// threats 161 179
#[test]
fn check_removable_finds_what_cannot_be_removed() {
    let home = Home::holding("{}");
    let locked = home.store().lock().unwrap();
    locked.check_removable().unwrap();
    fs::remove_file(home.auth_json()).unwrap();
    locked.check_removable().unwrap();
    fs::create_dir(home.auth_json()).unwrap();
    let error = locked.check_removable().unwrap_err();
    assert!(matches!(error, Error::File(FileError::NotAFile { .. })), "{error:?}");
}
