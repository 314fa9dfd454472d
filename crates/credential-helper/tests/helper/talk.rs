//! The input of a helper and the meaning of its answer.

use credential_helper::Error;

use crate::script::{Script, URL, credential};

const SECRET: &str = "{\n  \"refresh_token\": \"canary-0123456789abcdef\"\n}";

// threats 187
#[test]
fn secret_is_passed_only_on_stdin() {
    let script = Script::new("echo \"$*\" >$HERE/arguments; env >$HERE/env; cat >$HERE/input");
    script.helper().store(URL, &credential("ada", SECRET)).unwrap();
    assert_eq!(script.wrote("arguments"), "store\n");
    assert!(script.wrote("env").contains("HERE=") && !script.wrote("env").contains("canary"));
    let json = format!(
        r#"{{"ServerURL":"{URL}","Username":"ada","Secret":"{}"}}"#,
        SECRET.replace('\n', "\\n").replace('"', "\\\"")
    );
    assert_eq!(script.wrote("input"), json);
}

#[test]
fn other_verbs_send_the_url_or_nothing() {
    let body = "cat >$HERE/$1; case $1 in get) echo '{\"Secret\":\"s\"}' ;; list) echo null; esac";
    let script = Script::new(body);
    let found = script.helper().get(URL).unwrap().unwrap();
    assert_eq!(*found.secret, "s");
    script.helper().erase(URL).unwrap();
    assert!(script.helper().list().unwrap().is_empty());
    assert_eq!((script.wrote("get"), script.wrote("erase")), (URL.to_owned(), URL.to_owned()));
    assert_eq!(script.wrote("list"), "");
}

#[test]
fn not_found_message_on_stdout_or_stderr_is_none() {
    for redirect in ["", ">&2"] {
        let words = "credentials not found in native keychain";
        let script = Script::new(&format!("echo {words} {redirect}; exit 1"));
        assert!(script.helper().get(URL).unwrap().is_none(), "{redirect}");
        script.helper().erase(URL).unwrap();
        script.helper().store(URL, &credential("ada", SECRET)).unwrap_err();
    }
}

#[test]
fn failed_erase_is_an_error_unless_the_entry_is_gone() {
    let refuses = "[ $1 = erase ] && { echo no such thing; exit 1; }";
    let there = Script::new(&format!("{refuses}; echo '{{\"Username\":\"a\",\"Secret\":\"s\"}}'"));
    refused(there.helper().erase(URL), "no such thing");
    let gone = Script::new(&format!("{refuses}; echo '{{\"Username\":\"\",\"Secret\":\"\"}}'"));
    gone.helper().erase(URL).unwrap();
    let broken = Script::new(&format!("{refuses}; echo worse; exit 2"));
    refused(broken.helper().erase(URL), "no such thing");
}

#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, Error>, expected: &str) {
    match result.unwrap_err() {
        Error::Refused { message, .. } => assert_eq!(message, expected),
        other => panic!("{other:?}"),
    }
}

// threats 192
#[test]
fn error_has_the_message_of_the_helper() {
    let says = |body: &str| Script::new(body).helper().list();
    refused(says("echo 'the store is locked'; exit 1"), "the store is locked");
    refused(says("printf '\\n'; echo 'no bus' >&2; echo 'at x.c' >&2; exit 3"), "no bus");
    refused(says("printf '\\033[2Jred\\a\\nand more'; exit 1"), "[2Jred and more");
    refused(says("exit 3"), "exit status: 3");
    refused(says("kill -TERM $$"), "signal: 15 (SIGTERM)");
}

// threats 195
#[test]
fn errors_contain_no_secret() {
    for body in [
        "cat; exit 1",
        "cat >&2; exit 1",
        "tr -d '\\\\\"' | fold -w 7; exit 1",
        "cat | cut -c 1-120; exit 1",
    ] {
        let error = Script::new(body).helper().store(URL, &credential("ada", SECRET)).unwrap_err();
        assert!(matches!(error, Error::Refused { .. }), "{body}: {error:?}");
        let shown = format!("{error} {error:?}").replace(char::is_whitespace, "");
        assert!(!shown.contains("canary") && !shown.contains("0123"), "{body}: {shown}");
    }
    let stored = "echo '{\"Username\":\"a\",\"Secret\":\"canary\"}'; exit 1";
    let error = Script::new(stored).helper().get(URL).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    let invalid_answer = "echo '{\"Username\":\"a\",\"Secret\":{\"canary\":1}}'";
    let error = Script::new(invalid_answer).helper().get(URL).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
}

// threats 195
#[test]
fn debug_of_a_helper_hides_its_environment() {
    let helper = Script::new("").helper().env("VAULT", "canary");
    let shown = format!("{helper:?}");
    assert!(shown.starts_with("Helper { program: \"") && !shown.contains("canary"), "{shown}");
}
