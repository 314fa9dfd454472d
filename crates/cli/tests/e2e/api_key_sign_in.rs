//! `login-cli login --with-api-key` reads a key from standard input.

use sandbox::{Endpoint, Then};

use crate::support::{Finished, StoredSignIn, TEST_TIMEOUT, World};

const HOUR: i64 = 60 * 60;
const KEY: &str = "sk-proj-a-key_of-Somebody-0123456789";

/// Passes `input` on standard input.
#[track_caller]
fn import(world: &World, input: impl Into<Vec<u8>>) -> Finished {
    let start = world.command("login").arg("--with-api-key").with_trace_log();
    start.with_stdin(input).run()
}

/// The stored document has only the key.
#[track_caller]
fn assert_stored(world: &World) {
    let expected = format!(
        "{{\n  \"auth_mode\": \"apikey\",\n  \"OPENAI_API_KEY\": \"{KEY}\",\n  \"tokens\": null,\n  \
         \"last_refresh\": null\n}}"
    );
    assert!(world.auth_json().unwrap() == expected, "the document differs");
}

#[test]
fn api_key_from_stdin_is_stored() {
    for input in [KEY.to_owned(), format!("{KEY}\n"), format!("  {KEY}\r\n\n")] {
        let world = World::new();
        world.register_secret(KEY);
        let finished = import(&world, input);
        let path = world.codex_home().join("auth.json");
        finished.exits(0).prints("");
        finished.says(&format!("Signed in with an API key, stored in {}\n", path.display()));
        finished.says_nothing_of("Paste the API key");
        assert_stored(&world);
        assert_eq!(world.sandbox.connections(), 0);
        world.command("status").run().exits(0);
    }
}

/// The old sign-in stays.
#[test]
fn invalid_api_key_changes_nothing() {
    let world = World::new();
    let stored = world.signed_in(HOUR);
    world.register_secret(KEY);
    for (input, why) in [
        (String::new(), "it is empty"),
        ("\n".to_owned(), "it is empty"),
        ("sk-short".to_owned(), "it is too short"),
        ("pk-proj-a-key_of-Somebody-0123456789".to_owned(), "it does not start with sk-"),
        (format!("{KEY} {KEY}\n"), "it is more than one word"),
        (format!("{{\"key\":\"{KEY}\"}}"), "it does not start with sk-"),
        (
            format!("sk-{}\u{e9}", "x".repeat(30)),
            "it contains a character that no API key contains",
        ),
        (format!("sk-{}", "x".repeat(100_000)), "it is longer than 16384 bytes"),
    ] {
        import(&world, input).exits(1).prints("").fails_with(
            &format!("standard input contains no API key: {why}"),
            "a key is one line that begins with sk-; for example: login-cli login --with-api-key \
             < key.txt",
        );
        assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
    }
    assert_eq!(world.sandbox.connections(), 0);
}

/// Formats that shells, editors and web pages produce.
// threats 222
#[test]
fn characters_around_api_key_are_removed() {
    for input in [
        format!("\u{feff}{KEY}\r\n").into_bytes(),
        format!("\"{KEY}\"\n").into_bytes(),
        format!("'{KEY}'\n").into_bytes(),
        format!("\u{1b}[200~{KEY}\u{1b}[201~\n").into_bytes(),
        format!("\u{200b}{KEY}\u{200b}").into_bytes(),
    ] {
        let world = World::new();
        world.register_secret(KEY);
        import(&world, input).exits(0);
        assert_stored(&world);
    }
}

/// UTF-16 is what PowerShell 5 writes to a file.
// threats 222
#[test]
fn invalid_utf8_changes_nothing() {
    let world = World::new();
    let stored = world.signed_in(HOUR);
    let utf_16 = format!("\u{feff}{KEY}\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (input, problem) in [
        (b"sk-proj-\xff\xfe-0123456789abcdef".to_vec(), "it is not UTF-8"),
        (utf_16, "it is UTF-16: save it as UTF-8"),
    ] {
        let failed = import(&world, input);
        let message = format!("error: cannot read standard input: {problem}\n");
        failed.exits(1).prints("").says(&message);
        assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
    }
}

// threats 200
#[test]
fn empty_stdin_fails_immediately() {
    let world = World::new();
    let finished = world.command("login").arg("--with-api-key").run();
    finished.exits(1).prints("").says("error: standard input contains no API key: it is empty\n");
    assert_eq!(world.auth_json(), None);
}

/// The revocation comes after the key is stored.
#[test]
fn api_key_replaces_tokens_and_revokes_them() {
    let world = World::failing(Endpoint::Revoke, Then::Hold);
    let stored = world.signed_in(HOUR);
    world.register_secret(KEY);
    let running = world.command("login").arg("--with-api-key").with_stdin(KEY).start();
    world.sandbox.wait_for_requests_blocking(&Endpoint::Revoke, 1, TEST_TIMEOUT).unwrap();
    assert_stored(&world);
    world.sandbox.release();
    running.finish().exits(0).says_nothing_of("warning: ");
    let [request] = world.sandbox.requests().try_into().unwrap();
    assert!(request.json().unwrap()["token"] == *stored.refresh_token, "another token was revoked");
}

#[test]
fn failed_revocation_is_a_warning() {
    let world = World::failing(Endpoint::Revoke, Then::json(503, serde_json::json!({})));
    world.signed_in(HOUR);
    world.register_secret(KEY);
    let finished = import(&world, KEY);
    finished.exits(0).says(
        "warning: tokens that are no longer stored could not be revoked, and may still be valid: \
         the issuer refused: HTTP 503",
    );
    assert_stored(&world);
}

// threats 169
#[test]
fn unknown_fields_are_kept() {
    let world = World::new();
    let stored = StoredSignIn::new(&world, HOUR).with("/agent_identity", 7).stored(&world);
    world.register_secret(KEY);
    import(&world, KEY).exits(0);
    let mut expected = stored.document;
    expected["auth_mode"] = "apikey".into();
    expected["OPENAI_API_KEY"] = KEY.into();
    expected["tokens"] = serde_json::Value::Null;
    expected["last_refresh"] = serde_json::Value::Null;
    assert!(world.auth_document() == expected, "the document differs");
}

/// The backup is next to the new file.
// threats 168
#[test]
fn unreadable_file_is_backed_up() {
    let world = World::new();
    world.store("{\"tokens\":");
    world.register_secret(KEY);
    let finished = import(&world, KEY);
    finished.exits(0).says("warning: the old auth.json was unreadable; a copy is in ");
    assert_stored(&world);
    let copies: Vec<String> = world.stored_names();
    let copy = copies.iter().find(|name| name.starts_with("auth.json.corrupt-")).unwrap();
    let copy = std::fs::read_to_string(world.codex_home().join(copy)).unwrap();
    assert_eq!(copy, "{\"tokens\":");
}

/// The check happens before the prompt.
// threats 157
#[test]
fn unwritable_folder_fails_before_reading_key() {
    let world = World::new();
    crate::support::write(&world.codex_home(), "a file");
    let start = world.command("login").arg("--with-api-key").with_stdin(KEY);
    start.run().exits(1).prints("").says("error: cannot write ");
}

// threats 207
#[test]
fn key_argument_and_browser_options_are_refused() {
    let world = World::new();
    let import = |words: &[&str]| {
        let words = ["login", "--with-api-key"].iter().chain(words);
        world.program(words.copied()).with_stdin(KEY).run()
    };
    import(&[KEY]).exits(2).prints("");
    import(&["--no-browser"]).exits(2).says("--no-browser");
    import(&["--port", "0"]).exits(2).says("--port");
    import(&["--no-api-key"]).exits(2).says("--no-api-key");
    assert_eq!(world.auth_json(), None);
}

/// A pipe without a writer.
// threats 51
#[cfg(unix)]
#[test]
fn waiting_for_key_can_be_interrupted() {
    let world = World::new();
    let pipe = world.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let start = world.command("login").arg("--with-api-key");
    let running = start.in_shell("", &format!("<> {}", pipe.display())).start();
    // The folder is created right before the key is read.
    let since = std::time::Instant::now();
    while !world.codex_home().exists() {
        assert!(since.elapsed() < TEST_TIMEOUT, "it does not come that far");
        std::thread::yield_now();
    }
    running.signal(rustix::process::Signal::INT);
    running.finish().exits(130).prints("");
    assert_eq!(world.auth_json(), None);
}
