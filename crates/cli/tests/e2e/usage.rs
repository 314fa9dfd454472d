//! Invalid command lines fail before anything else happens.

use crate::support::World;

/// The command fails with this message, sends no request and prints no URL.
#[track_caller]
fn assert_wrong_usage(arguments: &[&str], words: &str) {
    let world = World::new();
    let finished = world.program(arguments.iter().copied()).run();
    finished.exits(2).prints("").says("error: ").says(words);
    finished.says_nothing_of("/oauth/authorize");
    assert_eq!(world.stored_names(), Vec::<String>::new());
}

// threats 84 207
#[test]
fn invalid_login_option_is_named() {
    for command in ["login", "create-key"] {
        for (option, value) in [
            ("--issuer", "http://example.com"),
            ("--issuer", "http://192.168.0.1"),
            ("--issuer", "ftp://localhost"),
            ("--issuer", "https://user@example.com"),
            ("--issuer", "https://example.com/?a=b"),
            ("--issuer", "https://example.com/#a"),
            ("--issuer", "-oProxyCommand=x"),
            ("--api-base", "http://example.com"),
            ("--api-base", "nonsense"),
            ("--port", "65536"),
            ("--port", "-1"),
            ("--port", "http"),
            ("--timeout", "10"),
            ("--timeout", "0s"),
            ("--timeout", "soon"),
            ("--color", "sometimes"),
        ] {
            assert_wrong_usage(&[command, &format!("{option}={value}")], option);
        }
    }
}

#[test]
fn invalid_create_key_option_is_named() {
    for (option, value) in [
        ("--poll-interval", "10"),
        ("--poll-timeout", "-1s"),
        ("--organization", "a b"),
        ("--project", ".."),
        ("--project", ""),
    ] {
        assert_wrong_usage(&["create-key", &format!("{option}={value}")], option);
    }
}

// threats 207
#[test]
fn unknown_command_is_wrong_usage() {
    assert_wrong_usage(&["--frobnicate"], "--frobnicate");
    assert_wrong_usage(&["frobnicate"], "frobnicate");
    assert_wrong_usage(&["login", "extra"], "extra");
    assert_wrong_usage(&["login", "--", "extra"], "extra");
    assert_wrong_usage(&["create-key", "--workspace", "x"], "--workspace");
    assert_wrong_usage(&["login", "--poll-timeout", "1s"], "--poll-timeout");
    assert_wrong_usage(&["--timeout"], "--timeout");
}

/// Every user of the machine can read process arguments.
// threats 207
#[test]
fn no_option_takes_a_secret() {
    for option in ["--token", "--api-key", "--with-token", "--access-token", "--code"] {
        assert_wrong_usage(&["login", option, "sk-proj-secret"], option);
        assert_wrong_usage(&["create-key", option, "sk-proj-secret"], option);
    }
}

// threats 207
#[test]
fn very_long_argument_is_wrong_usage() {
    assert_wrong_usage(&["login", &"x".repeat(100_000)], "unexpected argument");
}

// threats 207
#[cfg(unix)]
#[test]
fn non_unicode_argument_is_wrong_usage() {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt as _;
    let world = World::new();
    let odd = OsString::from_vec(b"\xff\xfe".to_vec());
    world.program([OsString::from("login"), odd]).run().exits(2).prints("");
}

/// An unexpanded `~/x` is a folder named `~` in the current folder.
#[test]
fn unexpanded_tilde_path_is_refused() {
    let world = World::new();
    let home = world.path("home");
    let meant = format!("did you mean {}?", home.join("x").display());
    let tilde = format!("it starts with ~, which only a shell expands; {meant}");
    let dollar = format!("it starts with $, which only a shell expands; {meant}");
    for (path, problem) in [("~/x", &tilde), ("$HOME/x", &dollar), ("${HOME}/x", &dollar)] {
        for command in ["login", "status", "token", "logout", "profiles", "doctor"] {
            let start = world.program([command]).env("CODEX_HOME", path);
            let finished = start.run();
            finished.exits(2).prints("").says(&format!("invalid value for CODEX_HOME: {problem}"));
        }
        for option in ["--codex-home", "--ca-file"] {
            let finished = world.program(["login", option, path]).run();
            finished.exits(2).prints("").says(&format!("'{path}' for '{option} <")).says(problem);
        }
    }
    let quoted = world.program(["login"]).env("CODEX_HOME", "\"/srv/x\"").run();
    quoted.exits(2).says("it starts with \", which only a shell removes; did you mean /srv/x?");
    let homeless = world.program(["login"]).without_env("CODEX_HOME").env("HOME", "~").run();
    homeless.exits(2).says("invalid value for HOME: it starts with ~, which only a shell expands");
    assert!(std::fs::read_dir(world.path("work")).unwrap().next().is_none(), "a folder was made");
    // An option that overrides the variable, and an explicit `./~`, still work.
    let named = ["status", "--codex-home", "./~/x"];
    world.program(named).env("CODEX_HOME", "~/x").run().exits(3);
}

/// A token of one issuer must not go to the platform of another.
// threats 145
#[test]
fn issuer_and_platform_must_be_given_together() {
    let world = World::new();
    for (option, server) in
        [("--issuer", world.sandbox.issuer_url()), ("--api-base", world.sandbox.api_url())]
    {
        let finished = world.program(["create-key", "--no-browser", option, server]).run();
        finished.exits(2).prints("").fails_with(
            "--issuer and --api-base belong together: give both, or none",
            "a token of one issuer is never sent to the platform of another",
        );
    }
    assert_eq!(world.sandbox.connections(), 0);
}

#[test]
fn help_and_version_go_to_stdout() {
    let world = World::new();
    for (arguments, words) in [
        (vec!["--help"], "Exit codes:"),
        (vec!["--help"], "SSL_CERT_FILE, SSL_CERT_DIR\n"),
        (vec!["login", "--help"], "--no-api-key"),
        (vec!["create-key", "--help"], "--poll-interval"),
        (vec!["--version"], "login-cli "),
    ] {
        let finished = world.program(arguments).run();
        finished.exits(0);
        assert!(finished.stdout.contains(words) && finished.stderr.is_empty());
    }
}

/// Commands and URLs stay on one line; all other text wraps.
#[track_caller]
fn assert_fits(help: &str, columns: usize) {
    let is_whole = |line: &str| {
        line.starts_with("Usage: ") || line.contains("login-cli ") || !line.trim().contains(' ')
    };
    let too_wide = help.lines().find(|line| line.len() > columns && !is_whole(line));
    assert_eq!(too_wide, None, "wider than {columns} columns");
}

#[test]
fn help_ends_with_examples_and_fits_any_width() {
    let world = World::new();
    for command in ["", "login", "create-key", "exec", "doctor", "completions"] {
        let words = |option| [command, option].into_iter().filter(|word| !word.is_empty());
        for columns in [40, 80] {
            let said = |option| {
                let start = world.program(words(option)).env("COLUMNS", columns.to_string());
                start.run().exits(0).stdout.clone()
            };
            let (long, short) = (said("--help"), said("-h"));
            assert_fits(&long, columns);
            assert_fits(&short, columns);
            let place = |text: &str| long.find(text);
            assert!(place("\nExamples:\n") > place("\nOptions:\n"), "{long}");
            assert!(place("\nExamples:\n").is_some() && !short.contains("Examples:"), "{short}");
            assert!(short.contains("--json") && short.len() < long.len(), "{short}");
            assert!(!long.contains('\u{a0}') && !long.contains('\u{1b}'), "{long}");
        }
    }
}

#[test]
fn invalid_log_level_is_named() {
    const WARNING: &str =
        "warning: LOGIN_CLI_LOG is not error, warn, info or debug, and is ignored\n";
    let world = World::new();
    let status = |level: &str| world.command("status").env("LOGIN_CLI_LOG", level).run();
    for level in ["verbose", "login_cli=debug", "all"] {
        let finished = status(level);
        assert!(finished.exits(3).stderr.starts_with(WARNING), "{}", finished.stderr);
        // The command continues, and other log settings still apply.
        let verbose = world.command("refresh").arg("--verbose").env("LOGIN_CLI_LOG", level).run();
        verbose.exits(3).says(WARNING);
    }
    for level in ["", "error", "WARN", "info", "debug", "trace"] {
        status(level).exits(3).says_nothing_of("warning: ");
    }
}

// threats 202
#[cfg(unix)]
#[test]
fn missing_home_folder_is_an_error() {
    for empty in [false, true] {
        let world = World::new();
        let start = world.login().without_env("CODEX_HOME").without_env("HOME");
        let start = if empty { start.env("HOME", "").env("CODEX_HOME", "") } else { start };
        let finished = start.run();
        finished.exits(1).prints("").fails_with(
            "cannot determine your home folder",
            "set HOME or CODEX_HOME, or pass --codex-home DIR",
        );
        assert!(world.sandbox.requests().is_empty());
    }
}

// threats 4
#[test]
fn two_runs_share_no_secret() {
    let world = World::new();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..25 {
        let running = world.login().args(["--timeout", "1ms"]).start();
        for (name, value) in running.auth_url().query_pairs() {
            if name == "state" || name == "code_challenge" {
                assert!(seen.insert(value.into_owned()), "{name} is used again");
            }
        }
        running.finish().exits(1);
    }
    assert_eq!(seen.len(), 50);
}
