//! Warnings about unusual files.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::common::{Home, read, sign_in};
use auth_store::Warning;

fn warnings(home: &Home) -> Vec<Warning> {
    let document = home.store().load().unwrap().unwrap();
    home.store().warnings(&document).unwrap()
}

fn set_mode(home: &Home, mode: u32) {
    fs::set_permissions(home.auth_json(), Permissions::from_mode(mode)).unwrap();
}

#[test]
fn own_files_have_no_warnings() {
    let home = Home::new();
    home.store().update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
    assert_eq!(warnings(&home), []);
}

// threats 163
#[test]
fn shared_file_has_a_warning_until_the_next_save() {
    let home = Home::new();
    let save = || home.store().update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
    save();
    for (mode, odd) in [(0o644, true), (0o640, true), (0o604, true), (0o622, false), (0o400, false)]
    {
        set_mode(&home, mode);
        let expected = if odd { vec![Warning::ReadableByOthers] } else { vec![] };
        assert_eq!(warnings(&home), expected, "{mode:o}");
    }
    set_mode(&home, 0o666);
    save();
    assert_eq!(warnings(&home), []);
}

// threats 159
#[test]
fn link_has_a_warning_with_its_target() {
    let home = Home::new();
    home.store().update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
    let to = home.around().canonicalize().unwrap().join("kept.json");
    fs::rename(home.auth_json(), &to).unwrap();
    symlink(&to, home.auth_json()).unwrap();
    assert_eq!(warnings(&home), [Warning::Linked { to: to.clone() }]);
    // Who may read it is a matter of its end.
    set_mode(&home, 0o644);
    assert_eq!(warnings(&home), [Warning::ReadableByOthers, Warning::Linked { to }]);
}

#[track_caller]
fn is_odd(content: &str, expected: &[Warning]) {
    let home = Home::holding(content);
    set_mode(&home, 0o600);
    assert_eq!(warnings(&home), expected, "{content}");
    assert_eq!(read(home.auth_json()), content);
}

/// Files of other programs and of people.
// threats 170
#[test]
fn content_that_codex_cli_reads_differently_has_a_warning() {
    use Warning::{NoAccountId, NoAuthMode, NoRefreshToken};
    let whole = r#"{"access_token":"a","refresh_token":"r","account_id":"1"}"#;
    is_odd("{}", &[]);
    is_odd(r#"{"OPENAI_API_KEY":"sk-1"}"#, &[]);
    is_odd(&format!(r#"{{"tokens":{whole}}}"#), &[]);
    is_odd(&format!(r#"{{"OPENAI_API_KEY":"sk-1","tokens":{whole}}}"#), &[NoAuthMode]);
    is_odd(
        &format!(r#"{{"auth_mode":"","OPENAI_API_KEY":"sk-1","tokens":{whole}}}"#),
        &[NoAuthMode],
    );
    let with_mode = |mode: &str, tokens: &str| {
        format!(r#"{{"auth_mode":"{mode}","OPENAI_API_KEY":"sk-1","tokens":{tokens}}}"#)
    };
    is_odd(&with_mode("chatgpt", whole), &[]);
    let no_account = r#"{"access_token":"a","refresh_token":"r","account_id":null}"#;
    is_odd(&with_mode("chatgpt", no_account), &[NoAccountId]);
    let no_refresh = r#"{"access_token":"a","refresh_token":"","account_id":"1"}"#;
    is_odd(&with_mode("chatgpt", no_refresh), &[NoRefreshToken]);
    let neither = r#"{"access_token":"a"}"#;
    is_odd(&with_mode("chatgpt", neither), &[NoAccountId, NoRefreshToken]);
    let all = format!(r#"{{"OPENAI_API_KEY":"sk-1","tokens":{neither}}}"#);
    is_odd(&all, &[NoAuthMode, NoAccountId, NoRefreshToken]);
    let decoded =
        r#"{"id_token":{"email":"e"},"access_token":"a","refresh_token":"r","account_id":"1"}"#;
    is_odd(&with_mode("chatgpt", decoded), &[Warning::DecodedIdToken]);
    is_odd(&format!(r#"{{"tokens":{whole},"last_refresh":""}}"#), &[Warning::EmptyLastRefresh]);
    // With a key alone, and in the way of another program, tokens mean nothing here.
    is_odd(&with_mode("apikey", neither), &[]);
    is_odd(&with_mode("chatgptAuthTokens", neither), &[]);
}

#[test]
fn each_warning_is_one_line() {
    let all = [
        Warning::ReadableByOthers,
        Warning::ForeignOwner { owner: 7 },
        Warning::WorldWritable { path: "/there".into() },
        Warning::NotWritable,
        Warning::Linked { to: "/there".into() },
        Warning::Mounted,
        Warning::NoAuthMode,
        Warning::NoAccountId,
        Warning::NoRefreshToken,
        Warning::DecodedIdToken,
        Warning::EmptyLastRefresh,
    ];
    let mut lines: Vec<String> = all.iter().map(ToString::to_string).collect();
    assert!(lines.iter().all(|line| !line.is_empty() && !line.contains('\n')));
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), all.len());
}
