//! `login-cli status` for every form of `auth.json`.

use serde_json::{Value, json};

use sandbox::{Account, Endpoint, Fault, Scenario, Then};

use crate::support::{Finished, Start, StoredSignIn, World, claims, jwt};

const HOUR: i64 = 60 * 60;
const DAY: i64 = 24 * HOUR;
const KEY: &str = "sk-proj-a-key-that-was-stored";

fn path(world: &World) -> String {
    world.codex_home().join("auth.json").display().to_string()
}

/// `status` sends no request and changes no file.
#[track_caller]
fn assert_reads_only(world: &World, options: &[&str]) -> Finished {
    let before = world.auth_json();
    let finished = world.command("status").args(options.iter().copied()).run();
    finished.exits(0);
    assert_eq!(finished.stderr, "");
    assert_eq!(world.auth_json(), before);
    assert_eq!(world.sandbox.connections(), 0);
    finished
}

/// The lines in order; `Stored in` comes last, before the notes.
#[track_caller]
fn assert_shows(world: &World, lines: &[(&str, &str)], notes: &[&str]) {
    let path = path(world);
    let all = lines.iter().copied().chain([("Stored in", path.as_str())]);
    let all = all.chain(notes.iter().map(|note| ("Note", *note)));
    let expected: String = all.map(|(name, text)| format!("{name:<14}{text}\n")).collect();
    assert_reads_only(world, &[]).prints(&expected);
}

#[test]
fn chatgpt_sign_in_is_shown_completely() {
    let world = World::new();
    private(StoredSignIn::new(&world, 3 * HOUR + 90).with_key(&world, KEY), &world);
    let lines = [
        ("Signed in", "with ChatGPT"),
        ("Name", "Ada Lovelace"),
        ("Email", "ada@example.com"),
        ("Plan", "plus"),
        ("Organization", "Analytical Engines (org-ada)"),
        ("Project", "proj_ada"),
        ("Account", "acct-ada"),
        ("Access token", "expires in 3 hours"),
        ("API key", "stored"),
        ("Last refresh", "9 days ago"),
    ];
    assert_shows(&world, &lines, &[]);
}

/// A file with mode 0600.
fn private(stored: StoredSignIn, world: &World) -> StoredSignIn {
    let stored = stored.stored(world);
    set_mode(world, 0o600);
    stored
}

fn set_mode(world: &World, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(world.codex_home().join("auth.json"), permissions).unwrap();
    }
    let _ = (world, mode);
}

// threats 209
#[test]
fn status_as_json_is_one_document() {
    let world = World::new();
    let stored = private(StoredSignIn::new(&world, 3 * HOUR), &world);
    let exp = claims(&stored.access_token)["exp"].as_i64().unwrap();
    let expires_at = jiff::Timestamp::from_second(exp).unwrap().to_string();
    let expected = json!({
        "signed_in": true,
        "auth_mode": "chatgpt",
        "profile": "default",
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "plan": "plus",
        "account_id": "acct-ada",
        "organization_id": "org-ada",
        "organization_title": "Analytical Engines",
        "project_id": "proj_ada",
        "issuer": world.sandbox.issuer_url(),
        "usable": true,
        "online": null,
        "has_api_key": false,
        "access_token_expires_at": expires_at,
        "last_refresh": stored.document["last_refresh"],
        "stored_in": path(&world),
        "notes": [],
    });
    assert_eq!(assert_reads_only(&world, &["--json"]).json(), expected);
}

// threats 209
#[test]
fn not_signed_in_as_json_is_a_document() {
    for stored in [None, Some("{}"), Some(r#"{"OPENAI_API_KEY":null}"#)] {
        let world = World::new();
        stored.inspect(|stored| world.store(stored));
        let finished = world.command("status").arg("--json").run();
        finished.exits(3).says("error: not signed in: there is no sign-in in ");
        let mut document = finished.json();
        let error = document.as_object_mut().unwrap().remove("error").unwrap();
        let expected = json!({"signed_in": false, "profile": "default", "stored_in": path(&world)});
        assert_eq!(document, expected);
        assert_eq!((&error["kind"], &error["exit_code"]), (&json!("not_signed_in"), &json!(3)));
        assert_eq!(world.auth_json().as_deref(), stored);
    }
}

/// With and without `auth_mode`.
// threats 170
#[test]
fn api_key_sign_in_is_shown() {
    for mode in ["", r#""auth_mode":"apikey","#] {
        for rest in ["", r#","tokens":null,"last_refresh":null"#] {
            let world = World::new();
            world.register_secret(KEY);
            world.store(&format!(r#"{{{mode}"OPENAI_API_KEY":"{KEY}"{rest}}}"#));
            set_mode(&world, 0o600);
            assert_shows(&world, &[("Signed in", "with an API key"), ("API key", "stored")], &[]);
            let json = assert_reads_only(&world, &["--json"]).json();
            assert_eq!((&json["auth_mode"], &json["email"]), (&json!("apikey"), &Value::Null));
        }
    }
}

const MODELESS: &str = "it has a key and tokens but no auth_mode, so Codex CLI uses only the key";

/// Older programs do not write `auth_mode`.
// threats 170
#[test]
fn key_and_tokens_without_mode_are_a_chatgpt_sign_in() {
    let world = World::new();
    let mut stored = StoredSignIn::new(&world, HOUR).with_key(&world, KEY);
    stored.document.as_object_mut().unwrap().remove("auth_mode");
    private(stored, &world);
    let finished = assert_reads_only(&world, &[]);
    assert!(finished.stdout.starts_with("Signed in     with ChatGPT\n"), "{}", finished.stdout);
    assert!(finished.stdout.ends_with(&format!("\nNote          {MODELESS}\n")));
    assert_eq!(assert_reads_only(&world, &["--json"]).json()["notes"], json!([MODELESS]));
}

/// Fields of other versions, and the mode of another program.
// threats 169 170
#[test]
fn unknown_fields_and_modes_are_accepted() {
    let world = World::new();
    let stored = StoredSignIn::new(&world, HOUR)
        .with("/agent_identity", json!({"id": 7}))
        .with("/tokens/scope", json!(["x"]));
    private(stored, &world);
    assert_reads_only(&world, &[]);
    let stored = StoredSignIn::new(&world, HOUR)
        .with("/auth_mode", "chatgptAuthTokens")
        .with("/tokens/refresh_token", "");
    private(stored, &world);
    let finished = assert_reads_only(&world, &[]);
    let first = "Signed in     by another program, mode chatgptAuthTokens\n";
    assert!(finished.stdout.starts_with(first), "{}", finished.stdout);
    assert_eq!(assert_reads_only(&world, &["--json"]).json()["auth_mode"], "chatgptAuthTokens");
}

#[test]
fn expired_access_token_is_still_signed_in() {
    let world = World::new();
    private(StoredSignIn::new(&world, -2 * DAY - 60), &world);
    let finished = assert_reads_only(&world, &[]);
    let line = "\nAccess token  expired 2 days ago, refreshed when it is needed\n";
    assert!(finished.stdout.contains(line), "no {line:?} in {}", finished.stdout);
}

/// These files work but can surprise you.
// threats 163 170
#[test]
fn unusual_permissions_are_noted() {
    let world = World::new();
    let stored = StoredSignIn::new(&world, HOUR)
        .with("/tokens/account_id", Value::Null)
        .with("/tokens/refresh_token", Value::Null)
        .with("/tokens/access_token", "opaque");
    private(stored, &world);
    set_mode(&world, 0o644);
    let mut notes = vec![
        "it has no account_id, which Codex CLI needs",
        "it has no refresh token: it ends when its access token expires",
    ];
    if cfg!(unix) {
        notes.insert(0, "other users may read the file");
    }
    assert_eq!(assert_reads_only(&world, &["--json"]).json()["notes"], json!(notes));
    let lines = [
        ("Signed in", "with ChatGPT"),
        ("Name", "Ada Lovelace"),
        ("Email", "ada@example.com"),
        ("Plan", "plus"),
        ("Organization", "Analytical Engines (org-ada)"),
        ("Project", "proj_ada"),
        ("Access token", "has no known expiry"),
        ("API key", "none"),
        ("Last refresh", "9 days ago"),
    ];
    assert_shows(&world, &lines, &notes);
}

// threats 159
#[cfg(unix)]
#[test]
fn link_is_noted() {
    let world = World::new();
    private(StoredSignIn::new(&world, HOUR), &world);
    let (link, target) = (world.codex_home().join("auth.json"), world.path("home/kept.json"));
    std::fs::rename(&link, &target).unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let note = format!("it is a link to {}", target.display());
    assert_eq!(assert_reads_only(&world, &["--json"]).json()["notes"], json!([note]));
}

/// Text in a token comes from others.
// threats 192 209
#[test]
fn hostile_name_is_shown_safely() {
    let world = World::new();
    let stored = StoredSignIn::new(&world, HOUR);
    let mut claims = claims(&stored.id_token);
    claims["name"] = json!("Eve\u{1b}[2J\r\n\u{202e}\u{200b}elpmaxe");
    claims["https://api.openai.com/auth"]["organization_id"] = json!("o\u{9b}31m".repeat(100));
    private(stored.with("/tokens/id_token", jwt(&claims)), &world);
    let finished = assert_reads_only(&world, &[]);
    assert!(finished.stdout.contains("\nName          Eve[2J  elpmaxe\n"), "{}", finished.stdout);
    assert!(finished.stdout.lines().all(|line| line.chars().count() < 200));
    assert_eq!(assert_reads_only(&world, &["--json"]).json()["name"], claims["name"]);
}

#[test]
fn unreadable_id_token_does_not_hide_the_rest() {
    let world = World::new();
    private(StoredSignIn::new(&world, HOUR + 60).with("/tokens/id_token", "no-jwt"), &world);
    let lines = [
        ("Signed in", "with ChatGPT"),
        ("Account", "acct-ada"),
        ("Access token", "expires in 1 hour"),
        ("API key", "none"),
        ("Last refresh", "9 days ago"),
    ];
    assert_shows(&world, &lines, &[]);
}

fn online(world: &World) -> Start<'_> {
    let servers = ["--issuer", world.sandbox.issuer_url(), "--api-base", world.sandbox.api_url()];
    Start::new(world, "status").arg("--online").args(servers)
}

/// The only request is that of the platform, and nothing is stored.
#[track_caller]
fn assert_online(world: &World, exit_code: i32, expected: &Value, kind: &Value) {
    let (before, requests) = (world.auth_json(), world.sandbox.requests().len());
    let finished = online(world).arg("--json").run();
    finished.exits(exit_code);
    let json = finished.json();
    assert_eq!((&json["online"], &json["error"]["kind"]), (expected, kind), "{json}");
    assert_eq!(json["signed_in"], exit_code != 3, "{json}");
    let sent = world.sandbox.requests().split_off(requests);
    assert!(sent.iter().all(|it| it.endpoint == Endpoint::Onboarding), "{sent:?}");
    assert_eq!(world.auth_json(), before);
}

#[test]
fn online_status_asks_whether_the_platform_accepts_the_token() {
    let world = World::new();
    world.login().signs_in(Account::OWNER).exits(0);
    assert_online(&world, 0, &json!(true), &Value::Null);
    let text = online(&world).run();
    text.exits(0);
    let row = "\nOnline        the platform accepts the access token\n";
    assert!(text.stdout.contains(row), "{}", text.stdout);
    // The sandbox has not issued this one.
    private(StoredSignIn::new(&world, HOUR), &world);
    assert_online(&world, 3, &json!(false), &json!("sign_in_ended"));
    let text = online(&world).run();
    text.exits(3).says("error: the platform does not accept the stored access token");
    assert!(text.stdout.contains("does not accept the access token\n"), "{}", text.stdout);
}

#[test]
fn online_status_without_an_answer_is_an_error() {
    for (then, kind) in [
        (Then::json(503, json!({})), "refused"),
        // The platform does not serve this account.
        (Then::json(403, json!({})), "refused"),
        (Then::text(200, "text/html", "<p>Sign in</p>"), "invalid_response"),
        (Then::Close, "network"),
    ] {
        let faults = vec![Fault::new(Endpoint::Onboarding, then)];
        let world = World::with_scenario(Scenario { faults, ..Scenario::default() });
        world.login().signs_in(Account::OWNER).exits(0);
        assert_online(&world, 1, &Value::Null, &json!(kind));
    }
}

#[test]
fn online_status_sends_no_expired_token_and_no_api_key() {
    let world = World::new();
    private(StoredSignIn::new(&world, -HOUR), &world);
    assert_online(&world, 1, &Value::Null, &json!("access_token_expired"));
    online(&world).run().says("hint: login-cli refresh asks the issuer for a new one");
    world.register_secret(KEY);
    world.store(&format!(r#"{{"OPENAI_API_KEY":"{KEY}"}}"#));
    assert_online(&world, 1, &Value::Null, &json!("no_credential"));
    world.store("{}");
    online(&world).run().exits(3).says("error: not signed in");
    assert_eq!(world.sandbox.requests().len(), 0);
}
