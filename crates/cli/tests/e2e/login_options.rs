//! Options of `login`, and existing files.

use sandbox::{Account, Conduct, Endpoint};
use serde_json::{Value, json};

use crate::support::{World, pairs};

#[test]
fn no_api_key_option_skips_the_exchange() {
    let world = World::new();
    let finished = world.login().args(["--no-api-key", "--json"]).signs_in(Account::OWNER);
    finished.exits(0);
    assert_eq!(finished.json()["has_api_key"], false);
    assert_eq!(world.count(&Endpoint::TokenExchange), 0);
    let stored = stored(&world);
    assert_eq!(stored["OPENAI_API_KEY"], Value::Null);
    assert_eq!(stored["auth_mode"], "chatgpt");
}

/// An account without the API platform has neither organization nor project.
#[test]
fn no_api_key_option_signs_in_an_account_without_platform() {
    let world = World::new();
    let running = world.login().arg("--no-api-key").start();
    let trail = running.visit(Account::MEMBER);
    running.finish().exits(0).says("Signed in as Linus Pauling <linus@example.com>, plan free,");
    let query = trail.last().unwrap().url.query().map(str::to_owned);
    let expected = "needs_setup=false&plan_type=free\
                    &platform_url=https%3A%2F%2Fplatform.api.openai.org";
    assert_eq!(query.as_deref(), Some(expected));
    assert_eq!(stored(&world)["tokens"]["account_id"], "acct-linus");
}

#[test]
fn workspaces_are_the_last_parameter() {
    let world = World::new();
    let running =
        world.login().args(["--workspace", "acct-ada", "--workspace", "acct-grace"]).start();
    let pairs = pairs(&running.auth_url());
    assert_eq!(pairs.len(), 9);
    let (name, value) = pairs.last().unwrap();
    assert_eq!((name.as_str(), value.as_str()), ("allowed_workspace_id", "acct-ada,acct-grace"));
    running.visit(Account::OWNER);
    running.finish().exits(0);
}

#[test]
fn extra_scopes_are_requested() {
    let world = World::new();
    let scopes = ["--scope", "api.connectors.read", "--scope", "api.connectors.invoke"];
    let running = world.login().args(scopes).start();
    let (_, scope) = pairs(&running.auth_url()).swap_remove(3);
    let expected = "openid profile email offline_access api.connectors.read api.connectors.invoke";
    assert_eq!(scope, expected);
    running.visit(Account::OWNER);
    running.finish().exits(0);
    world.login().args(["--scope", "two words"]).run().exits(2);
}

#[test]
fn other_workspace_is_refused() {
    let world = World::new();
    let finished = world.login().args(["--workspace", "acct-grace"]).signs_in(Account::OWNER);
    finished.exits(1).fails_with(
        "sign-in was not granted (access_denied): This workspace is not allowed.",
        "nothing was changed; run the command again to try once more",
    );
    assert_eq!(world.auth_json(), None);
}

// threats 209
#[test]
fn json_result_is_one_document_without_secrets() {
    let world = World::new();
    let finished = world.login().arg("--json").signs_in(Account::NEW_OWNER);
    finished.exits(0);
    let path = world.codex_home().join("auth.json");
    let expected = json!({
        "email": "grace@example.com",
        "name": "Grace Hopper",
        "plan": "pro",
        "account_id": "acct-grace",
        "organization_id": "org-grace",
        "project_id": "proj_grace",
        "has_api_key": true,
        "no_api_key_reason": null,
        "needs_setup": true,
        "stored_in": path.to_str().unwrap(),
        "replaced": null,
    });
    assert_eq!(finished.json(), expected);
}

#[test]
fn command_without_subcommand_signs_in() {
    let world = World::new();
    let issuer = world.sandbox.issuer_url();
    let start = world.program(["--issuer", issuer, "--no-browser", "--port", "0"]);
    start.signs_in(Account::OWNER).exits(0).says("Signed in as Ada Lovelace");
}

#[test]
fn trailing_slash_of_issuer_changes_nothing() {
    let world = World::new();
    let issuer = format!("{}/", world.sandbox.issuer_url());
    let start = world.login().without("--issuer", 1).args(["--issuer", &issuer]);
    start.signs_in(Account::OWNER).exits(0);
}

#[test]
fn client_id_option_is_used_for_authorization_and_exchange() {
    let world = World::new();
    let client = sandbox::Client::CREATE_KEY;
    world.login().args(["--client-id", client]).signs_in(Account::OWNER).exits(0);
    for request in world.sandbox.requests_at(&Endpoint::Token) {
        assert!(request.form().contains(&("client_id".to_owned(), client.to_owned())));
    }
}

/// Fields of other programs keep their place and their exact numbers, except fields about the old
/// tokens.
// threats 163 169 221
#[test]
fn unknown_fields_of_the_old_file_are_kept() {
    let world = World::new();
    world.store(OLD);
    world.login().signs_in(Account::OWNER).exits(0);
    let stored = world.auth_json().unwrap();
    let issued = world.sandbox.issued();
    let expected = OLD
        .replace("apikey", "chatgpt")
        .replace("old-key", &issued.api_keys[0])
        .replace("old-id", &issued.id_tokens[0])
        .replace("old-access", &issued.access_tokens[0])
        .replace("old-refresh", &issued.refresh_tokens[0])
        .replace("acct-old", "acct-ada")
        .replace(REMOVED_FIELDS[0], "")
        .replace(REMOVED_FIELDS[1], "")
        .replace("2020-01-01T00:00:00Z", last_refresh(&stored).as_str());
    assert!(stored == expected, "something else changed than what a sign-in changes");
}

const OLD: &str = r#"{
  "zeta": [
    1.50,
    12345678901234567890123,
    1e+400
  ],
  "auth_mode": "apikey",
  "OPENAI_API_KEY": "old-key",
  "tokens": {
    "oauth_provenance": {
      "issuer": "https://elsewhere.test",
      "client_id": "app_else"
    },
    "id_token": "old-id",
    "access_token": "old-access",
    "refresh_token": "old-refresh",
    "account_id": "acct-old",
    "login_owner_id": null
  },
  "last_refresh": "2020-01-01T00:00:00Z",
  "agent_identity": {
    "nested": {
      "é": "\u0001"
    }
  }
}"#;

const REMOVED_FIELDS: [&str; 2] = [
    r#"
    "oauth_provenance": {
      "issuer": "https://elsewhere.test",
      "client_id": "app_else"
    },"#,
    r#",
    "login_owner_id": null"#,
];

fn last_refresh(stored: &str) -> String {
    let (_, rest) = stored.split_once("\"last_refresh\": \"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

// threats 168
#[test]
fn unreadable_file_is_backed_up() {
    for corrupt in ["{", "not json", "[]", "{\"tokens\": 7}", "\u{feff}{}"] {
        let world = World::new();
        world.store(corrupt);
        let finished = world.login().signs_in(Account::OWNER);
        finished.exits(0).says("warning: the old auth.json was unreadable; a copy is in ");
        assert_eq!(stored(&world)["auth_mode"], "chatgpt");
        assert_backed_up(&world, corrupt);
    }
}

#[track_caller]
fn assert_backed_up(world: &World, corrupt: &str) {
    let names = world.stored_names();
    let aside = names.iter().find(|name| name.starts_with("auth.json.corrupt-")).unwrap();
    let copy = std::fs::read_to_string(world.codex_home().join(aside)).unwrap();
    assert_eq!(copy, corrupt);
}

// threats 168
#[test]
fn failed_sign_in_leaves_corrupt_file_unchanged() {
    let world = World::new();
    world.store("not json");
    let running = world.login().start();
    running.visit_by(&world.sandbox.person(Account::OWNER).with_conduct(Conduct::Denies));
    running.finish().exits(1);
    assert_eq!(world.auth_json().as_deref(), Some("not json"));
}

/// The option overrides the variable.
#[test]
fn codex_home_can_be_chosen() {
    let world = World::new();
    let folder = world.path("else where");
    let start = world.login().arg("--codex-home").arg(&folder);
    let finished = start.signs_in(Account::OWNER);
    finished.exits(0).says(&format!("stored in {}", folder.display()));
    assert!(folder.join("auth.json").is_file());
    assert_eq!(world.auth_json(), None);
}

// threats 202
#[test]
fn codex_home_defaults_to_dot_codex_in_the_home_folder() {
    for unset in [true, false] {
        let world = World::new();
        let start = world.login().without_env("CODEX_HOME");
        let start = if unset { start } else { start.env("CODEX_HOME", "") };
        let variable = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
        let start = start.env(variable, world.path("home"));
        start.signs_in(Account::OWNER).exits(0);
        assert!(world.path("home").join(".codex/auth.json").is_file());
    }
}

/// An `.env` file in the current folder has no effect.
// threats 145 205
#[test]
fn hostile_env_file_is_not_read() {
    let world = World::new();
    let lines = "CODEX_HOME=/nowhere\nHTTPS_PROXY=http://127.0.0.1:1\nOPENAI_API_KEY=sk-evil\n\
                 OPENAI_BASE_URL=http://127.0.0.1:1\nCODEX_CA_CERTIFICATE=/nowhere\n";
    crate::support::write(&world.path("work/.env"), lines);
    world.login().signs_in(Account::OWNER).exits(0);
}

/// Variables of other tools that name another server have no effect.
// threats 145 193
#[test]
fn other_variables_change_nothing() {
    let world = World::new();
    let keys = world.path("keys.log");
    let start = world
        .login()
        .env("OPENAI_BASE_URL", "http://127.0.0.1:1")
        .env("HTTP_PROXY", "http://127.0.0.1:1")
        .env("http_proxy", "http://127.0.0.1:1")
        .env("RUST_LOG", "trace")
        .env("SSLKEYLOGFILE", &keys);
    let finished = start.signs_in(Account::OWNER);
    finished.exits(0).says_nothing_of("TRACE");
    assert!(!keys.exists());
}

/// A password in the proxy URL is not printed.
// threats 203
#[test]
fn loopback_requests_skip_the_proxy() {
    let world = World::new();
    let proxy = "http://user:hunter2-password@127.0.0.1:1";
    let start = world.login().with_trace_log().env("HTTPS_PROXY", proxy).env("ALL_PROXY", proxy);
    start.signs_in(Account::OWNER).exits(0).says_nothing_of("hunter2");
}

fn stored(world: &World) -> Value {
    serde_json::from_str(&world.auth_json().expect("the credentials are stored")).unwrap()
}
