//! A reservation has everything that the commit needs.

use std::fs;
use std::future::Future as _;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::common::{AFTER_A_SAVE, Home, read, sign_in, write};
use auth_store::{AuthDocument, Error, FileError, FileKind, LockedStore};
use credentials::RefreshToken;
use jiff::Timestamp;
use token_source::{Commit, RefreshedTokens};

const TEMPORARY: &str = "auth.json.login-cli.tmp";

/// Loaded and reserved.
fn reserved(home: &Home) -> (LockedStore, AuthDocument) {
    let mut locked = home.store().lock().unwrap();
    let document = locked.load().unwrap().unwrap_or_default();
    locked.reserve().unwrap();
    (locked, document)
}

// threats 215
#[test]
fn reserve_takes_room_for_64_kib_and_drop_returns_it() {
    let home = Home::holding("{}");
    let (locked, _) = reserved(&home);
    assert!(fs::metadata(home.file(TEMPORARY)).unwrap().len() > 64 * 1024);
    drop(locked);
    assert_eq!(home.names(), AFTER_A_SAVE);
    assert_eq!(read(home.auth_json()), "{}");
}

/// A document without white space grows when it is written again.
// threats 215
#[test]
fn reserve_uses_the_length_of_the_written_document() {
    let dense = format!("{{\"theirs\":[{}0]}}", "0,".repeat(40_000));
    let home = Home::holding(&dense);
    let (mut locked, mut document) = reserved(&home);
    let taken = fs::metadata(home.file(TEMPORARY)).unwrap().len();
    document.set_sign_in(&sign_in("1"));
    locked.commit(&document).unwrap();
    let written = fs::metadata(home.auth_json()).unwrap().len();
    assert!(taken > written && written > dense.len() as u64, "{taken} {written}");
    drop(locked);
    assert_eq!(home.names(), AFTER_A_SAVE);
}

/// Stores the refresh token `new`.
#[track_caller]
fn commit_refresh(locked: LockedStore, document: AuthDocument) -> Commit<AuthDocument> {
    commit_refresh_at(locked, document, "2026-11-22T18:48:46Z".parse().ok())
}

/// An answer without an access token has no time.
#[track_caller]
fn commit_refresh_at(
    locked: LockedStore,
    document: AuthDocument,
    last_refresh: Option<Timestamp>,
) -> Commit<AuthDocument> {
    let spent = document.refresh_token().unwrap();
    let refresh_token = RefreshToken::new("new").ok();
    let tokens = RefreshedTokens { refresh_token, last_refresh, ..RefreshedTokens::default() };
    let commit = pin!(token_source::StoreGuard::commit(locked, document, tokens, spent));
    match commit.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome.unwrap(),
        Poll::Pending => panic!("a commit to a file does not wait"),
    }
}

/// It may have emptied the file, and written nothing or half of it yet.
// threats 122
#[test]
fn refresh_keeps_what_a_program_without_locks_has_stored() {
    for (written, is_stored, has_copy) in [
        (r#"{"tokens":{"access_token":"a","refresh_token":"another"}}"#, false, false),
        ("", false, false),
        (r#"{"tokens":{"access_token":"a","refresh_token":"refresh-1"},"x":1}"#, true, false),
        // Half a document that never becomes whole is no sign-in, and the new tokens are.
        (r#"{"tokens":{"refresh_token":"refr"#, true, true),
    ] {
        let home = Home::new();
        home.store().update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
        let (locked, document) = reserved(&home);
        write(home.auth_json(), written);
        let committed = commit_refresh(locked, document);
        assert_eq!(matches!(committed, Commit::Stored(_)), is_stored, "{written}");
        let now = read(home.auth_json());
        assert_eq!(now.contains("\"new\""), is_stored, "{now}");
        assert_eq!(now.contains("\"x\""), written.contains("\"x\""), "{now}");
        let copies = home.names().into_iter().filter(|name| name.contains(".corrupt-"));
        let copies: Vec<_> = copies.map(|name| read(home.file(&name))).collect();
        assert_eq!(copies, if has_copy { vec![written] } else { vec![] });
    }
}

// threats 122
#[test]
fn refresh_token_alone_replaces_half_a_document() {
    let home = Home::new();
    home.store().update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
    let (locked, document) = reserved(&home);
    write(home.auth_json(), r#"{"tokens":{"refresh_token":"refr"#);
    let committed = commit_refresh_at(locked, document, None);
    assert!(matches!(committed, Commit::Stored(_)), "{committed:?}");
    assert!(read(home.auth_json()).contains("\"new\""));
}

/// A cleanup program removes the temporary file during the request.
// threats 119 215
#[test]
fn refresh_is_stored_without_its_temporary_file() {
    let home = Home::new();
    home.store().update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
    let (locked, document) = reserved(&home);
    fs::remove_file(home.file(TEMPORARY)).unwrap();
    let committed = commit_refresh(locked, document);
    assert!(matches!(committed, Commit::Stored(_)), "{committed:?}");
    assert!(read(home.auth_json()).contains("\"new\""));
    assert_eq!(home.names(), AFTER_A_SAVE);
}

// threats 215
#[test]
fn reservation_survives_a_failed_commit() {
    let home = Home::holding("{}");
    let (mut locked, _) = reserved(&home);
    write(home.auth_json(), r#"{"theirs":1}"#);
    let mut document = AuthDocument::default();
    document.set_sign_in(&sign_in("1"));
    let error = locked.commit(&document).unwrap_err();
    assert!(matches!(error, Error::File(FileError::Changed { .. })), "{error:?}");
    assert!(home.file(TEMPORARY).exists());
    locked.load().unwrap();
    locked.commit(&document).unwrap();
    assert_eq!(home.names(), AFTER_A_SAVE);
}

/// A document over the size limit is refused before the request.
// threats 215
#[test]
fn reserve_refuses_a_document_near_the_size_limit() {
    const LIMIT: usize = 1024 * 1024;
    for (length, is_refused) in [(900_000, false), (LIMIT - 1000, true)] {
        let old = format!("{{\"theirs\":\"{}\"}}", "x".repeat(length));
        let home = Home::holding(&old);
        let mut locked = home.store().lock().unwrap();
        let mut document = locked.load().unwrap().unwrap();
        match locked.reserve() {
            Ok(()) => assert!(!is_refused),
            Err(Error::WouldBeTooLarge { .. }) => assert!(is_refused),
            Err(error) => panic!("{error:?}"),
        }
        let checked = home.store().check_writable();
        assert_eq!(
            matches!(checked, Err(Error::WouldBeTooLarge { .. })),
            is_refused,
            "{checked:?}"
        );
        document.set_sign_in(&sign_in(&"x".repeat(if is_refused { 1000 } else { 10 })));
        assert_eq!(locked.commit(&document).is_err(), is_refused);
        assert_eq!(read(home.auth_json()) == old, is_refused);
    }
}

// threats 215
#[test]
fn reserve_finds_a_folder_with_the_temporary_name() {
    let home = Home::holding("{}");
    fs::create_dir(home.file(TEMPORARY)).unwrap();
    let mut locked = home.store().lock().unwrap();
    for error in [locked.reserve().unwrap_err(), home.store().check_writable().unwrap_err()] {
        let Error::File(FileError::NotAFile { path, found: FileKind::Folder }) = &error else {
            panic!("{error:?}")
        };
        assert_eq!(*path, home.file(TEMPORARY));
    }
}

/// The backup is made before the request as well.
// threats 168 215
#[test]
fn reserve_for_sign_in_backs_up_an_unreadable_file() {
    let now = "2026-11-21T18:48:46Z".parse().unwrap();
    let home = Home::holding("{");
    let mut locked = home.store().lock().unwrap();
    locked.reserve_for_sign_in(now).unwrap();
    assert_eq!(home.names().len(), AFTER_A_SAVE.len() + 2);
    drop(locked);
    assert_eq!(home.names(), AFTER_A_SAVE);

    let mut locked = home.store().lock().unwrap();
    locked.reserve_for_sign_in(now).unwrap();
    write(home.auth_json(), "{{");
    let change = |document: &mut AuthDocument| document.set_sign_in(&sign_in("1"));
    let ((), copy) = locked.update_with_backup(now, change).unwrap();
    assert_eq!(read(copy.unwrap()), "{{", "another file that cannot be read is there by now");
    assert_eq!(home.names().len(), AFTER_A_SAVE.len() + 1);
}
