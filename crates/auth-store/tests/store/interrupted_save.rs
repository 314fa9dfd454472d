//! A save that was interrupted before its rename: a complete temporary file beside the old document.

use std::fs::{self, File};
use std::time::Duration;

use crate::common::{AFTER_A_SAVE, Home, read, sign_in, write};
use auth_store::AuthDocument;

const TEMPORARY: &str = "auth.json.login-cli.tmp";
const OLD: &str = "2026-11-21T18:48:46.859879Z";
const NEW: &str = "2026-11-21T19:48:46.859879Z";

fn document(account: &str, refresh_token: &str, time: &str) -> String {
    format!(
        r#"{{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{{"id_token":"i","access_token":"a",
        "refresh_token":"{refresh_token}","account_id":"{account}"}},"last_refresh":"{time}"}}"#
    )
}

/// A home with an old document, and a new one in the temporary file.
fn interrupted(old: &str, new: &str) -> Home {
    let home = Home::holding(old);
    write(home.file(TEMPORARY), new);
    #[cfg(unix)]
    set_mode(&home, 0o600);
    home
}

#[cfg(unix)]
fn set_mode(home: &Home, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(home.file(TEMPORARY), fs::Permissions::from_mode(mode)).unwrap();
}

/// The stored refresh token, after a load under the locks.
fn refresh_token_in(home: &Home) -> Option<String> {
    let document: Option<AuthDocument> = home.store().lock().unwrap().load().unwrap();
    document?.refresh_token().map(|token| token.expose().to_owned())
}

// threats 215
#[test]
fn load_under_the_locks_finishes_an_interrupted_save() {
    let (old, new) = (document("1", "spent", OLD), document("1", "next", NEW));
    let home = interrupted(&old, &new);
    // A reader changes nothing.
    assert_eq!(home.store().load().unwrap().unwrap().refresh_token().unwrap().expose(), "spent");
    home.store().check_writable().unwrap();
    assert_eq!(refresh_token_in(&home).as_deref(), Some("next"));
    assert_eq!(read(home.auth_json()), new);
    assert_eq!(home.names(), AFTER_A_SAVE);

    // A change is one of the new document.
    let home = interrupted(&old, &new);
    home.store().update(|it| it.set_api_key(&sign_in("1").api_key.unwrap())).unwrap();
    assert!(read(home.auth_json()).contains("\"next\""));
    assert_eq!(home.names(), AFTER_A_SAVE);
}

/// It must be a later sign-in of the same account. Otherwise the next save removes it.
// threats 166 215
#[test]
fn temporary_file_that_is_no_successor_is_not_used() {
    let old = document("1", "old", OLD);
    let others = [
        document("2", "other account", NEW),
        document("1", "as old", OLD),
        document("1", "half", NEW).replace("}", ""),
        format!("{}{}", document("1", "padded", NEW), "\n".repeat(100))
            .replace("chatgpt", "apikey"),
        r#"{"OPENAI_API_KEY":"sk-1"}"#.to_owned(),
        "\n".repeat(70_000),
        String::new(),
    ];
    for other in &others {
        let home = interrupted(&old, other);
        assert_eq!(refresh_token_in(&home).as_deref(), Some("old"), "{other}");
        assert_eq!(read(home.auth_json()), old);
        home.store().update(|_| ()).unwrap();
        assert_eq!(home.names(), AFTER_A_SAVE);
    }
}

/// An editor, or a restored copy, makes the old document the newer file. Its refresh token is still
/// used up.
// threats 215
#[test]
fn edited_document_gets_the_tokens_of_the_interrupted_save() {
    let (old, new) = (document("1", "spent", OLD), document("1", "next", NEW));
    let home = interrupted(&old, &new);
    touch_later(&home);
    assert_eq!(refresh_token_in(&home).as_deref(), Some("next"));
    assert_eq!(home.names(), AFTER_A_SAVE);

    let edited =
        old.replace("null", "\"sk-edited\"").replace("\"tokens\"", "\"mine\":7,\"tokens\"");
    let home = interrupted(&old, &new);
    write(home.auth_json(), &edited);
    touch_later(&home);
    assert_eq!(refresh_token_in(&home).as_deref(), Some("next"));
    let stored = read(home.auth_json());
    for kept in ["sk-edited", "\"mine\": 7", NEW] {
        assert!(stored.contains(kept), "{kept}: {stored}");
    }
    assert_eq!(home.names(), AFTER_A_SAVE);
}

fn touch_later(home: &Home) {
    let file = File::options().write(true).open(home.auth_json()).unwrap();
    let later = file.metadata().unwrap().modified().unwrap() + Duration::from_secs(60);
    file.set_modified(later).unwrap();
}

/// The caller revokes its tokens.
// threats 215
#[test]
fn abandoned_sign_in_is_returned() {
    let abandoned = |home: &Home| {
        let mut locked = home.store().lock().unwrap();
        locked.load().unwrap();
        let abandoned = locked.take_abandoned()?.refresh_token();
        assert!(locked.take_abandoned().is_none());
        abandoned.map(|token| token.expose().to_owned())
    };
    let (old, new) = (document("1", "old", OLD), document("1", "next", NEW));
    let removed = interrupted(&old, &new);
    fs::remove_file(removed.auth_json()).unwrap();
    assert!(removed.store().has_interrupted_save());
    assert_eq!(refresh_token_in(&removed), None);
    assert_eq!(abandoned(&removed).as_deref(), Some("next"));

    let emptied = interrupted("", &new);
    assert_eq!(abandoned(&emptied).as_deref(), Some("next"));
    let damaged = interrupted("{", &new);
    assert!(damaged.store().lock().unwrap().load().is_err());
    let of_another = interrupted(&old, &document("2", "of another", NEW));
    assert_eq!(abandoned(&of_another).as_deref(), Some("of another"));

    let finished = interrupted(&old, &new);
    assert_eq!(abandoned(&finished), None);
    let copy = interrupted(&old, &old);
    assert_eq!(abandoned(&copy), None);
    assert!(!finished.store().has_interrupted_save());
}

// threats 161
#[cfg(unix)]
#[test]
fn temporary_file_of_another_user_is_not_used() {
    let (old, new) = (document("1", "old", OLD), document("1", "next", NEW));
    let home = interrupted(&old, &new);
    set_mode(&home, 0o644);
    assert_eq!(refresh_token_in(&home).as_deref(), Some("old"));

    let home = interrupted(&old, &new);
    let elsewhere = home.around().join("elsewhere");
    fs::rename(home.file(TEMPORARY), &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, home.file(TEMPORARY)).unwrap();
    assert_eq!(refresh_token_in(&home).as_deref(), Some("old"));
    assert_eq!(read(elsewhere), new);
}
