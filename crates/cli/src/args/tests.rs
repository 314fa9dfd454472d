use std::ffi::OsString;
use std::time::Duration;

use clap::CommandFactory as _;

use super::values::{duration, name, workspace};
use super::{Cli, Command, Json, StoreKind, read_arguments};

#[test]
fn definition_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn duration_needs_a_unit() {
    assert_eq!(duration("10s"), Ok(Duration::from_secs(10)));
    assert_eq!(duration("15m"), Ok(Duration::from_secs(900)));
    assert_eq!(duration("300ms"), Ok(Duration::from_millis(300)));
    for text in ["", "10", "-1s", "0s", "soon", "1e999s", "25h", "9223372036854775807s"] {
        assert!(duration(text).is_err(), "{text}");
    }
}

#[track_caller]
fn reads(words: &str) -> Result<Cli, clap::Error> {
    Cli::read(words.split(' ').map(OsString::from))
}

#[test]
fn shared_options_are_valid_before_and_after_the_command() {
    for words in ["login-cli --json create-key", "login-cli create-key --json", "login-cli --json"]
    {
        assert_eq!(reads(words).unwrap().shared.json, Some(Json::Document), "{words}");
    }
    assert_eq!(reads("login-cli create-key").unwrap().shared.json, None);
}

#[test]
fn json_form_needs_an_equals_sign() {
    for (words, form) in [
        ("login-cli --json=document status", Json::Document),
        ("login-cli status --json=stream", Json::Stream),
        ("login-cli --json=stream", Json::Stream),
    ] {
        assert_eq!(reads(words).unwrap().shared.json, Some(form), "{words}");
    }
    for wrong in ["login-cli status --json stream", "login-cli --json=x", "login-cli --json="] {
        assert!(reads(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn invalid_command_line_can_ask_for_json() {
    let form = |words: &str| {
        let words: Vec<_> = words.split(' ').map(OsString::from).collect();
        Json::from_words(&words)
    };
    assert_eq!(form("login-cli --x --json"), Some(Json::Document));
    assert_eq!(form("login-cli --json=x"), Some(Json::Document));
    assert_eq!(form("login-cli --json=stream --x"), Some(Json::Stream));
    assert_eq!(form("login-cli --jsonx"), None);
    assert_eq!(form("login-cli exec --x -- program --json"), None);
}

#[test]
fn ports_are_a_list_and_empty_by_default() {
    let ports = |words: &str| match reads(words).unwrap().split().0 {
        Command::Login(args) => args.callback.ports,
        Command::CreateKey(args) => args.platform.callback.ports,
        _ => Vec::new(),
    };
    assert_eq!(ports("login-cli"), [0; 0]);
    assert_eq!(ports("login-cli create-key"), [0; 0]);
    assert_eq!(ports("login-cli --port 1455,1457"), [1455, 1457]);
    assert_eq!(ports("login-cli create-key --port 0"), [0]);
    for bad in ["", "1,", ",", "70000", "-1", "x", "1455;1457"] {
        assert!(reads(&format!("login-cli --port={bad}")).is_err(), "{bad:?}");
    }
}

#[test]
fn whoami_is_status() {
    for words in ["login-cli status", "login-cli whoami", "login-cli --profile work whoami"] {
        assert!(matches!(reads(words).unwrap().split().0, Command::Status(_)), "{words}");
    }
}

#[test]
fn secret_in_the_wrong_place_is_not_repeated() {
    for words in [
        "login-cli login --with-api-key sk-proj-0123456789",
        "login-cli login --with-api-key=sk-proj-0123456789",
        "login-cli login --with-access-token at-0123456789",
        "login-cli sk-proj-0123456789",
        "login-cli token eyJhbGciOiJSUzI1NiJ9.e30.c2ln",
    ] {
        let error = reads(words).unwrap_err().to_string();
        assert!(!error.contains("0123456789") && !error.contains("e30"), "{error}");
        assert!(error.contains("[a secret]") && error.contains("pipe the secret in"), "{error}");
    }
}

#[test]
fn token_alone_is_read_like_any_command() {
    let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
    let short = Cli::token_alone(&words("login-cli token")).unwrap();
    let long = reads("login-cli token").unwrap().split();
    assert_eq!(format!("{short:?}"), format!("{long:?}"));
    for other in
        ["login-cli", "login-cli token --json", "login-cli --json token", "login-cli tokens"]
    {
        assert!(Cli::token_alone(&words(other)).is_none(), "{other}");
    }
}

#[test]
fn login_option_before_another_command_is_an_error() {
    assert!(reads("login-cli --no-api-key").is_ok());
    let error = reads("login-cli --no-api-key create-key").unwrap_err().to_string();
    assert!(
        error.contains("create-key has no option --no-api-key, which is one of login"),
        "{error}"
    );
    let error = reads("login-cli --port 1 login").unwrap_err().to_string();
    assert!(error.contains("--port goes after the command: login-cli login --port"), "{error}");
}

#[test]
fn workspaces_and_names_are_checked() {
    for bad in ["", "a,b", "a b", "\u{e9}"] {
        assert!(workspace(bad).is_err(), "{bad:?}");
    }
    assert!(name("").is_err() && name("a\nb").is_err() && name(&"x".repeat(101)).is_err());
    assert_eq!(name("Codex CLI"), Ok("Codex CLI".to_owned()));
}

// threats 207
#[test]
fn no_option_takes_a_secret_as_its_value() {
    for command in Cli::command().get_subcommands() {
        let with_value = command.get_arguments().filter(|it| it.get_action().takes_values());
        // The value of `--access-token-env` is the name of a variable.
        for argument in with_value.filter(|it| it.get_id() != "access_token_env") {
            let name = argument.get_id().as_str();
            for word in ["token", "secret", "password", "code"] {
                let named = name.split('_').any(|part| part == word);
                assert!(!named, "{} --{name}", command.get_name());
            }
        }
    }
}

#[test]
fn build_without_keyring_names_the_alternatives() {
    let outcome = reads("login-cli --store keyring");
    assert_eq!(outcome.is_ok(), cfg!(feature = "keyring"));
    if let Err(error) = outcome {
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("use helper:secretservice"), "{error}");
    }
}

#[test]
fn error_names_only_the_stores_of_this_build() {
    let mut problem = "foo".parse::<StoreKind>().unwrap_err();
    for (store, is_offered) in [
        (", keyring", cfg!(feature = "keyring")),
        (", postgres://USER@HOST/DATABASE", cfg!(feature = "postgres")),
    ] {
        assert_eq!(problem.contains(store), is_offered, "{problem}");
        problem = problem.replace(store, "");
    }
    assert_eq!(problem, "it must be file, or helper:NAME for docker-credential-NAME");
}

/// With or without PostgreSQL, the address may have a password.
// threats 207
#[test]
fn address_of_a_database_is_not_repeated() {
    let password = "canary-password";
    for url in [
        format!("postgres://ci:{password}@db.test/ops"),
        format!("postgresql://db.test/ops?password={password}"),
        format!("Postgres://ci:{password}@db.test/ops"),
        format!("mysql://ci:{password}@db.test"),
    ] {
        let error = reads(&format!("login-cli token --store {url}")).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        let message = error.to_string();
        assert!(message.contains("invalid value for --store"), "{message}");
        assert!(!message.contains("canary"), "{message}");
    }
    let outcome =
        reads("login-cli token --store postgres://ci@db.test/ops?application_name=a&port=1");
    assert_eq!(outcome.is_ok(), cfg!(feature = "postgres"));
    match outcome {
        Ok(cli) => assert_eq!(
            cli.shared.command_prefix().account,
            "--store 'postgres://ci@db.test/ops?application_name=a&port=1' "
        ),
        Err(error) => {
            assert!(error.to_string().contains("this build has no PostgreSQL"), "{error}");
        }
    }
}

/// What the help of the program and of each command says after the options.
fn texts_after_options() -> Vec<String> {
    let program = Cli::command();
    let commands = program.get_subcommands().chain([&program]);
    let text = |it: &clap::Command| {
        let text = it.get_after_long_help().unwrap_or_else(|| panic!("{}", it.get_name()));
        super::help::with_plain_spaces(&text.to_string())
    };
    commands.map(text).collect()
}

/// The part of an example that a shell would pass to this program.
fn command_in(example: &str) -> &str {
    let command = &example[example.find("login-cli").unwrap()..];
    let end = [" | ", " > ", " < ", " ||"].iter().find_map(|it| command.find(it));
    command[..end.unwrap_or(command.len())].trim_end_matches(['"', ')'])
}

#[test]
fn every_command_has_examples_and_each_is_valid() {
    let texts = texts_after_options();
    let mut count = 0;
    for text in &texts {
        assert!(text.starts_with("Examples:\n"), "{text}");
        for example in text.lines().filter(|it| it.contains("login-cli")) {
            let words = command_in(example).split(' ').map(OsString::from);
            assert!(Cli::read(words).is_ok(), "{example}");
            count += 1;
        }
    }
    assert!(count > 30, "{count}");
}

#[test]
fn options_without_effect_are_hidden_in_help() {
    let help = |name: &str| {
        let mut program = super::definition();
        program.build();
        program.find_subcommand_mut(name).unwrap().render_help().to_string()
    };
    assert!(help("token").contains("--issuer"));
    for (command, hidden) in [("profiles", "--ca-file"), ("completions", "--profile")] {
        assert!(!help(command).contains(hidden), "{command} {hidden}");
        assert!(help(command).contains("--json"), "{command}");
    }
    let words = "login-cli profiles --issuer https://auth.test";
    assert_eq!(read_arguments(words).issuer.as_str(), "https://auth.test");
}

#[test]
fn words_of_other_programs_have_a_tip() {
    for (words, tip) in [
        ("switch work", "choose a profile with --profile NAME"),
        ("signin", "sign in with login-cli login"),
        ("key create", "create a key with login-cli create-key"),
        ("list", "list the profiles, organizations or projects"),
        ("env --api-key", "a similar argument exists: '--api-key-env'"),
        (
            "login --api-key",
            "a sign-in creates an API key if it can; to store one that you have: --with",
        ),
    ] {
        let error = reads(&format!("login-cli {words}")).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains(&format!("tip: {tip}")), "{error}");
        assert!(!error.to_string().contains("--no-api-key"), "{error}");
    }
}

#[test]
fn hint_commands_have_the_account_flags() {
    let account = |words| read_arguments(words).command_prefix().account;
    assert_eq!(account("login-cli --issuer http://[::1]:9/"), "");
    let words = "login-cli --profile work --store file --codex-home a;b status";
    assert_eq!(account(words), "--codex-home 'a;b' --profile work --store file ");
}
