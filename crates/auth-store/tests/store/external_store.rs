//! An external store instead of the file: the same document, the same locks, and never a copy in a
//! file.

#[cfg(unix)]
use std::fs;
use std::fs::File;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::common::{Home, block_on, is_locked, read, sign_in, update_with_backup, write};
#[cfg(unix)]
use auth_store::Warning;
use auth_store::{
    AuthDocument, AuthStore, Error, ExternalStore, ExternalStoreError, FileError, Location,
    ParseErrorKind,
};
use credentials::RefreshToken;
use token_source::{Commit, RefreshedTokens};
use zeroize::Zeroizing;

/// An external store in memory, which can be locked.
#[derive(Debug, Default)]
struct Memory {
    entry: Mutex<Option<Vec<u8>>>,
    /// The operations that fail.
    locked: Mutex<Option<&'static str>>,
    writes: AtomicUsize,
    /// How many times another program changes the entry before it is read.
    changes: AtomicUsize,
}

/// A sign-in of another program, which has changed its field `theirs`.
fn changed(times: usize) -> String {
    format!(r#"{{"tokens":{{"access_token":"a","refresh_token":"spent"}},"theirs":{times}}}"#)
}

impl Memory {
    fn holding(content: impl AsRef<[u8]>) -> Arc<Self> {
        let external = Arc::<Self>::default();
        external.set(Some(content.as_ref()));
        external
    }

    /// Another machine that shares the store.
    fn set(&self, content: Option<&[u8]>) {
        *self.entry.lock().unwrap() = content.map(<[u8]>::to_vec);
    }

    fn text(&self) -> Option<String> {
        let entry = self.entry.lock().unwrap().clone();
        entry.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    fn refuse(&self, what: &'static str) {
        *self.locked.lock().unwrap() = Some(what);
    }

    fn open(&self, what: &'static str) -> Result<(), ExternalStoreError> {
        match *self.locked.lock().unwrap() {
            Some(refused) if refused == what || refused == "all" => Err("it is locked".into()),
            _ => Ok(()),
        }
    }
}

impl ExternalStore for Memory {
    fn name(&self) -> String {
        "the memory".to_owned()
    }

    fn check(&self, _: usize) -> Result<(), ExternalStoreError> {
        self.open("check")
    }

    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        self.open("read")?;
        let left = self.changes.load(Ordering::Relaxed);
        if left > 0 {
            self.changes.store(left - 1, Ordering::Relaxed);
            self.set(Some(changed(left).as_bytes()));
        }
        Ok(self.entry.lock().unwrap().clone().map(Zeroizing::new))
    }

    fn write(&self, document: &[u8]) -> Result<(), ExternalStoreError> {
        self.open("write")?;
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.set(Some(document));
        Ok(())
    }

    fn remove(&self) -> Result<bool, ExternalStoreError> {
        self.open("remove")?;
        Ok(self.entry.lock().unwrap().take().is_some())
    }
}

fn store(home: &Home, external: &Arc<Memory>) -> AuthStore {
    home.store().with_external_store(external.clone())
}

fn save(store: &AuthStore, mark: &str) -> Result<(), Error> {
    store.update(|document| document.set_sign_in(&sign_in(mark)))
}

fn document(mark: &str) -> AuthDocument {
    let mut document = AuthDocument::default();
    document.set_sign_in(&sign_in(mark));
    document
}

/// The files of a sign-in in an external store.
const LOCKS: [&str; 2] = ["auth.json.lock", "auth.lock"];

fn here() -> Location {
    Location::External("the memory".to_owned())
}

#[test]
fn external_store_has_the_document_and_the_folder_the_locks() {
    let (home, external) = (Home::new(), Arc::<Memory>::default());
    let store = store(&home, &external);
    assert_eq!(store.location(), here());
    assert!(store.load().unwrap().is_none());
    assert!(!home.path().exists());
    store.check_writable().unwrap();
    assert_eq!(external.text(), None);

    save(&store, "1").unwrap();
    assert_eq!(store.load().unwrap().unwrap().account_id(), Some("1"));
    assert_eq!(home.names(), LOCKS);

    // The text is the one that would be in the file.
    let other = Home::new();
    save(&other.store(), "1").unwrap();
    assert_eq!(external.text().unwrap(), read(other.auth_json()));
}

// threats 169
#[test]
fn external_store_keeps_fields_of_other_programs() {
    let external = Memory::holding(r#"{"z":1.50,"x":{"y":1e+400},"tokens":{"x":1}}"#);
    save(&store(&Home::new(), &external), "1").unwrap();
    let text: String = external.text().unwrap().split_whitespace().collect();
    assert!(text.starts_with(r#"{"z":1.50,"x":{"y":1e+400},"tokens":{"id_token":"#), "{text}");
}

/// The file beside an external store belongs to another sign-in.
#[test]
fn external_store_ignores_the_file() {
    let (home, external) =
        (Home::holding(r#"{"OPENAI_API_KEY":"sk-1"}"#), Arc::<Memory>::default());
    let store = store(&home, &external);
    assert!(store.load().unwrap().is_none());
    store.check_writable().unwrap();
    save(&store, "1").unwrap();
    assert!(store.lock().unwrap().remove().unwrap());
    assert_eq!(read(home.auth_json()), r#"{"OPENAI_API_KEY":"sk-1"}"#);
    assert_eq!(home.names(), ["auth.json", "auth.json.lock", "auth.lock"]);
}

/// The file does not count.
#[cfg(unix)]
#[test]
fn external_store_has_warnings_about_content_only() {
    let (home, external) =
        (Home::holding("{}"), Memory::holding(r#"{"tokens":{"access_token":"a"}}"#));
    std::os::unix::fs::symlink("auth.json", home.file("x")).unwrap();
    fs::rename(home.file("x"), home.auth_json()).unwrap();
    let store = store(&home, &external);
    let document = store.load().unwrap().unwrap();
    let expected = [Warning::NoAccountId, Warning::NoRefreshToken];
    assert_eq!(store.warnings(&document).unwrap(), expected);
}

// threats 120 122
#[test]
fn external_store_is_changed_under_the_locks() {
    let (home, external) = (Home::new(), Arc::<Memory>::default());
    let store = store(&home, &external);
    let is_held = |name: &&str| is_locked(home.file(name));
    assert!(store.update(|_| LOCKS.iter().all(is_held)).unwrap());
    assert!(!LOCKS.iter().any(is_held));

    let locked = store.lock().unwrap();
    assert!(store.try_lock().unwrap().locked().is_none());
    assert_eq!(locked.location(), here());
    drop(locked);
    let theirs = File::open(home.file("auth.json.lock")).unwrap();
    theirs.lock().unwrap();
    assert!(store.try_lock().unwrap().locked().is_none());
}

#[test]
fn external_entry_is_replaced_and_removed() {
    let (home, external) = (Home::new(), Memory::holding("{}"));
    let mut locked = store(&home, &external).lock().unwrap();
    locked.reserve().unwrap();
    let mut loaded = locked.load().unwrap().unwrap();
    for mark in ["1", "2"] {
        loaded.set_sign_in(&sign_in(mark));
        locked.commit(&loaded).unwrap();
        assert!(external.text().unwrap().contains(&format!("access-{mark}")));
    }
    assert!(locked.remove().unwrap());
    assert_eq!(external.text(), None);
    assert!(!locked.remove().unwrap());
    locked.commit(&document("3")).unwrap();
    assert!(external.text().unwrap().contains("access-3"));
}

// threats 122 175
#[test]
fn commit_fails_after_another_machine_changed_the_entry() {
    for (before, theirs) in [
        (Some("{}"), Some(r#"{"theirs":1}"#)),
        (Some("{}"), Some("{")),
        (Some("{}"), None),
        (None, Some(r#"{"theirs":1}"#)),
    ] {
        let (home, external) = (Home::new(), Arc::<Memory>::default());
        external.set(before.map(str::as_bytes));
        let mut locked = store(&home, &external).lock().unwrap();
        locked.load().unwrap();
        external.set(theirs.map(str::as_bytes));
        let error = locked.commit(&document("1")).unwrap_err();
        assert!(
            matches!(&error, Error::Changed { name } if Location::External(name.clone()) == here()),
            "{error:?}"
        );
        assert_eq!(external.text().as_deref(), theirs);
        assert_eq!(external.writes.load(Ordering::Relaxed), 0);
    }
}

// threats 175
#[test]
fn update_repeats_the_change_on_a_new_entry() {
    let (home, external) = (Home::new(), Memory::holding("{}"));
    let mut calls = 0;
    store(&home, &external)
        .update(|document| {
            calls += 1;
            if calls == 1 {
                external.set(Some(br#"{"theirs":1}"#));
            }
            document.set_sign_in(&sign_in("1"));
        })
        .unwrap();
    assert_eq!(calls, 2);
    assert!(external.text().unwrap().starts_with("{\n  \"theirs\": 1,\n"));
}

#[track_caller]
fn unreadable(content: &[u8], is_expected: impl Fn(&Error) -> bool) {
    let (home, external) = (Home::new(), Memory::holding(content));
    let store = store(&home, &external);
    let now = "2026-11-21T18:48:46Z".parse().unwrap();
    let back_up = update_with_backup(&store, now, |document| document.set_sign_in(&sign_in("1")));
    for outcome in [store.load().map(drop), save(&store, "1"), back_up.map(drop)] {
        let error = outcome.unwrap_err();
        assert!(is_expected(&error), "{error:?}");
        let said = format!("{error:?} {error}");
        assert!(said.contains("the memory") && !said.contains("canary"), "{said}");
    }
    assert_eq!(external.entry.lock().unwrap().as_deref(), Some(content));
    assert_eq!(home.names(), LOCKS);
    assert!(store.lock().unwrap().remove().unwrap());
    save(&store, "1").unwrap();
}

/// A copy would be a secret in a file.
// threats 168 179
#[test]
fn unreadable_entry_is_reported_and_not_backed_up() {
    let corrupt = |kind| {
        move |error: &Error| {
            let Error::Corrupt { location, kind: found, .. } = error else { return false };
            *location == here() && *found == kind
        }
    };
    unreadable(b"{\"canary\":", corrupt(ParseErrorKind::Truncated));
    unreadable(b"{\"tokens\":\"canary\"}", corrupt(ParseErrorKind::Shape));
    unreadable(b"\"canary\xff\"", corrupt(ParseErrorKind::Encoding));
    unreadable(
        &vec![b' '; 1024 * 1024 + 1],
        |error| matches!(error, Error::TooLarge { location, limit: 1_048_576, replaceable: false } if *location == here()),
    );
}

/// The person must not sign in for nothing.
// threats 157 168
#[test]
fn check_finds_an_unreadable_entry() {
    for (content, fits) in [("{", false), ("{}", true)] {
        let (home, external) = (Home::new(), Memory::holding(content));
        let outcome = store(&home, &external).check_writable();
        assert_eq!(outcome.is_ok(), fits, "{outcome:?}");
        assert!(fits || matches!(outcome, Err(Error::Corrupt { .. })));
    }
}

/// Each operation on the locked store fails, the entry is unchanged, and no file has anything of it.
#[track_caller]
fn refused(what: &'static str, fails: [bool; 5]) {
    let (home, external) = (Home::new(), Memory::holding(r#"{"OPENAI_API_KEY":"sk-canary"}"#));
    let store = store(&home, &external);
    external.refuse(what);
    let committed = store.lock().and_then(|mut locked| {
        locked.load()?;
        locked.commit(&document("1"))
    });
    let outcomes = [
        store.check_writable(),
        store.load().map(drop),
        save(&store, "1"),
        committed,
        store.lock().unwrap().remove().map(drop),
    ];
    for (outcome, fails) in outcomes.iter().zip(fails) {
        assert_eq!(outcome.is_err(), fails, "{what}: {outcomes:?}");
        if let Err(error) = outcome {
            let Error::External { name, source } = error else { panic!("{error:?}") };
            assert_eq!(
                (name.as_str(), source.to_string().as_str()),
                ("the memory", "it is locked")
            );
            assert_eq!(error.to_string(), "the memory cannot be used");
        }
    }
    if what == "all" {
        assert_eq!(external.text().unwrap(), r#"{"OPENAI_API_KEY":"sk-canary"}"#);
    }
    assert_eq!(home.names(), LOCKS);
}

// threats 153 157
#[test]
fn locked_external_store_is_an_error_and_writes_no_file() {
    refused("all", [true; 5]);
    refused("check", [true, false, false, false, false]);
    refused("read", [true, true, true, true, false]);
    refused("write", [false, false, true, true, false]);
    refused("remove", [false, false, false, false, true]);
}

// threats 153 155
#[test]
fn failed_external_write_can_be_repeated() {
    let (home, external) = (Home::new(), Memory::holding("{}"));
    let mut locked = store(&home, &external).lock().unwrap();
    locked.load().unwrap();
    external.refuse("write");
    locked.commit(&document("1")).unwrap_err();
    assert_eq!(external.text().as_deref(), Some("{}"));
    external.refuse("nothing");
    locked.commit(&document("1")).unwrap();
    assert!(external.text().unwrap().contains("access-1"));
}

/// The locks are files.
// threats 157
#[test]
fn check_fails_if_the_home_folder_is_a_file() {
    let (home, external) = (Home::new(), Arc::<Memory>::default());
    write(home.path(), "a file");
    let store = store(&home, &external);
    let error = store.check_writable().unwrap_err();
    assert!(matches!(error, Error::File(FileError::NotWritable { .. })), "{error:?}");
    save(&store, "1").unwrap_err();
    assert_eq!(external.text(), None);
}

#[test]
fn could_be_written_tests_an_external_store_without_a_folder() {
    let (home, external) = (Home::new(), Arc::<Memory>::default());
    assert!(!store(&home, &external).could_be_written().unwrap());
    external.refuse("check");
    let error = store(&home, &external).could_be_written().unwrap_err();
    assert!(matches!(error, Error::External { .. }), "{error:?}");
    assert!(!home.path().exists());
}

/// Each of three attempts finds a change: the fourth stores the new tokens, and not the document of that
/// program with the token that is spent.
// threats 122
#[test]
fn refresh_is_stored_although_another_program_keeps_writing() {
    let (home, external) = (Home::new(), Memory::holding(changed(9)));
    let mut locked = store(&home, &external).lock().unwrap();
    let document = locked.load().unwrap().unwrap();
    external.changes.store(6, Ordering::Relaxed);
    let refresh_token = RefreshToken::new("new").ok();
    let tokens = RefreshedTokens { refresh_token, ..RefreshedTokens::default() };
    let spent = document.refresh_token().unwrap();
    let committed = block_on(token_source::StoreGuard::commit(locked, document, tokens, spent));
    assert!(matches!(committed, Ok(Commit::Stored(_))), "{committed:?}");
    let text = external.text().unwrap();
    assert!(text.contains("\"new\"") && text.contains("\"theirs\""), "{text}");
}
