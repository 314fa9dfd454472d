use std::path::PathBuf;

use super::{Cursor, candidates, definition, values};

/// The values that are offered after `words`, the last of which is being typed.
fn offered(words: &str) -> Vec<String> {
    let (words, typed) = words.rsplit_once(' ').unwrap_or(("", words));
    let lines = candidates(&split(words), typed);
    lines.iter().filter_map(|line| line.split(' ').next().map(str::to_owned)).collect()
}

fn split(words: &str) -> Vec<String> {
    words.split_terminator(' ').map(str::to_owned).collect()
}

#[test]
fn commands_come_first_and_options_when_they_are_begun() {
    let commands = offered("");
    assert!(commands.contains(&"create-key".to_owned()), "{commands:?}");
    assert!(!commands.iter().any(|it| it.starts_with('-')), "{commands:?}");
    assert_eq!(offered("create"), ["create-key"]);
    assert_eq!(offered("--codex"), ["--codex-home"]);
    assert_eq!(offered("status --codex"), ["--codex-home"]);
    assert_eq!(offered("create-key --poll"), ["--poll-interval", "--poll-timeout"]);
    assert!(offered("status --poll").is_empty() && offered("staus x").is_empty());
    assert_eq!(offered("help create"), ["create-key"]);
    // What is there already is not offered again, unless it can be given twice.
    assert!(offered("status --json --js").is_empty());
    assert_eq!(offered("login --workspace a --works"), ["--workspace"]);
    // A value is no command.
    assert_eq!(offered("--profile token st"), ["status"]);
    // There is nothing else.
    assert!(offered("logout ").contains(&"--all".to_owned()));
}

#[test]
fn values_that_are_known_are_offered_in_both_ways_to_write_them() {
    assert_eq!(offered("--color a"), ["auto", "always"]);
    assert_eq!(offered("status --color=n"), ["--color=never"]);
    assert_eq!(offered("completions "), ["bash", "zsh", "fish", "powershell", "elvish"]);
    assert_eq!(offered("--store fi"), ["file"]);
    assert_eq!(offered("status --json=s"), ["--json=stream"]);
    assert_eq!(offered("--json st"), ["status"]);
    assert!(offered("--issuer ").is_empty() && offered("create-key --name x").is_empty());
}

#[test]
fn files_and_programs_are_left_to_the_shell() {
    assert_eq!(offered("--ca-file "), [":files"]);
    assert_eq!(offered("--ca-file=/etc/s"), [":files"]);
    assert_eq!(offered("token --codex-home ~/"), [":folders"]);
    assert_eq!(offered("exec "), [":commands"]);
    assert_eq!(offered("exec -- co"), [":commands"]);
    assert_eq!(offered("exec -- codex "), [":files"]);
    assert_eq!(offered("exec -- codex --help x"), [":files"]);
    assert_eq!(offered("exec codex --pro"), [":files"]);
    assert_eq!(offered("exec --profile exec "), [":commands"]);
    assert_eq!(offered("exec --access"), ["--access-token-env"]);
}

#[test]
fn profiles_are_looked_for_in_the_folder_that_is_typed() {
    let mut program = definition();
    program.build();
    let folder = |words: &str| {
        let words = split(words);
        let folder = Cursor::after(&words, &program).value_of("codex_home")?;
        values::without_tilde(folder)
    };
    let path = |text: &str| Some(PathBuf::from(text));
    assert_eq!(folder("--codex-home /a status"), path("/a"));
    assert_eq!(folder("--codex-home=/a --codex-home /b"), path("/b"));
    assert_eq!(folder("exec -- x --codex-home /a"), None);
    assert_eq!(folder("exec x --codex-home /a"), None);
    assert_eq!(folder("--codex-home"), None);
    let home = crate::environment::home().unwrap();
    assert_eq!(folder("--codex-home ~/x"), Some(home.join("x")));
}
