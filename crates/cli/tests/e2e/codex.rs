//! Runs the real Codex CLI on the same files. `.ci/codex-versions` lists the versions: the current
//! one, the first one that stores more than tokens, and one without locks. `.ci/run` installs them
//! as `codex-VERSION`. Each missing version is reported as skipped.

use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustix::process::{Pid, Signal, kill_process_group};
use sandbox::{Account, Client, Endpoint, Fault, Scenario, Then};
use serde_json::{Value, json};

use crate::support::{TEST_TIMEOUT, World, report_skipped};

/// An installed version of Codex CLI.
struct Codex {
    version: &'static str,
    program: PathBuf,
    path: OsString,
}

impl Codex {
    /// Runs a test with each version.
    #[track_caller]
    fn for_each_version(test: impl Fn(&Self)) {
        for version in include_str!("../../../../.ci/codex-versions").lines() {
            match Self::find(version) {
                Some(codex) => test(&codex),
                None => report_skipped(&format!(
                    "Codex CLI {version} on the same files: there is no codex-{version} here"
                )),
            }
        }
    }

    #[expect(clippy::disallowed_methods, reason = "a tool of the machine is looked for")]
    fn find(version: &'static str) -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let name = format!("codex-{version}");
        let program = std::env::split_paths(&path).map(|it| it.join(&name)).find(|it| it.is_file());
        Some(Self { version, program: program?, path })
    }

    /// The same folder as `login-cli`, and the sandbox as the issuer.
    fn command(&self, world: &World) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .env("PATH", &self.path)
            .env("HOME", world.path("home"))
            .env("CODEX_HOME", world.codex_home())
            .env("NO_PROXY", "127.0.0.1")
            .env(
                "CODEX_REFRESH_TOKEN_URL_OVERRIDE",
                format!("{}/oauth/token", world.sandbox.issuer_url()),
            )
            .current_dir(world.path("work"))
            .stdin(Stdio::null());
        command
    }

    #[track_caller]
    fn assert_signed_in(&self, world: &World, how: &str) {
        let Output { status, stdout, stderr } =
            self.command(world).args(["login", "status"]).output().unwrap();
        let said = String::from_utf8([stdout, stderr].concat()).unwrap();
        let version = self.version;
        assert!(status.success() && said.contains(how), "{version}: {status}: {said}");
    }

    /// Sends a prompt, which needs a valid access token. No model answers.
    fn ask(&self, world: &World) -> RunningCodex {
        let mut command = self.command(world);
        command
            .args([
                "exec",
                "--skip-git-repo-check",
                "-c",
                r#"chatgpt_base_url="http://127.0.0.1:9/""#,
            ])
            .arg("hello")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        RunningCodex(command.spawn().unwrap())
    }
}

/// A running Codex CLI, killed on drop.
struct RunningCodex(Child);

impl Drop for RunningCodex {
    fn drop(&mut self) {
        let group = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}

/// A `login-cli` command for a stored sign-in.
fn our_command<'w>(world: &'w World, command: &'w str) -> crate::support::Start<'w> {
    world.program([command, "--issuer", world.sandbox.issuer_url()])
}

fn auth_json(world: &World) -> Value {
    serde_json::from_str(&world.auth_json().unwrap()).unwrap()
}

/// Expires the stored access token and backdates `last_refresh`.
fn expire(world: &World) {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "exp": 1_700_000_000,
        "https://api.openai.com/auth": { "chatgpt_plan_type": "plus" },
    });
    let mut stored = auth_json(world);
    let token = format!("{}.{}.c2ln", part(json!({"alg": "RS256"})), part(claims));
    stored["tokens"]["access_token"] = token.into();
    stored["last_refresh"] = "2025-01-01T00:00:00Z".into();
    world.store(&serde_json::to_string_pretty(&stored).unwrap());
}

#[test]
fn codex_accepts_every_file_that_login_writes() {
    Codex::for_each_version(|codex| {
        for (options, how) in [(&[][..], "ChatGPT"), (&["--no-api-key"][..], "ChatGPT")] {
            let world = World::new();
            world.login().args(options.iter().copied()).signs_in(Account::OWNER).exits(0);
            codex.assert_signed_in(&world, how);
            our_command(&world, "refresh").run().exits(0);
            codex.assert_signed_in(&world, how);
        }

        let world = World::new();
        world.create_key().arg("--save").signs_in(Account::OWNER).exits(0);
        codex.assert_signed_in(&world, "API key");
        world.login().signs_in(Account::OWNER).exits(0);
        codex.assert_signed_in(&world, "ChatGPT");
        our_command(&world, "logout").run().exits(0);
        let said = codex.command(&world).args(["login", "status"]).output().unwrap();
        assert!(!said.status.success());
    });
}

/// Codex CLI requires a JWT as `id_token` and a string as `refresh_token`.
#[test]
fn codex_accepts_an_access_token_without_refresh_token() {
    Codex::for_each_version(|codex| {
        let world = World::new();
        let token = world.sandbox.mint(Account::OWNER).unwrap().access_token;
        our_command(&world, "login").arg("--with-access-token").with_stdin(token).run().exits(0);
        codex.assert_signed_in(&world, "ChatGPT");
        our_command(&world, "status").run().exits(0).says_nothing_of("account_id");
    });
}

/// A server for the requests of Codex CLI about a personal access token. It runs until the test
/// ends.
fn metadata_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let body = json!({
            "email": Account::OWNER,
            "chatgpt_user_id": "user-ada",
            "chatgpt_account_id": "acct-ada",
            "chatgpt_plan_type": "plus",
            "chatgpt_account_is_fedramp": false,
        });
        let body = body.to_string();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 4096]);
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\
                 Content-Length: {}\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}

// threats 221
#[test]
fn both_programs_store_a_personal_access_token_alike() {
    const TOKEN: &str = "at-a-personal-access-token-0123456789";
    let server = metadata_server();
    Codex::for_each_version(|codex| {
        let world = World::new();
        world.register_secret(TOKEN);
        std::fs::create_dir_all(world.codex_home()).unwrap();
        let file = world.path("token.txt");
        crate::support::write(&file, TOKEN);
        let mut login = codex.command(&world);
        login.env("CODEX_AUTHAPI_BASE_URL", &server).args(["login", "--with-access-token"]);
        assert!(login.stdin(File::open(file).unwrap()).output().unwrap().status.success());
        let theirs = world.auth_json().unwrap();
        let status = our_command(&world, "status").arg("--json").run().exits(0).json();
        assert_eq!(status["auth_mode"], "personalAccessToken");
        our_command(&world, "logout").run().exits(0);

        our_command(&world, "login").arg("--with-access-token").with_stdin(TOKEN).run().exits(0);
        assert!(world.auth_json().unwrap() == theirs, "{}: stored differently", codex.version);
        let mut status = codex.command(&world);
        status.env("CODEX_AUTHAPI_BASE_URL", &server).args(["login", "status"]);
        let Output { status, stdout, stderr } = status.output().unwrap();
        let said = String::from_utf8([stdout, stderr].concat()).unwrap();
        assert!(status.success() && said.contains("personal access token"), "{status}: {said}");
    });
}

/// `docs/recipes.md` says so. If this fails, Codex has changed.
#[test]
fn codex_refuses_the_access_token_of_a_sign_in_in_its_variable() {
    let world = World::new();
    let sign_in = world.signed_in(60 * 60);
    Codex::for_each_version(|codex| {
        let mut command = codex.command(&world);
        command.env("CODEX_ACCESS_TOKEN", &sign_in.access_token).args(["login", "status"]);
        let Output { status, stderr, .. } = command.output().unwrap();
        let said = String::from_utf8(stderr).unwrap();
        assert!(!status.success() && said.contains("agent identity JWT"), "{said}");
    });
}

// threats 221
#[test]
fn note_about_another_store_matches_codex() {
    Codex::for_each_version(|codex| {
        for (store, reads) in
            [("file", true), ("auto", true), ("ephemeral", false), ("keyring", false)]
        {
            let world = World::new();
            world.signed_in(60 * 60);
            let config = world.codex_home().join("config.toml");
            let setting = format!("cli_auth_credentials_store = \"{store}\"\n");
            crate::support::write(&config, &setting);
            let said = codex.command(&world).args(["login", "status"]).output().unwrap();
            assert_eq!(said.status.success(), reads, "{}: {store}", codex.version);
            let notes = our_command(&world, "status").run();
            let is_noted = notes.stdout.contains("Codex CLI does not read this file");
            assert_eq!(is_noted, !reads, "{store}");
        }
    });
}

#[test]
fn api_key_of_codex_is_read() {
    Codex::for_each_version(|codex| {
        let world = World::new();
        std::fs::create_dir_all(world.codex_home()).unwrap();
        let key = world.path("key.txt");
        crate::support::write(&key, "sk-proj-0123456789abcdefghijklmnop\n");
        let mut login = codex.command(&world);
        login.args(["login", "--with-api-key"]).stdin(File::open(key).unwrap());
        assert!(login.output().unwrap().status.success());
        let status = our_command(&world, "status").arg("--json").run().exits(0).json();
        assert_eq!(
            (&status["auth_mode"], &status["has_api_key"]),
            (&json!("apikey"), &json!(true))
        );
    });
}

#[test]
fn sign_in_of_codex_is_read_and_survives_a_refresh() {
    Codex::for_each_version(|codex| {
        let world = World::new();
        std::fs::create_dir_all(world.codex_home()).unwrap();
        let issuer = world.sandbox.issuer_url();
        let mut login = codex.command(&world);
        login.args(["login", "--device-auth", "--experimental_issuer", issuer]);
        let mut child = login.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        approve(&world, &user_code(&mut said));
        std::io::copy(&mut said, &mut std::io::sink()).unwrap();
        assert!(child.wait().unwrap().success());

        let status = our_command(&world, "status").arg("--json").run().exits(0).json();
        assert_eq!(
            (&status["auth_mode"], &status["email"]),
            (&json!("chatgpt"), &json!(Account::OWNER))
        );
        let before = auth_json(&world);
        our_command(&world, "refresh").run().exits(0);
        let mut after = auth_json(&world);
        assert_ne!(after["tokens"]["refresh_token"], before["tokens"]["refresh_token"]);
        for name in ["id_token", "access_token", "refresh_token"] {
            after["tokens"][name] = before["tokens"][name].clone();
        }
        after["last_refresh"] = before["last_refresh"].clone();
        assert_eq!(after, before, "something else has changed");
        codex.assert_signed_in(&world, "ChatGPT");
    });
}

/// Reads the code that Codex CLI prints, such as `DBWF-6MFP`.
fn user_code(stdout: &mut impl BufRead) -> String {
    let is_code = |word: &str| {
        word.len() == 9
            && word.split('-').all(|half| half.len() == 4)
            && word.to_uppercase() == word
    };
    let lines = stdout.lines().map(Result::unwrap);
    let mut words = lines.flat_map(|line| {
        let plain = line.replace("\u{1b}[94m", "").replace("\u{1b}[0m", "");
        plain.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    });
    words.find(|word| is_code(word)).unwrap()
}

/// Enters the code on another device.
fn approve(world: &World, user_code: &str) {
    let body = format!("user_code={user_code}&account=auth0%7Cada");
    let host = world.host();
    let request = format!(
        "POST /codex/device HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// Creates an expired sign-in and a slow issuer.
fn expired(world: &World) -> usize {
    world.login().signs_in(Account::OWNER).exits(0);
    expire(world);
    world.sandbox.issued().refresh_tokens.len()
}

/// One refresh token was issued since `before`, and both programs use it.
#[track_caller]
fn assert_one_was_spent(world: &World, before: usize) {
    let begun = Instant::now();
    let stored = |world: &World| auth_json(world)["tokens"]["refresh_token"].clone();
    let newest = || world.sandbox.issued().refresh_tokens.last().cloned().unwrap();
    while stored(world) != newest() {
        assert!(begun.elapsed() < TEST_TIMEOUT, "the stored refresh token was used");
        thread::yield_now();
    }
    assert_eq!(world.sandbox.issued().refresh_tokens.len(), before + 1);
}

/// The oldest version always uses its own client id.
#[test]
fn codex_refreshes_with_the_stored_client_id() {
    const OTHER: &str = "app_of_the_company";
    Codex::for_each_version(|codex| {
        if codex.version == "0.140.0" {
            return;
        }
        let mut scenario = Scenario::default();
        scenario.clients.push(Client { id: OTHER.to_owned(), name: "Of the company".to_owned() });
        let world = World::with_scenario(scenario);
        world.login().args(["--client-id", OTHER]).signs_in(Account::OWNER).exits(0);
        expire(&world);
        let _asking = codex.ask(&world);
        world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
        let request = world.sandbox.requests_at(&Endpoint::TokenRefresh).remove(0);
        assert_eq!(request.json().unwrap()["client_id"], OTHER, "{}", codex.version);
    });
}

// threats 112
#[test]
fn one_refresh_token_is_used_if_codex_is_first() {
    Codex::for_each_version(|codex| {
        let late =
            Fault::new(Endpoint::TokenRefresh, Then::Normal).after(Duration::from_millis(700));
        let world = World::with([late]);
        let before = expired(&world);
        let _asking = codex.ask(&world);
        world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
        our_command(&world, "refresh").run().exits(0);
        assert_one_was_spent(&world, before);
    });
}

// threats 112
#[test]
fn one_refresh_token_is_used_if_login_cli_is_first() {
    Codex::for_each_version(|codex| {
        let late = Fault::new(Endpoint::TokenRefresh, Then::Normal).after(Duration::from_secs(3));
        let world = World::with([late]);
        let before = expired(&world);
        let running = our_command(&world, "refresh").start();
        world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT).unwrap();
        let _asking = codex.ask(&world);
        world.sandbox.wait_for_requests_blocking(&Endpoint::TokenRefresh, 2, TEST_TIMEOUT).unwrap();
        running.finish().exits(0);
        assert_one_was_spent(&world, before);
        codex.assert_signed_in(&world, "ChatGPT");
    });
}
