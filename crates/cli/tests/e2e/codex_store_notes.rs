//! Notes for the cases in which Codex CLI ignores `auth.json`.

use crate::support::{World, write};

const HOUR: i64 = 60 * 60;
const KEY: &str = "sk-proj-a-key-that-codex-does-not-see";

fn config(world: &World, text: &str) {
    std::fs::create_dir_all(world.codex_home()).unwrap();
    write(&world.codex_home().join("config.toml"), text);
}

/// `login`, `status` and `doctor` print `note`, or no note for `None`.
#[track_caller]
fn assert_noticed(config_toml: &str, variable: Option<(&str, &str)>, note: Option<&str>) {
    let world = World::new();
    config(&world, config_toml);
    world.register_secret(KEY);
    world.signed_in(HOUR);
    let runs = [
        world.command("status"),
        world.command("doctor").args(["--api-base", world.sandbox.api_url()]),
        world.command("login").arg("--with-api-key").with_stdin(KEY),
    ];
    for start in runs {
        let start = match variable {
            Some((name, value)) => start.env(name, value),
            None => start,
        };
        let finished = start.run();
        let said = format!("{}{}", finished.stdout, finished.stderr);
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        match note {
            Some(note) => assert!(said.contains(note), "no {note:?} in {said}"),
            None => assert!(!said.contains("Codex CLI does not"), "{said}"),
        }
    }
}

// threats 221
#[test]
fn other_store_in_config_toml_is_reported() {
    for kind in ["keyring", "ephemeral"] {
        let text = format!("model = \"x\"\ncli_auth_credentials_store = \"{kind}\"\n");
        let note = format!(
            "Codex CLI does not read this file: config.toml beside it says \
             cli_auth_credentials_store = \"{kind}\""
        );
        assert_noticed(&text, None, Some(&note));
    }
    for text in [
        "",
        "cli_auth_credentials_store = \"file\"",
        "cli_auth_credentials_store = \"auto\"",
        "[profiles.work]\ncli_auth_credentials_store = \"keyring\"",
    ] {
        assert_noticed(text, None, None);
    }
}

// threats 221
#[test]
fn variable_that_overrides_the_file_is_reported() {
    for (name, value) in [
        ("OPENAI_FEDERATION_RULE_ID", "rule"),
        ("OPENAI_IDENTITY_TOKEN_FILE", "/run/token"),
        ("CODEX_ACCESS_TOKEN", "at-of-the-environment-0123456789"),
    ] {
        let note = format!("Codex CLI does not use this file while {name} is set");
        assert_noticed("", Some((name, value)), Some(&note));
    }
    assert_noticed("", Some(("CODEX_ACCESS_TOKEN", "")), None);
}

/// Codex CLI does not read profiles.
#[test]
fn profiles_have_no_note_about_codex_config() {
    let world = World::new();
    config(&world, "cli_auth_credentials_store = \"keyring\"\n");
    world.register_secret(KEY);
    let login = world.command("login").args(["--profile", "work", "--with-api-key"]);
    login.with_stdin(KEY).run().exits(0).says_nothing_of("Codex CLI");
}
