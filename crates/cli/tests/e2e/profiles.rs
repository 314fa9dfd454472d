//! Profiles, each with its own sign-in.

use std::path::PathBuf;

use sandbox::{Account, Conduct, Endpoint, Then};
use serde_json::json;

use crate::support::{Finished, StoredSignIn, World, write};

const HOUR: i64 = 60 * 60;

fn folder(world: &World, name: &str) -> PathBuf {
    world.codex_home().join("profiles").join(name)
}

/// Creates a sign-in in this profile.
fn profile(world: &World, name: &str) -> StoredSignIn {
    let stored = StoredSignIn::new(world, HOUR);
    std::fs::create_dir_all(folder(world, name)).unwrap();
    write(&folder(world, name).join("auth.json"), &stored.text());
    stored
}

#[track_caller]
fn assert_prints_token(stored: &StoredSignIn, finished: &Finished) {
    finished.exits(0).prints(&format!("{}\n", stored.access_token));
}

#[test]
fn profile_has_its_own_sign_in() {
    let world = World::new();
    let (default, work) = (world.signed_in(HOUR), profile(&world, "work"));
    let token = || world.command("token");
    assert_prints_token(&default, &token().run());
    assert_prints_token(&work, &token().args(["--profile", "work"]).run());
    assert_prints_token(&work, &token().env("LOGIN_CLI_PROFILE", "work").run());
    // The option overrides the variable. An empty variable counts as unset.
    let default_asked = token().env("LOGIN_CLI_PROFILE", "work").args(["--profile", "default"]);
    assert_prints_token(&default, &default_asked.run());
    assert_prints_token(&default, &token().env("LOGIN_CLI_PROFILE", "").run());
    token().args(["--profile", "play"]).run().exits(3).prints("");
    assert_eq!(world.sandbox.connections(), 0);
}

/// The other profiles are unchanged, and the profile has its own lock files.
#[test]
fn login_creates_a_profile() {
    let world = World::new();
    let default = world.signed_in(HOUR);
    world.login().args(["--profile", "work"]).signs_in(Account::OWNER).exits(0).says("profiles");
    assert!(world.auth_json().unwrap() == default.text(), "the default profile changed");
    assert_eq!(world.stored_names(), ["auth.json", "profiles"]);
    let folder = folder(&world, "work");
    for name in ["auth.json", "auth.lock", "auth.json.lock"] {
        assert!(folder.join(name).is_file(), "{name}");
    }
    assert_eq!(world.count(&Endpoint::Revoke), 0);
    assert_private(&folder);
    let status = world.command("status").args(["--profile", "work", "--json"]).run();
    let status = status.exits(0).json();
    assert_eq!(status["profile"], "work");
    assert_eq!(status["stored_in"], folder.join("auth.json").display().to_string());
}

/// Only the owner can open the folder and its parent.
#[track_caller]
fn assert_private(folder: &std::path::Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode =
            |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode(folder), 0o700);
        assert_eq!(mode(folder.parent().unwrap()), 0o700);
        assert_eq!(mode(&folder.join("auth.json")), 0o600);
    }
    let _ = folder;
}

/// Each profile has its own lock and its own request.
#[test]
fn refresh_changes_only_its_profile() {
    let world = World::new();
    let default = world.signed_in(HOUR);
    let work = profile(&world, "work");
    world.command("refresh").args(["--profile", "work"]).run().exits(0);
    assert!(world.auth_json().unwrap() == default.text(), "the default profile changed");
    let [request] = world.sandbox.requests().try_into().unwrap();
    assert!(request.json().unwrap()["refresh_token"] == *work.refresh_token);
    assert_eq!(world.stored_names(), ["auth.json", "profiles"]);
}

#[test]
fn profiles_are_listed_by_name() {
    let world = World::new();
    world.signed_in(HOUR);
    profile(&world, "work");
    let key = "sk-proj-a-key-that-was-stored";
    world.register_secret(key);
    for (name, text) in [
        ("Zoo", format!(r#"{{"OPENAI_API_KEY":"{key}"}}"#)),
        ("broken", "{".to_owned()),
        ("a-left-over", "{}".to_owned()),
        (".hidden", "{}".to_owned()),
    ] {
        std::fs::create_dir_all(folder(&world, name)).unwrap();
        write(&folder(&world, name).join("auth.json"), &text);
    }
    write(&folder(&world, "a file"), "x");
    let finished = world.command("profiles").run();
    finished.exits(0).prints(
        "* default  ada@example.com\n\
         \x20 Zoo      API key\n\
         \x20 broken   unreadable; login-cli status says why\n\
         \x20 work     ada@example.com\n",
    );
    assert_eq!(finished.stderr, "");
    assert_eq!(world.sandbox.connections(), 0);
}

// threats 209
#[test]
fn profile_list_as_json() {
    let world = World::new();
    profile(&world, "work");
    let finished = world.command("profiles").args(["--json", "--profile", "play"]).run();
    let expected = json!([
        {"name": "default", "chosen": false, "state": "signed_out", "who": null},
        {"name": "play", "chosen": true, "state": "signed_out", "who": null},
        {"name": "work", "chosen": false, "state": "signed_in", "who": "ada@example.com"},
    ]);
    assert_eq!(finished.exits(0).json(), expected);
}

/// No folder is created.
#[test]
fn empty_home_has_one_profile() {
    let world = World::new();
    world.command("profiles").run().exits(0).prints("* default  not signed in\n");
    assert!(!world.codex_home().exists());
}

/// A name must be one folder name.
// threats 207
#[test]
fn profile_name_with_path_is_refused() {
    let world = World::new();
    world.signed_in(HOUR);
    let long = "x".repeat(65);
    for name in ["..", ".", "../work", "a/b", "a\\b", "-x", ".x", "a b", "\u{e9}", "a\nb", &long] {
        let option = format!("--profile={name}");
        for command in ["token", "login", "logout", "profiles"] {
            let finished = world.program([command, &option]).run();
            finished.exits(2).prints("").says("--profile");
        }
        let finished = world.command("token").env("LOGIN_CLI_PROFILE", name).run();
        finished.exits(2).prints("").says("error: invalid value for LOGIN_CLI_PROFILE: ");
    }
    world.program(["token", "--profile="]).run().exits(2).prints("");
    assert_eq!(world.stored_names(), ["auth.json"]);
}

/// A command from a hint must use the same account.
#[test]
fn hint_names_the_chosen_profile() {
    let world = World::new();
    let finished = world.command("status").args(["--profile", "work"]).run();
    finished.exits(3).says("hint: sign in with login-cli --profile work login; without a browser, add --device, --with-api-key or --with-access-token\n");
    let finished = world.command("logout").args(["--profile", "nobody"]).run();
    finished.exits(0).says("You were not signed in to the profile nobody.\n");
    assert_eq!(world.profiles(), [], "a question leaves nothing behind");
}

/// The folder of profiles can move to Windows or macOS.
// threats 228
#[test]
fn profile_name_that_differs_only_in_case_is_refused() {
    let world = World::new();
    profile(&world, "work");
    let wrong = |name: &str, why: &str| {
        for command in ["token", "login", "logout", "status", "profiles", "exec"] {
            let words = [command, "--profile", name].into_iter();
            let after = if command == "exec" { &["--", "true"][..] } else { &[] };
            let finished = world.program(words.chain(after.iter().copied())).run();
            finished.exits(2).prints("").says("--profile").says(why);
        }
        let finished = world.command("token").env("LOGIN_CLI_PROFILE", name).run();
        finished.exits(2).prints("").says("invalid value for LOGIN_CLI_PROFILE: ").says(why);
    };
    for name in ["WORK", "Work", "wOrK"] {
        wrong(name, "it differs from the profile work only in upper and lower case\n");
    }
    wrong("Default", "it differs from the profile default only in upper and lower case\n");
    wrong("work.", "it must not end with a dot, which Windows removes\n");
    for name in ["con", "NUL", "aux", "prn", "com1", "Lpt9", "nul.txt", "con.a.b"] {
        wrong(name, "it is the name of a device on Windows\n");
    }
    for name in ["console", "com", "com10", "nul-1", "work.1", "xcon"] {
        world.command("token").args(["--profile", name]).run().exits(3);
    }
    let names: Vec<_> = world.profiles().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["work"]);
}

/// On a case-sensitive file system, both can exist already.
// threats 228
#[cfg(target_os = "linux")]
#[test]
fn existing_profiles_that_differ_in_case_work() {
    let world = World::new();
    let (small, large) = (profile(&world, "work"), profile(&world, "WORK"));
    assert_prints_token(&small, &world.command("token").args(["--profile", "work"]).run());
    assert_prints_token(&large, &world.command("token").args(["--profile", "WORK"]).run());
}

/// Denied, timed out, or an invalid key.
// threats 229
#[test]
fn failed_login_leaves_no_profile() {
    let new = ["--profile", "new"];
    let world = World::new();
    world.login().args(new).args(["--timeout", "1ms"]).run().exits(1);
    let denied = world.login().args(new).start();
    denied.visit_by(&world.sandbox.person(Account::OWNER).with_conduct(Conduct::Denies));
    denied.finish().exits(1);
    let key = world.program(["login", "--with-api-key"]).args(new).with_stdin("no key");
    key.run().exits(1);
    let save = world.create_key().args(["--save", "--timeout", "1ms"]).args(new);
    save.run().exits(1);
    let broken =
        World::failing(Endpoint::Token, Then::json(400, json!({ "error": "invalid_grant" })));
    broken.login().args(new).signs_in(Account::OWNER).exits(1);
    for world in [&world, &broken] {
        assert_eq!(world.stored_names(), Vec::<String>::new());
    }
}

// threats 229
#[cfg(unix)]
#[test]
fn cancelled_login_leaves_no_new_profile() {
    use rustix::process::Signal;
    let world = World::new();
    std::fs::create_dir_all(folder(&world, "empty")).unwrap();
    profile(&world, "work");
    for (name, signal, code) in [
        ("new", Signal::INT, 130),
        ("new", Signal::TERM, 143),
        ("empty", Signal::INT, 130),
        ("work", Signal::INT, 130),
    ] {
        let running = world.login().args(["--profile", name]).start();
        running.auth_url();
        running.signal(signal);
        running.finish().exits(code);
    }
    let names: Vec<_> = world.profiles().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["empty", "work"]);
}

/// Two sign-ins create the same profile, and one of them is cancelled.
// threats 229
#[cfg(unix)]
#[test]
fn cancelled_login_keeps_a_profile_in_use() {
    let world = World::new();
    let logins = [0, 1].map(|_| world.login().args(["--profile", "new"]).start());
    let [cancelled, other] = logins;
    cancelled.auth_url();
    other.auth_url();
    cancelled.signal(rustix::process::Signal::INT);
    cancelled.finish().exits(130);
    other.visit(Account::OWNER);
    other.finish().exits(0);
    assert!(folder(&world, "new").join("auth.json").is_file());
}
