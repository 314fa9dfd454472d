//! Completion at TAB, tested with real shells.

mod shells;

use std::path::PathBuf;

use crate::support::{StoredSignIn, World, write};

/// Creates a sign-in in this profile.
fn profile(world: &World, name: &str) -> PathBuf {
    let folder = world.codex_home().join("profiles").join(name);
    std::fs::create_dir_all(&folder).unwrap();
    write(&folder.join("auth.json"), &StoredSignIn::new(world, 3600).text());
    folder
}

/// Runs the internal completion command that the scripts call.
#[track_caller]
fn assert_completions(world: &World, words: &[&str], expected: &str) {
    let finished = world.program(["__complete"]).args(words.iter().copied()).run();
    finished.exits(0).prints(expected);
    assert_eq!(finished.stderr, "", "{words:?}");
}

#[test]
fn profiles_of_the_given_folder_are_completed() {
    let world = World::new();
    world.signed_in(3600);
    profile(&world, "work");
    profile(&world, "home");
    assert_completions(&world, &["--profile", "@"], "default\nhome\nwork\n");
    assert_completions(&world, &["status", "@--profile=w"], "--profile=work\n");
    let elsewhere = world.path("work");
    std::fs::create_dir_all(elsewhere.join("profiles/third")).unwrap();
    let elsewhere = elsewhere.to_str().unwrap();
    let words = ["--codex-home", elsewhere, "token", "--profile", "@"];
    assert_completions(&world, &words, "default\nthird\n");
    assert!(world.sandbox.requests().is_empty());
    assert_eq!(world.sandbox.connections(), 0);
}

/// A message would disturb the command line that you type.
#[test]
fn completion_prints_no_errors() {
    let world = World::new();
    for words in [
        &["--profile=\u{1b}[31m", "@"][..],
        &["--no-such-option", "@--no-such"],
        &["staus", "--issuer", "@"],
        &["without a mark"],
        &[],
    ] {
        let finished = world.program(["__complete"]).args(words.iter().copied()).run();
        assert_eq!(finished.exits(0).stderr, "", "{words:?}");
    }
    assert_completions(&world, &["--codex-home", "/dev/null", "--profile", "@"], "\n");
    let profiles = || world.program(["__complete", "--profile", "@"]);
    let broken = profiles().env("LOGIN_CLI_STORE", "nonsense").run();
    let homeless = profiles().without_env("HOME").without_env("CODEX_HOME").run();
    for finished in [broken, homeless] {
        assert_eq!(finished.exits(0).prints("\n").stderr, "");
    }
}

#[test]
fn installed_credential_helpers_are_completed() {
    let world = World::new();
    for name in ["docker-credential-pass", "docker-credential-", "docker-credential-a b", "docker"]
    {
        std::fs::File::create(world.path("bin").join(name)).unwrap();
    }
    assert_completions(&world, &["--store", "@"], "file\nhelper:pass\n");
    assert_completions(&world, &["--store", "@helper:p"], "helper:pass\n");
}

#[test]
fn completions_needs_a_shell_name() {
    let world = World::new();
    for (arguments, said) in [
        (&["completions"][..], "<bash|zsh|fish|powershell|elvish>"),
        (&["completions", "tcsh"], "[possible values: bash, zsh, fish, powershell, elvish]"),
    ] {
        world.program(arguments.iter().copied()).run().exits(2).prints("").says(said);
    }
    let json = world.program(["completions", "fish", "--json"]).run().exits(0).json();
    let script = world.program(["completions", "fish"]).run();
    assert_eq!(json["shell"], "fish");
    assert_eq!(json["script"], script.stdout.as_str());
    let help = world.program(["--help"]).run();
    assert!(!help.stdout.contains("__complete"), "{}", help.stdout);
}
