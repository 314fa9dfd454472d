use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::client::get;

struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(arguments: &[&str]) -> Program {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sandbox"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    Program(command.spawn().unwrap())
}

#[test]
fn program_prints_its_urls_and_logs_requests_without_secrets() {
    let mut program = start(&[]);
    let mut lines = BufReader::new(program.0.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    let mut welcome = String::new();
    while !welcome.contains("Ctrl-C") {
        welcome += &format!("{}\n", line());
    }
    let issuer = welcome.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
    let home = welcome.split("--codex-home \"").nth(1).unwrap().split('"').next().unwrap();
    assert!(welcome.contains(&format!(
        "cargo run -p login-cli -- create-key --codex-home \"{home}\" --issuer {issuer} --api-base"
    )));
    let home = std::path::Path::new(home);
    assert!(home.starts_with(std::env::temp_dir()) && !home.exists(), "{home:?}");
    assert!(welcome.contains("ada@example.com"));

    get(issuer, "/oauth/authorize?state=secret-state", &[]);
    let logged = std::iter::repeat_with(line).find(|line| !line.is_empty()).unwrap();
    assert_eq!(logged, "GET  /oauth/authorize  400");
}

/// The file with the certificate is removed, too.
#[cfg(unix)]
#[test]
fn ctrl_c_stops_the_program_and_removes_the_ca_file() {
    let mut program = start(&["--tls"]);
    let mut lines = BufReader::new(program.0.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    let named = std::iter::repeat_with(&mut line).find(|line| line.contains("CA file"));
    let ca_file = named.unwrap().split_whitespace().last().unwrap().to_owned();
    assert!(std::fs::read_to_string(&ca_file).unwrap().starts_with("-----BEGIN CERTIFICATE"));
    std::iter::repeat_with(&mut line).find(|line| line.contains("Ctrl-C")).unwrap();

    let id = program.0.id().to_string();
    Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert_eq!(
        std::iter::repeat_with(&mut line).find(|line| !line.is_empty()).unwrap(),
        "Stopped."
    );
    assert_eq!(program.0.wait().unwrap().code(), Some(0));
    assert!(!std::path::Path::new(&ca_file).exists());
}
