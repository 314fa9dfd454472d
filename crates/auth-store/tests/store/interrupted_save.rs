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

/// Access tokens that were issued one second after another.
const FIRST: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpYXQiOjE3MDAwMDAwMDB9.c2ln";
const SECOND: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpYXQiOjE3MDAwMDAwMDF9.c2ln";

/// The other time is one of a machine, whose clock can be wrong.
fn with_access_token(token: &str, refresh_token: &str, time: &str) -> String {
    document("1", refresh_token, time).replace("\"a\"", &format!("\"{token}\""))
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

/// A refresh can bring a refresh token alone.
// threats 111 215
#[test]
fn interrupted_save_of_a_refresh_token_alone_is_finished() {
    let home = interrupted(&document("1", "spent", OLD), &document("1", "next", OLD));
    assert_eq!(refresh_token_in(&home).as_deref(), Some("next"));
}

/// It must be a later sign-in of the same account. Otherwise the next save removes it.
// threats 166 215
#[test]
fn temporary_file_that_is_no_successor_is_not_used() {
    let old = with_access_token(SECOND, "old", OLD);
    let others = [
        document("2", "other account", NEW),
        document("1", "as old", OLD).replace("\"a\"", "\"b\""),
        with_access_token(FIRST, "issued before", NEW),
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

/// It may have been edited since, so the next save removes the temporary file.
// threats 215
#[test]
fn younger_document_is_not_replaced() {
    let old = document("1", "old", OLD);
    let home = interrupted(&old, &document("1", "next", NEW));
    let file = File::options().write(true).open(home.auth_json()).unwrap();
    let later = file.metadata().unwrap().modified().unwrap() + Duration::from_secs(60);
    file.set_modified(later).unwrap();
    assert_eq!(refresh_token_in(&home).as_deref(), Some("old"));
    assert_eq!(read(home.auth_json()), old);
}

// threats 122
#[test]
fn interrupted_save_does_not_restore_a_removed_document() {
    let home = interrupted("", &document("1", "next", NEW));
    assert_eq!(refresh_token_in(&home), None);
    fs::remove_file(home.auth_json()).unwrap();
    assert_eq!(refresh_token_in(&home), None);
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
