//! The stored sign-in, in every state.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Report, doctor, in_peace, looks};
use crate::support::{Start, StoredSignIn, World, bound_by_modes, write};

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

fn path(world: &World) -> String {
    world.codex_home().join("auth.json").display().to_string()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A sign-in as a login leaves it.
fn private(stored: StoredSignIn, world: &World) -> StoredSignIn {
    let stored = stored.stored(world);
    set_mode(&world.codex_home().join("auth.json"), 0o600);
    stored
}

#[test]
fn a_folder_that_is_not_there_is_not_made() {
    in_peace("store::a_folder_that_is_not_there_is_not_made", || {
        let world = World::new();
        let report = looks(&world, doctor(&world));
        let place = format!("{}, in a folder that the first sign-in makes", path(&world));
        report.good("store", "place", &place).good("store", "sign-in", "none yet").is_fit();
        assert!(!world.codex_home().exists());
    });
}

#[test]
fn a_sign_in_is_told_by_its_kind_and_its_time() {
    in_peace("store::a_sign_in_is_told_by_its_kind_and_its_time", || {
        let world = World::new();
        private(StoredSignIn::new(&world, 3 * HOUR + 90), &world);
        let report = looks(&world, doctor(&world));
        let signed_in = "with ChatGPT; the access token expires in 3 hours";
        report.good("store", "place", &path(&world)).good("store", "sign-in", signed_in);
        report.good("store", "mode", "no other user may read it");
        report.good("store", "lock", "no other program is using it").is_fit();

        private(StoredSignIn::new(&world, -2 * DAY - 60), &world);
        let expired =
            "with ChatGPT; the access token expired 2 days ago, refreshed when it is needed";
        looks(&world, doctor(&world)).good("store", "sign-in", expired).is_fit();

        let over =
            StoredSignIn::new(&world, -2 * DAY - 60).with("/tokens/refresh_token", Value::Null);
        private(over, &world);
        let report = looks(&world, doctor(&world));
        let found = "with ChatGPT; the access token expired 2 days ago";
        report.judged("store", "sign-in", "warning", found, Some("login-cli login")).is_fit();
        let ends = "it has no refresh token: it ends when its access token expires";
        report.judged("store", "unusual", "note", ends, None);
    });
}

#[test]
fn a_key_is_a_sign_in_too() {
    in_peace("store::a_key_is_a_sign_in_too", || {
        let world = World::new();
        let key = "sk-proj-a-key-that-was-stored";
        world.plant(key);
        world.store(&format!(r#"{{"auth_mode":"apikey","OPENAI_API_KEY":"{key}"}}"#));
        set_mode(&world.codex_home().join("auth.json"), 0o644);
        let report = looks(&world, doctor(&world));
        report.good("store", "sign-in", "with an API key").is_fit();
        let remedy = format!("chmod 600 {}", path(&world));
        let found = "other users may read the file";
        report.judged("store", "mode", "warning", found, Some(&remedy));
    });
}

/// A new sign-in replaces it, so that none is kept from working.
#[test]
fn a_corrupt_file_is_told_where() {
    in_peace("store::a_corrupt_file_is_told_where", || {
        let world = World::new();
        world.store("{\n  \"tokens\": 7}");
        let report = looks(&world, doctor(&world));
        let check = report.check("store", "sign-in");
        assert_eq!(check["verdict"], "warning");
        let found = check["found"].as_str().unwrap();
        assert!(found.starts_with(&format!("{}, line 2, column ", path(&world))), "{found}");
        assert!(check["remedy"].as_str().unwrap().contains("login-cli login, which keeps a copy"));
        report.good("store", "place", &path(&world)).is_fit();
    });
}

/// Behind a link it is not replaced.
#[test]
fn a_corrupt_file_behind_a_link_is_a_problem() {
    in_peace("store::a_corrupt_file_behind_a_link_is_a_problem", || {
        let world = World::new();
        let target = world.path("home/kept.json");
        write(&target, "no JSON");
        fs::create_dir(world.codex_home()).unwrap();
        std::os::unix::fs::symlink(&target, world.codex_home().join("auth.json")).unwrap();
        let report = looks(&world, doctor(&world));
        assert_eq!(report.check("store", "place")["verdict"], "problem");
        report.has_problems(1);
    });
}

#[test]
fn a_place_that_holds_no_sign_in_is_a_problem() {
    in_peace("store::a_place_that_holds_no_sign_in_is_a_problem", || {
        let world = World::new();
        fs::create_dir_all(world.codex_home().join("auth.json/inside")).unwrap();
        let report = looks(&world, doctor(&world));
        let found = format!("{} is a folder", path(&world));
        let remedy = "remove it, or choose another folder with --codex-home";
        report.judged("store", "place", "problem", &found, Some(remedy)).has_problems(1);

        let file = world.path("file");
        write(&file, "");
        for folder in [file.clone(), file.join("below")] {
            let report = looks(&world, doctor(&world).arg("--codex-home").arg(folder));
            assert_eq!(report.check("store", "place")["verdict"], "problem");
            report.has_problems(1);
        }
    });
}

#[test]
fn a_folder_that_takes_nothing_is_a_problem() {
    in_peace("store::a_folder_that_takes_nothing_is_a_problem", || {
        let Some(bound) = bound_by_modes("a folder that takes nothing") else { return };
        let world = World::new();
        private(StoredSignIn::new(&world, HOUR), &world);
        set_mode(&world.codex_home(), 0o500);
        for (folder, named) in [("codex", "codex"), ("codex/below/it", "codex/below/it")] {
            let start = doctor(&world).env("CODEX_HOME", world.path(folder));
            let report = looks(&world, start.under(bound.iter().copied()));
            let check = report.check("store", "place");
            let found = check["found"].as_str().unwrap();
            let words = format!("cannot write {}: Permission denied", world.path(named).display());
            assert!(found.starts_with(&words), "{found}");
            assert!(check["remedy"].as_str().unwrap().starts_with("check the permissions"));
            report.has_problems(1);
        }
        set_mode(&world.codex_home(), 0o700);
    });
}

// threats 216
#[test]
fn a_lock_that_is_held_is_noted() {
    in_peace("store::a_lock_that_is_held_is_noted", || {
        let world = World::new();
        world.store("{}");
        write(&world.codex_home().join("auth.json.lock"), "");
        let theirs = File::open(world.codex_home().join("auth.json.lock")).unwrap();
        theirs.lock().unwrap();
        let report = looks(&world, doctor(&world));
        let remedy = "a sign-in waits 45 seconds for it; if it stays like this, end that program";
        let check = report.check("store", "lock");
        assert_eq!((&check["verdict"], &check["remedy"]), (&json!("note"), &json!(remedy)));
        let found = check["found"].as_str().unwrap();
        let end = match cfg!(target_os = "linux") {
            true => format!("(pid {}) is using it right now", std::process::id()),
            false => "another program is using it right now".to_owned(),
        };
        assert!(found.ends_with(&end), "{found}");
        report.is_fit();
        theirs.unlock().unwrap();
    });
}

/// A helper of the name `double` with this body; it sees its verb as `$1`.
fn with_helper<'w>(world: &'w World, body: &str) -> Start<'w> {
    let path = world.path("bin/docker-credential-double");
    let script = "printf '#!/bin/sh\\n%s\\n' \"$2\" >\"$1\" && chmod 700 \"$1\"";
    let mut shell = Command::new("/bin/sh");
    assert!(shell.args(["-c", script, "sh"]).arg(path).arg(body).status().unwrap().success());
    doctor(world).args(["--store", "helper:double"])
}

#[track_caller]
fn is_unusable(world: &World, start: Start<'_>, found: &str) -> Report {
    let report = looks(world, start);
    let check = report.check("store", "place");
    assert_eq!(check["verdict"], "problem");
    let text = check["found"].as_str().unwrap();
    assert!(text.starts_with("docker-credential-") && text.contains(found), "{text}");
    let remedy = if text.contains("was stopped") {
        "unlock it, give it longer with LOGIN_CLI_HELPER_TIMEOUT=2m, or keep the credentials in a file \
         with --store file"
    } else {
        "unlock or install it, or keep the credentials in a file with --store file"
    };
    assert_eq!(check["remedy"], remedy);
    report.has_problems(1);
    report
}

#[test]
fn a_helper_that_cannot_be_used_is_a_problem() {
    in_peace("store::a_helper_that_cannot_be_used_is_a_problem", || {
        let world = World::new();
        is_unusable(&world, doctor(&world).args(["--store", "helper:gone"]), "not installed");
        let locked = "cat >/dev/null; echo 'the double is locked'; exit 1";
        is_unusable(&world, with_helper(&world, locked), "the double is locked");
        let forgetful = "read -r in; case $1 in get) echo 'credentials not found in native keychain'; exit 1;; esac";
        is_unusable(&world, with_helper(&world, forgetful), "does not give back what it took");
        let begun = Instant::now();
        is_unusable(&world, with_helper(&world, "read -r in; read -r more </proc/self/fd/2"), "");
        assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    });
}

/// What gives the sign-in back is not written to: some helpers keep one entry, and it is that one.
#[test]
fn a_helper_with_a_sign_in_is_only_read() {
    in_peace("store::a_helper_with_a_sign_in_is_only_read", || {
        let world = World::new();
        let stored = StoredSignIn::new(&world, 3 * HOUR + 90);
        let entry = json!({"ServerURL": "u", "Username": "login-cli", "Secret": stored.text()});
        write(&world.path("work/entry"), &format!("{entry}\n"));
        let body = format!(
            "read -r in; case $1 in get) while read -r line; do printf '%s\\n' \"$line\"; done <'{}';; *) exit 1;; esac",
            world.path("work/entry").display()
        );
        let report = looks(&world, with_helper(&world, &body));
        let place = report.check("store", "place")["found"].as_str().unwrap();
        assert!(place.starts_with("docker-credential-double (https://auth.openai.com/"), "{place}");
        let signed_in = "with ChatGPT; the access token expires in 3 hours";
        report.good("store", "sign-in", signed_in).is_fit();
    });
}
