//! An external store with a credential helper, which is a shell script.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crate::common::{Home, names, sign_in};
use auth_store::{AuthStore, Error, HelperStore, Location};
use credential_helper::Helper;

const ENTRY: &str = "https://auth.example.test/login-cli/default";

/// The file name of the entry.
const ENTRY_FILE: &str = "https___auth_example_test_login_cli_default";

/// One file per URL. `instead` runs first and may answer otherwise; it gets the verb, the URL and the
/// file name.
fn script(instead: &str) -> String {
    format!(
        r#"in=$(cat)
case $1 in
store) url=$(printf %s "$in" | sed 's/.*"ServerURL":"\([^"]*\)".*/\1/') ;;
*) url=$in ;;
esac
file=$HERE/$(printf %s "$url" | tr -c 'A-Za-z0-9' _)
echo "$1 $url" >>"$HERE/../log"
{instead}
case $1 in
store) printf %s "$in" >"$file" ;;
get) cat "$file" 2>/dev/null || {{ echo 'credentials not found in native keychain'; exit 1; }} ;;
erase) rm -f "$file" ;;
esac"#
    )
}

/// A helper, its entries, and a home folder for the locks.
struct Scripted {
    home: Home,
}

impl Scripted {
    fn new(instead: &str) -> Self {
        let home = Home::new();
        fs::create_dir(home.around().join("entries")).unwrap();
        write_program(&home.around().join("helper"), &script(instead));
        Self { home }
    }

    fn store(&self) -> AuthStore {
        let helper = Helper::at(self.home.around().join("helper"));
        let helper = helper.with_deadline(Duration::from_secs(60)).env("HERE", self.entries());
        self.home.store().with_external_store(Arc::new(HelperStore::new(helper, ENTRY.to_owned())))
    }

    fn entries(&self) -> PathBuf {
        self.home.around().join("entries")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.home.around().join("log")).unwrap()
    }
}

/// Another process writes the script: a file that a child process has open for writing cannot be run.
fn write_program(path: &std::path::Path, body: &str) {
    let write = "cat >\"$1\" && chmod 700 \"$1\"";
    let mut shell = Command::new("/bin/sh");
    let mut shell =
        shell.args(["-c", write, "sh"]).arg(path).stdin(Stdio::piped()).spawn().unwrap();
    write!(shell.stdin.take().unwrap(), "#!/bin/sh\n{body}\n").unwrap();
    assert!(shell.wait().unwrap().success());
}

#[test]
fn helper_stores_updates_and_removes_one_entry() {
    let scripted = Scripted::new("");
    let store = scripted.store();
    assert!(store.load().unwrap().is_none());
    store.update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
    assert_eq!(names(&scripted.entries()), [ENTRY_FILE]);
    assert_eq!(store.load().unwrap().unwrap().account_id(), Some("1"));
    let token = store.load_access_token().unwrap().unwrap().access_token().unwrap();
    assert_eq!(token.expose(), "access-1");
    let Location::External(name) = store.location() else { panic!("{:?}", store.location()) };
    assert!(name.ends_with(&format!("/helper ({ENTRY})")), "{name}");

    let mut locked = store.lock().unwrap();
    assert!(locked.remove().unwrap());
    assert!(!locked.remove().unwrap());
    assert_eq!(names(&scripted.entries()).len(), 0);
    assert_eq!(scripted.home.names(), ["auth.json.lock", "auth.lock"]);
}

/// The entry may be the only copy of a sign-in.
// threats 157
#[test]
fn check_uses_its_own_entry() {
    let scripted = Scripted::new("");
    scripted.store().update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
    let before = scripted.log();
    scripted.store().check_writable().unwrap();
    let log = scripted.log();
    for verb in ["store", "get", "erase"] {
        assert!(log[before.len()..].contains(&format!("{verb} {ENTRY}/probe\n")), "{log}");
    }
    for verb in ["store", "erase"] {
        assert!(!log[before.len()..].contains(&format!("{verb} {ENTRY}\n")), "{log}");
    }
    assert_eq!(names(&scripted.entries()), [ENTRY_FILE]);
}

/// A script may store one secret in one file.
// threats 157
#[test]
fn check_restores_the_entry_of_a_single_entry_helper() {
    let scripted = Scripted::new("file=${file%/*}/only");
    scripted.store().update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
    for _ in 0..2 {
        scripted.store().check_writable().unwrap();
        assert!(scripted.store().load().unwrap().unwrap().is_signed_in());
    }
}

/// The check fails with this message, and leaves nothing.
#[track_caller]
fn fails_the_check(instead: &str, words: &str) {
    let scripted = Scripted::new(instead);
    let error = scripted.store().check_writable().unwrap_err();
    let Error::External { source, .. } = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains(words), "{source}");
    assert_eq!(names(&scripted.entries()), Vec::<String>::new());
    assert!(!scripted.home.auth_json().exists());
}

// threats 157
#[test]
fn helper_that_loses_entries_fails_the_check() {
    fails_the_check("[ $1 = store ] && { echo 'it is locked'; exit 1; }", "it is locked");
    fails_the_check("[ $1 = store ] && exit 0", "does not return what it stored");
    let another =
        r#"[ $1 = get ] && { echo '{"ServerURL":"u","Username":"n","Secret":"x"}'; exit 0; }"#;
    fails_the_check(another, "does not return what it stored");
    // It takes what it cannot give back, and so there is something to remove.
    fails_the_check("[ $1 = get ] && { echo 'it is locked'; exit 1; }", "it is locked");
}

// threats 195
#[test]
fn failed_helper_write_keeps_the_old_entry() {
    let refuses = r#"[ $1 = store ] && [ -e "$file" ] && { echo "no: $in"; exit 1; }"#;
    let scripted = Scripted::new(refuses);
    let store = scripted.store();
    store.update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
    let error = store.update(|document| document.set_sign_in(&sign_in("canary-0123456789")));
    let said = format!("{error:?}");
    assert!(said.contains("Refused") && !said.contains("canary"), "{said}");
    assert_eq!(store.load().unwrap().unwrap().account_id(), Some("1"));
    assert_eq!(scripted.home.names(), ["auth.json.lock", "auth.lock"]);
}

// threats 179
#[test]
fn remove_removes_an_invalid_entry() {
    let scripted = Scripted::new("[ $1 = get ] && [ -e \"$file\" ] && { echo nonsense; exit 0; }");
    let store = scripted.store();
    store.update(|document| document.set_sign_in(&sign_in("1"))).unwrap();
    store.load().unwrap_err();
    assert!(store.lock().unwrap().remove().unwrap());
    assert_eq!(names(&scripted.entries()).len(), 0);
    assert!(store.load().unwrap().is_none());
}
