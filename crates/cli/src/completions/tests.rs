use std::path::PathBuf;

use super::{Cursor, candidates, definition, values};

/// The completions of the last word.
fn completed(words: &str) -> Vec<String> {
    let (words, typed) = words.rsplit_once(' ').unwrap_or(("", words));
    let lines = candidates(&split(words), typed);
    lines.iter().filter_map(|line| line.split(' ').next().map(str::to_owned)).collect()
}

fn split(words: &str) -> Vec<String> {
    words.split_terminator(' ').map(str::to_owned).collect()
}

#[test]
fn commands_come_first_and_options_after_a_dash() {
    let commands = completed("");
    assert!(commands.contains(&"create-key".to_owned()), "{commands:?}");
    assert!(!commands.iter().any(|it| it.starts_with('-')), "{commands:?}");
    assert_eq!(completed("create"), ["create-key"]);
    assert_eq!(completed("--codex"), ["--codex-home"]);
    assert_eq!(completed("status --codex"), ["--codex-home"]);
    assert_eq!(completed("create-key --poll"), ["--poll-interval", "--poll-timeout"]);
    assert!(completed("status --poll").is_empty() && completed("staus x").is_empty());
    assert_eq!(completed("help create"), ["create-key"]);
    // What is there already is not offered again, unless it can be given twice.
    assert!(completed("status --json --js").is_empty());
    assert_eq!(completed("login --workspace a --works"), ["--workspace"]);
    // A value is no command.
    assert_eq!(completed("--profile token sta"), ["status"]);
    // There is nothing else.
    assert!(completed("logout ").contains(&"--all".to_owned()));
}

#[test]
fn known_values_complete_after_a_space_and_after_an_equals_sign() {
    assert_eq!(completed("--color a"), ["auto", "always"]);
    assert_eq!(completed("status --color=n"), ["--color=never"]);
    assert_eq!(completed("completions "), ["bash", "zsh", "fish", "powershell", "elvish"]);
    assert_eq!(completed("--store fi"), ["file"]);
    assert_eq!(completed("status --json=s"), ["--json=stream"]);
    assert_eq!(completed("--json sta"), ["status"]);
    assert!(completed("--issuer ").is_empty() && completed("create-key --name x").is_empty());
}

#[test]
fn shell_completes_files_and_programs() {
    assert_eq!(completed("--ca-file "), [":files"]);
    assert_eq!(completed("--ca-file=/etc/s"), [":files"]);
    assert_eq!(completed("token --codex-home ~/"), [":folders"]);
    assert_eq!(completed("exec "), [":commands"]);
    assert_eq!(completed("exec -- co"), [":commands"]);
    assert_eq!(completed("exec -- codex "), [":files"]);
    assert_eq!(completed("exec -- codex --help x"), [":files"]);
    assert_eq!(completed("exec codex --pro"), [":files"]);
    assert_eq!(completed("exec --profile exec "), [":commands"]);
    assert_eq!(completed("exec --access"), ["--access-token-env"]);
}

#[test]
fn profiles_come_from_the_typed_folder() {
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
