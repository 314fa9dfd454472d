//! A sign-in in the keyring of the session, with GNOME's keyring.
//!
//! Each test runs again in its own session bus and folders, so that no other keyring is touched. If the
//! programs are missing, the test is reported as skipped.

#![cfg(target_os = "linux")]
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, thread};

use auth_store::{
    AuthDocument, AuthStore, Error, ExternalStore as _, KeyringStore, Location, SignIn,
};
use credentials::{AccessToken, ApiKey, IdToken, RefreshToken};
use tempfile::TempDir;

const ENTRY: &str = "https://auth.example.test/login-cli/default";

/// The latest time of an error.
const IN_TIME: Duration = Duration::from_secs(3);

/// Set in a run with its own session.
const MARK: &str = "AUTH_STORE_TEST_SESSION";

/// A bus with the services of a folder beside it, and none of the machine.
const BUS: &str = r#"<busconfig>
<type>session</type><listen>unix:tmpdir=/tmp</listen><auth>EXTERNAL</auth>
<servicedir>FOLDER/services</servicedir>
<policy context="default">
<allow send_destination="*"/><allow receive_type="signal"/><allow receive_sender="*"/><allow own="*"/>
</policy>
</busconfig>"#;

/// The keyring. The bus starts it at the first call, and delays the call until it is unlocked.
const KEYRING: &str = r#"[D-BUS Service]
Name=org.freedesktop.secrets
Exec=/bin/sh -c "printf 'the password' | gnome-keyring-daemon --foreground --unlock --components=secrets"
"#;

/// Reports a skipped test, past the capture of the test harness; `.ci/run` counts these lines.
fn left_out(what: &str) {
    let line = format!("not tested on this machine: {what}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// The number of this inner run, if it is one.
#[expect(clippy::disallowed_methods, reason = "it tells the runs of one test apart")]
fn inside() -> Option<usize> {
    std::env::var(MARK).ok()?.parse().ok()
}

/// Runs the parts of the test of this name in order, each in its own session with the same keyring.
#[track_caller]
fn in_sessions(name: &str, parts: &[fn()]) {
    let folder = tempfile::tempdir().unwrap();
    let services = folder.path().join("services");
    fs::create_dir(&services).unwrap();
    write(&services.join("keyring.service"), KEYRING);
    in_sessions_of(folder.path(), name, parts);
}

#[track_caller]
fn in_sessions_of(folder: &Path, name: &str, parts: &[fn()]) {
    if let Some(part) = inside() {
        return parts[part]();
    }
    for program in ["dbus-run-session", "gnome-keyring-daemon", "secret-tool"] {
        // The last one knows no `--version`, and says so.
        if Command::new(program).arg("--version").output().is_err() {
            return left_out(&format!("{name}: {program} is not installed"));
        }
    }
    let config = folder.join("bus.conf");
    write(&config, &BUS.replace("FOLDER", folder.to_str().unwrap()));
    for part in 0..parts.len() {
        let mut session = Command::new("dbus-run-session");
        session.arg("--config-file").arg(&config).arg("--").arg(std::env::current_exe().unwrap());
        again(name, part, &mut session, folder);
    }
}

/// Runs the test of this name with the bus at this address.
#[track_caller]
fn with_the_bus_at(address: &str, name: &str, test: fn()) {
    if inside().is_some() {
        return test();
    }
    let folder = tempfile::tempdir().unwrap();
    let mut this = Command::new(std::env::current_exe().unwrap());
    again(name, 0, this.env("DBUS_SESSION_BUS_ADDRESS", address), folder.path());
}

/// The command line that runs this test alone, in new folders.
#[track_caller]
fn again(name: &str, part: usize, command: &mut Command, folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    for variable in ["HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"] {
        command.env(variable, folder);
    }
    command.env("XDG_RUNTIME_DIR", folder).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    command.args(["--exact", name, "--nocapture"]).env(MARK, part.to_string()).stdin(Stdio::null());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "there is no test of the name {name}: {said}");
}

#[expect(clippy::disallowed_methods, reason = "nothing of it is secret")]
fn write(path: &Path, content: &str) {
    fs::write(path, content).unwrap();
}

/// Calls another client of the keyring.
fn secret_tool(words: &[&str]) -> String {
    let output = Command::new("secret-tool").args(words).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

fn stored(entry: &str) -> String {
    secret_tool(&["lookup", "service", entry, "username", "login-cli"])
}

fn external() -> KeyringStore {
    KeyringStore::new(ENTRY.to_owned())
}

/// A store in the keyring, and the folder of its locks.
fn store() -> (TempDir, AuthStore) {
    let home = tempfile::tempdir().unwrap();
    let store = AuthStore::new(home.path().join("codex")).with_external_store(Arc::new(external()));
    (home, store)
}

fn sign_in(mark: &str) -> SignIn {
    let long = |what: &str| format!("{what}-{mark}-{}", "x".repeat(20_000));
    SignIn {
        id_token: IdToken::new(long("id")).unwrap(),
        access_token: AccessToken::new(long("access")).unwrap(),
        refresh_token: RefreshToken::new(format!("refresh-{mark}")).unwrap(),
        account_id: Some(mark.to_owned()),
        api_key: Some(ApiKey::new(format!("sk-{mark}")).unwrap()),
        last_refresh: "2026-11-22T00:00:00Z".parse().unwrap(),
    }
}

fn save(store: &AuthStore, mark: &str) -> Result<(), Error> {
    store.update(|document: &mut AuthDocument| document.set_sign_in(&sign_in(mark)))
}

/// Each of the four operations fails in time, with this reason and without the stored content.
#[track_caller]
fn all_refused(external: &KeyringStore, reason: &str) {
    let calls: [(&str, &dyn Fn() -> Option<auth_store::ExternalStoreError>); 4] = [
        ("check", &|| external.check(8 * 1024).err()),
        ("read", &|| external.read().err()),
        ("write", &|| external.write(b"tok-1").err()),
        ("remove", &|| external.remove().err()),
    ];
    for (call, refused) in calls {
        let begin = Instant::now();
        let Some(error) = refused() else { panic!("{call} worked") };
        assert!(begin.elapsed() < IN_TIME, "{call}: {:?}", begin.elapsed());
        assert!(error.to_string().contains(reason), "{call}: {error}");
        assert!(!format!("{error:?} {error}").contains("tok-1"), "{call}: {error:?}");
    }
}

#[test]
fn keyring_stores_updates_and_removes_a_sign_in() {
    in_sessions(
        "keyring_stores_updates_and_removes_a_sign_in",
        &[
            || {
                let (home, store) = store();
                store.check_writable().unwrap();
                assert_eq!(stored(&format!("{ENTRY}/probe")), "");
                assert!(store.load().unwrap().is_none());
                for mark in ["1", "2"] {
                    save(&store, mark).unwrap();
                    assert_eq!(store.load().unwrap().unwrap().account_id(), Some(mark));
                    let text = stored(ENTRY);
                    assert!(text.contains(&format!("\"refresh-{mark}\"")), "{text}");
                    assert_eq!(text.matches("refresh_token").count(), 1, "{text}");
                }
                assert_eq!(store.location(), Location::External(format!("the keyring ({ENTRY})")));
                assert!(!home.path().join("codex/auth.json").exists());
            },
            || {
                let (_home, store) = store();
                assert_eq!(store.load().unwrap().unwrap().account_id(), Some("2"));
                assert!(store.lock().unwrap().remove().unwrap());
                assert_eq!(stored(ENTRY), "");
                assert!(store.load().unwrap().is_none());
                assert!(!store.lock().unwrap().remove().unwrap());
            },
        ],
    );
}

#[test]
fn entries_are_independent() {
    in_sessions(
        "entries_are_independent",
        &[|| {
            let other = KeyringStore::new(format!("{ENTRY}/work"));
            external().write(b"one").unwrap();
            assert!(other.read().unwrap().is_none());
            other.write(b"two").unwrap();
            assert!(external().remove().unwrap());
            assert_eq!(**other.read().unwrap().unwrap(), *b"two");
        }],
    );
}

/// Nobody is prompted: the prompt would outlive the call.
#[test]
fn locked_keyring_is_an_error_and_unchanged() {
    in_sessions(
        "locked_keyring_is_an_error_and_unchanged",
        &[
            || {
                secret_tool(&["lock"]);
                all_refused(&external(), "it is locked");
            },
            || {
                let (_home, store) = store();
                save(&store, "1").unwrap();
                secret_tool(&["lock"]);
                all_refused(&external(), "it is locked");
                let error = save(&store, "2").unwrap_err();
                assert!(matches!(error, Error::External { .. }), "{error:?}");
                // With a person it may ask; here is no program that would show the question.
                let asking = external().allow_prompt().with_deadline(Duration::from_millis(500));
                let error = asking.read().unwrap_err().to_string();
                assert!(!error.contains("it is locked"), "{error}");
            },
            || assert_eq!(store().1.load().unwrap().unwrap().account_id(), Some("1")),
        ],
    );
}

#[test]
fn session_without_keyring_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    in_sessions_of(
        folder.path(),
        "session_without_keyring_is_an_error",
        &[|| {
            all_refused(&external(), "org.freedesktop.secrets");
        }],
    );
}

#[test]
fn machine_without_session_is_an_error() {
    let nowhere = "unix:path=/nonexistent/bus";
    with_the_bus_at(nowhere, "machine_without_session_is_an_error", || {
        all_refused(&external(), "/nonexistent/bus");
    });
}

/// A bus that accepts connections and never answers.
#[test]
fn hanging_bus_is_an_error_at_the_deadline() {
    let name = "hanging_bus_is_an_error_at_the_deadline";
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("bus");
    let silent = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || {
        let mut held = Vec::new();
        silent.incoming().for_each(|guest| held.push(guest));
    });
    with_the_bus_at(&format!("unix:path={}", socket.display()), name, || {
        let external = external().with_deadline(Duration::from_millis(50));
        all_refused(&external, "it did not respond within 50ms");
    });
}
