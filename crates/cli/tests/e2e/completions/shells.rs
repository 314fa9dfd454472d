//! Each driver is a script for one shell. It loads the output of `completions`, types each line of
//! `CASES`, presses TAB and prints the result.

use std::path::Path;
use std::process::{Command, Stdio};

use super::profile;
use crate::support::{TEST_TIMEOUT, World, report_skipped, write};

/// What is typed, and the completed line.
const CASES: [(&str, &str); 13] = [
    ("login-cli create", "create-key"),
    ("login-cli create-key --poll-i", "--poll-interval"),
    ("login-cli status --profile wo", "work"),
    ("login-cli status --profile=wo", "--profile=work"),
    ("login-cli --codex-home ELSEWHERE --profile th", "third"),
    ("login-cli --profile token sta", "status"),
    ("login-cli --store fi", "file"),
    ("login-cli --store helper:cana", "helper:canary"),
    ("login-cli --store=helper:cana", "--store=helper:canary"),
    ("login-cli --color ne", "never"),
    ("login-cli --ca-file ELSEWHERE/cor", "ELSEWHERE/corporate.pem"),
    ("login-cli exec -- docker-credential-cana", "docker-credential-canary"),
    // The word before the cursor is not a complete command yet.
    ("login-cli --profile $(touch EVALUATED) --color ne", "never"),
];

/// Completes all cases. `driver` runs in a folder with `login-cli.script` and writes one line for
/// each case to `answers`.
#[track_caller]
fn assert_completes(shell: &str, start: &[&str], driver: &str) {
    let lacking = required_programs(shell).iter().find(|program| !is_installed(program));
    if let Some(program) = lacking {
        return report_skipped(&format!("completions of {shell}: there is no {program} here"));
    }
    let world = World::new();
    profile(&world, "work");
    let (folder, elsewhere) = (world.path("run"), world.path("work"));
    std::fs::create_dir_all(elsewhere.join("profiles/third")).unwrap();
    write(&elsewhere.join("corporate.pem"), "");
    program(&world, "docker-credential-canary");
    let script = world.program(["completions", shell]).run();
    write(&folder.join("login-cli.script"), &script.exits(0).stdout);
    let at_home = |text: &str| {
        let text = text.replace("ELSEWHERE", elsewhere.to_str().unwrap());
        text.replace("EVALUATED", folder.join("evaluated").to_str().unwrap())
    };
    let lines: Vec<String> = CASES.iter().map(|(line, _)| at_home(line)).collect();
    write(&folder.join("lines"), &(lines.join("\n") + "\n"));
    write(&folder.join("driver"), driver);
    let output = run(&world, start);
    let answers = std::fs::read_to_string(folder.join("answers")).unwrap_or_default();
    let expected: Vec<String> = CASES.iter().map(|(_, word)| at_home(word)).collect();
    let answers: Vec<&str> = answers.lines().collect();
    assert_eq!(answers, expected, "{shell}: {output}");
    assert!(!folder.join("evaluated").exists(), "{shell} has run what was being typed");
    assert!(world.sandbox.requests().is_empty());
}

/// The programs that a driver needs. Some shells edit lines only on a terminal, which script(1)
/// provides; zsh has its own module for that.
fn required_programs(shell: &str) -> &[&str] {
    match shell {
        "bash" => &["bash", "script"],
        "elvish" => &["elvish", "script"],
        "fish" => &["fish"],
        "powershell" => &["pwsh"],
        _ => &["zsh"],
    }
}

fn is_installed(shell: &str) -> bool {
    Command::new(shell)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok()
}

/// Creates an empty program that the shell can find.
fn program(world: &World, name: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = world.path("bin").join(name);
    write(&path, "#!/bin/sh\n");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs the driver in its folder and returns its output.
fn run(world: &World, start: &[&str]) -> String {
    let program = crate::support::program();
    let ours = Path::new(&program).parent().unwrap();
    let path = [world.path("bin").as_path(), ours, Path::new("/usr/bin"), Path::new("/bin")]
        .map(Path::to_owned);
    // The shell would wait for a key without end.
    let mut shell = Command::new("timeout");
    shell
        .arg(TEST_TIMEOUT.as_secs().to_string())
        .args(start)
        .current_dir(world.path("run"))
        .stdin(Stdio::null())
        .env_clear();
    shell.env("PATH", std::env::join_paths(path).unwrap()).env("TERM", "xterm");
    shell.env("HOME", world.path("home")).env("CODEX_HOME", world.codex_home());
    let output = shell.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    format!("{}: {}", output.status, String::from_utf8_lossy(&said))
}

#[test]
fn bash_completes() {
    let start = ["bash", "--noprofile", "--norc", "driver"];
    assert_completes("bash", &start, include_str!("drivers/bash"));
}

#[test]
fn zsh_completes() {
    assert_completes("zsh", &["zsh", "-f", "driver"], include_str!("drivers/zsh"));
}

#[test]
fn fish_completes() {
    assert_completes("fish", &["fish", "--no-config", "driver"], include_str!("drivers/fish"));
}

#[test]
fn powershell_completes() {
    assert_completes(
        "powershell",
        &["pwsh", "-NoProfile", "-File", "driver"],
        include_str!("drivers/powershell"),
    );
}

#[test]
fn elvish_completes() {
    let start = ["script", "--quiet", "--command", "elvish -rc driver", "/dev/null"];
    assert_completes("elvish", &start, include_str!("drivers/elvish"));
}
