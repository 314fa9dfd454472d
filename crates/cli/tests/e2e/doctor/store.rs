//! Checks of the store.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Report, doctor, in_network_namespace, run_report};
use crate::support::{Start, StoredSignIn, World, without_root_privileges, write};

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;

fn path(world: &World) -> String {
    world.codex_home().join("auth.json").display().to_string()
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A sign-in with the file modes that `login` sets.
fn private(stored: StoredSignIn, world: &World) -> StoredSignIn {
    let stored = stored.stored(world);
    set_mode(&world.codex_home().join("auth.json"), 0o600);
    stored
}

#[test]
fn missing_folder_is_not_created() {
    in_network_namespace("store::missing_folder_is_not_created", || {
        let world = World::new();
        let report = run_report(&world, doctor(&world));
        let place = format!("{} (the first sign-in creates the folder)", path(&world));
        report
            .assert_ok("store", "place", &place)
            .assert_ok("store", "sign-in", "none yet")
            .assert_can_sign_in();
        assert!(!world.codex_home().exists());
    });
}

#[test]
fn sign_in_is_shown_with_kind_and_expiry() {
    in_network_namespace("store::sign_in_is_shown_with_kind_and_expiry", || {
        let world = World::new();
        private(StoredSignIn::new(&world, 3 * HOUR + 90), &world);
        let report = run_report(&world, doctor(&world));
        let signed_in = "with ChatGPT; the access token expires in 3 hours";
        report.assert_ok("store", "place", &path(&world)).assert_ok("store", "sign-in", signed_in);
        report.assert_ok("store", "mode", "other users cannot read the file");
        report.assert_ok("store", "lock", "not held by another program").assert_can_sign_in();

        private(StoredSignIn::new(&world, -2 * DAY - 60), &world);
        let expired =
            "with ChatGPT; the access token expired 2 days ago, refreshed when it is needed";
        run_report(&world, doctor(&world))
            .assert_ok("store", "sign-in", expired)
            .assert_can_sign_in();

        let over =
            StoredSignIn::new(&world, -2 * DAY - 60).with("/tokens/refresh_token", Value::Null);
        private(over, &world);
        let report = run_report(&world, doctor(&world));
        let found = "with ChatGPT; the access token expired 2 days ago";
        report
            .assert_check("store", "sign-in", "warning", found, Some("login-cli login"))
            .assert_can_sign_in();
        let ends = "it has no refresh token: it ends when its access token expires";
        report.assert_check("store", "unusual", "note", ends, None);
    });
}

#[test]
fn stored_api_key_counts_as_signed_in() {
    in_network_namespace("store::stored_api_key_counts_as_signed_in", || {
        let world = World::new();
        let key = "sk-proj-a-key-that-was-stored";
        world.register_secret(key);
        world.store(&format!(r#"{{"auth_mode":"apikey","OPENAI_API_KEY":"{key}"}}"#));
        set_mode(&world.codex_home().join("auth.json"), 0o644);
        let report = run_report(&world, doctor(&world));
        report.assert_ok("store", "sign-in", "with an API key").assert_can_sign_in();
        let remedy = format!("chmod 600 {}", path(&world));
        let found = "other users can read the file";
        report.assert_check("store", "mode", "warning", found, Some(&remedy));
    });
}

/// A new sign-in replaces the file, so this is not a problem.
#[test]
fn corrupt_file_is_reported_with_its_line() {
    in_network_namespace("store::corrupt_file_is_reported_with_its_line", || {
        let world = World::new();
        world.store("{\n  \"tokens\": 7}");
        let report = run_report(&world, doctor(&world));
        let check = report.check("store", "sign-in");
        assert_eq!(check["verdict"], "warning");
        let found = check["found"].as_str().unwrap();
        assert!(found.starts_with(&format!("{}, line 2, column ", path(&world))), "{found}");
        assert!(check["remedy"].as_str().unwrap().contains("login-cli login, which keeps a copy"));
        report.assert_ok("store", "place", &path(&world)).assert_can_sign_in();
    });
}

/// A file behind a link is not replaced.
#[test]
fn corrupt_file_behind_a_link_is_a_problem() {
    in_network_namespace("store::corrupt_file_behind_a_link_is_a_problem", || {
        let world = World::new();
        let target = world.path("home/kept.json");
        write(&target, "no JSON");
        fs::create_dir(world.codex_home()).unwrap();
        std::os::unix::fs::symlink(&target, world.codex_home().join("auth.json")).unwrap();
        let report = run_report(&world, doctor(&world));
        assert_eq!(report.check("store", "place")["verdict"], "problem");
        report.assert_problems(1);
    });
}

#[test]
fn unusable_file_path_is_a_problem() {
    in_network_namespace("store::unusable_file_path_is_a_problem", || {
        let world = World::new();
        fs::create_dir_all(world.codex_home().join("auth.json/inside")).unwrap();
        let report = run_report(&world, doctor(&world));
        let found = format!("{} is a folder", path(&world));
        let remedy = "remove it, or choose another folder with --codex-home";
        report.assert_check("store", "place", "problem", &found, Some(remedy)).assert_problems(1);

        let file = world.path("file");
        write(&file, "");
        for folder in [file.clone(), file.join("below")] {
            let report = run_report(&world, doctor(&world).arg("--codex-home").arg(folder));
            assert_eq!(report.check("store", "place")["verdict"], "problem");
            report.assert_problems(1);
        }
    });
}

#[test]
fn unwritable_folder_is_a_problem() {
    in_network_namespace("store::unwritable_folder_is_a_problem", || {
        let Some(bound) = without_root_privileges("a folder that takes nothing") else { return };
        let world = World::new();
        private(StoredSignIn::new(&world, HOUR), &world);
        set_mode(&world.codex_home(), 0o500);
        for (folder, named) in [("codex", "codex"), ("codex/below/it", "codex/below/it")] {
            let start = doctor(&world).env("CODEX_HOME", world.path(folder));
            let report = run_report(&world, start.under(bound.iter().copied()));
            let check = report.check("store", "place");
            let found = check["found"].as_str().unwrap();
            let words = format!("cannot write {}: Permission denied", world.path(named).display());
            assert!(found.starts_with(&words), "{found}");
            assert!(check["remedy"].as_str().unwrap().starts_with("check the permissions"));
            report.assert_problems(1);
        }
        set_mode(&world.codex_home(), 0o700);
    });
}

// threats 216
#[test]
fn held_lock_is_noted() {
    in_network_namespace("store::held_lock_is_noted", || {
        let world = World::new();
        world.store("{}");
        write(&world.codex_home().join("auth.json.lock"), "");
        let theirs = File::open(world.codex_home().join("auth.json.lock")).unwrap();
        theirs.lock().unwrap();
        let report = run_report(&world, doctor(&world));
        let remedy =
            "a sign-in waits up to 45 seconds for the lock; if it stays held, stop that program";
        let check = report.check("store", "lock");
        assert_eq!((&check["verdict"], &check["remedy"]), (&json!("note"), &json!(remedy)));
        let found = check["found"].as_str().unwrap();
        let end = match cfg!(target_os = "linux") {
            true => format!("(pid {})", std::process::id()),
            false => "held by another program".to_owned(),
        };
        assert!(found.ends_with(&end), "{found}");
        report.assert_can_sign_in();
        theirs.unlock().unwrap();
    });
}

/// A helper named `double` with this body; `$1` is the verb.
fn with_helper<'w>(world: &'w World, body: &str) -> Start<'w> {
    let path = world.path("bin/docker-credential-double");
    let script = "printf '#!/bin/sh\\n%s\\n' \"$2\" >\"$1\" && chmod 700 \"$1\"";
    let mut shell = Command::new("/bin/sh");
    assert!(shell.args(["-c", script, "sh"]).arg(path).arg(body).status().unwrap().success());
    doctor(world).args(["--store", "helper:double"])
}

#[track_caller]
fn assert_unusable(world: &World, start: Start<'_>, found: &str) -> Report {
    let report = run_report(world, start);
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
    report.assert_problems(1);
    report
}

#[test]
fn unusable_helper_is_a_problem() {
    in_network_namespace("store::unusable_helper_is_a_problem", || {
        let world = World::new();
        assert_unusable(&world, doctor(&world).args(["--store", "helper:gone"]), "not installed");
        let locked = "cat >/dev/null; echo 'the double is locked'; exit 1";
        assert_unusable(&world, with_helper(&world, locked), "the double is locked");
        let forgetful = "read -r in; case $1 in get) echo 'credentials not found in native keychain'; exit 1;; esac";
        assert_unusable(&world, with_helper(&world, forgetful), "does not return what it stored");
        let begun = Instant::now();
        assert_unusable(
            &world,
            with_helper(&world, "read -r in; read -r more </proc/self/fd/2"),
            "",
        );
        assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    });
}

/// doctor does not write to a helper that has a sign-in: some helpers have only one entry.
#[test]
fn helper_with_a_sign_in_is_only_read() {
    in_network_namespace("store::helper_with_a_sign_in_is_only_read", || {
        let world = World::new();
        let stored = StoredSignIn::new(&world, 3 * HOUR + 90);
        let entry = json!({"ServerURL": "u", "Username": "login-cli", "Secret": stored.text()});
        write(&world.path("work/entry"), &format!("{entry}\n"));
        let body = format!(
            "read -r in; case $1 in get) while read -r line; do printf '%s\\n' \"$line\"; done <'{}';; *) exit 1;; esac",
            world.path("work/entry").display()
        );
        let report = run_report(&world, with_helper(&world, &body));
        let place = report.check("store", "place")["found"].as_str().unwrap();
        assert!(place.starts_with("docker-credential-double (https://auth.openai.com/"), "{place}");
        let signed_in = "with ChatGPT; the access token expires in 3 hours";
        report.assert_ok("store", "sign-in", signed_in).assert_can_sign_in();
    });
}
