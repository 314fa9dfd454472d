//! Runs `status`, `token`, `logout` and `login` on every known form of `auth.json`. The files and
//! the table of expected results are in the tests of `auth-store`, so that other programs can use
//! them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sandbox::Account;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::support::{StoredSignIn, World};

/// A row of the table.
struct Case {
    name: String,
    status: i32,
    token: i32,
    says: Vec<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../auth-store/tests/corpus")
}

fn cases() -> Vec<Case> {
    let table = fs::read_to_string(folder().join("expected.txt")).unwrap();
    let lines = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(case).collect()
}

fn case(line: &str) -> Case {
    let mut words = line.split_whitespace();
    let mut word = || words.next().unwrap();
    let (name, status, token) = (word().to_owned(), word(), word());
    let says = words.collect::<Vec<_>>().join(" ");
    let says = says.split(" | ").filter(|text| !text.is_empty()).map(str::to_owned).collect();
    Case { name, status: status.parse().unwrap(), token: token.parse().unwrap(), says }
}

/// The content of a file with the tokens of this world instead of the fake ones.
fn content(name: &str, stored: &StoredSignIn) -> Vec<u8> {
    let bytes = fs::read(folder().join(name)).unwrap();
    let Ok(mut text) = String::from_utf8(bytes.clone()) else { return bytes };
    let plain: Value =
        serde_json::from_slice(&fs::read(folder().join("plain.json")).unwrap()).unwrap();
    for field in ["id_token", "access_token", "refresh_token"] {
        let of_world = stored.document["tokens"][field].as_str().unwrap();
        text = text.replace(plain["tokens"][field].as_str().unwrap(), of_world);
    }
    text.into_bytes()
}

const FAKE_KEY: &str = "sk-fake-not-a-secret";

/// Checks all files for which `status` exits with `status`.
#[track_caller]
fn assert_all(status: i32, fewest: usize) {
    let cases: Vec<Case> = cases().into_iter().filter(|case| case.status == status).collect();
    assert!(cases.len() >= fewest, "{}", cases.len());
    for case in cases {
        // A new world for each file keeps the search for secrets fast.
        let world = World::new();
        world.register_secret(FAKE_KEY);
        let stored = StoredSignIn::new(&world, 3600);
        let content = content(&case.name, &stored);
        assert_read(&world, &case, &content, &stored);
        assert_removed(&world, &case, &content);
        assert_replaced(&world, &case, &content);
    }
}

/// Reading does not change the file. The error comes before the hint to sign in.
fn assert_read(world: &World, case: &Case, content: &[u8], stored: &StoredSignIn) {
    world.store_bytes(content);
    let status = world.command("status").run();
    status.exits(case.status);
    let said = if case.status == 0 { &status.stdout } else { &status.stderr };
    for text in &case.says {
        assert!(said.contains(text), "{}: no {text:?} in {said}", case.name);
    }
    if case.status == 1 {
        assert!(said.contains("auth.json, line "), "{}: {said}", case.name);
        assert!(!said.contains("hint: sign in"), "{}: {said}", case.name);
    }
    let token = world.command("token").run();
    token.exits(case.token);
    if case.token == 0 {
        token.prints(&format!("{}\n", stored.access_token));
    }
    assert_eq!(fs::read(world.codex_home().join("auth.json")).unwrap(), content, "{}", case.name);
}

fn assert_removed(world: &World, case: &Case, content: &[u8]) {
    world.store_bytes(content);
    // The tokens in an unreadable file can still be valid.
    world.command("logout").run().exits(i32::from(case.status == 1));
    let left = world.auth_json().unwrap_or_default();
    assert!(left.trim().is_empty(), "{}", case.name);
}

/// The values of an object as they are written, by name.
fn members(object: &[u8]) -> BTreeMap<String, Box<RawValue>> {
    serde_json::from_slice(object).unwrap()
}

/// A new sign-in removes the fields of the old one and keeps all others.
fn assert_replaced(world: &World, case: &Case, content: &[u8]) {
    world.store_bytes(content);
    world.login().signs_in(Account::OWNER).exits(0);
    let after = world.auth_json().unwrap();
    let mut after = members(after.as_bytes());
    let tokens = members(after["tokens"].get().as_bytes());
    let names: Vec<&str> = tokens.keys().map(String::as_str).collect();
    assert_eq!(names, ["access_token", "account_id", "id_token", "refresh_token"], "{}", case.name);
    let theirs = after.remove("theirs");
    let fields: Vec<&str> = after.keys().map(String::as_str).collect();
    assert_eq!(fields, ["OPENAI_API_KEY", "auth_mode", "last_refresh", "tokens"], "{}", case.name);
    if case.status == 0 {
        let before = members(content).remove("theirs");
        let source = |value: Option<Box<RawValue>>| value.map(|value| value.get().to_owned());
        assert_eq!(source(theirs), source(before), "{}", case.name);
    }
    world.command("status").run().exits(0);
    assert_backed_up(world, case, content);
}

fn assert_backed_up(world: &World, case: &Case, content: &[u8]) {
    let names = world.stored_names();
    let copies = names.iter().filter(|name| name.starts_with("auth.json.corrupt-"));
    let copies: Vec<Vec<u8>> =
        copies.map(|name| fs::read(world.codex_home().join(name)).unwrap()).collect();
    match case.status {
        1 => assert_eq!(copies, [content], "{}", case.name),
        _ => assert!(copies.is_empty(), "{}", case.name),
    }
}

// threats 221
#[test]
fn readable_sign_ins_are_kept() {
    assert_all(0, 30);
}

// threats 221
#[test]
fn login_fills_files_without_sign_in() {
    assert_all(3, 5);
}

// threats 221
#[test]
fn unreadable_files_report_the_line_to_change() {
    assert_all(1, 30);
}

#[test]
fn each_file_has_one_row_in_the_table() {
    let mut files: Vec<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".json"))
        .collect();
    files.sort();
    let mut lines: Vec<String> = cases().into_iter().map(|case| case.name).collect();
    lines.sort();
    assert_eq!(files, lines);
    assert!(lines.len() >= 40);
}

/// The size limit for writing equals the one for reading.
// threats 168 221
#[test]
fn file_at_size_limit_is_read_and_larger_file_is_refused() {
    const LIMIT: usize = 1024 * 1024;
    let world = World::new();
    let stored = StoredSignIn::new(&world, 3600);
    for (size, code) in [(LIMIT, 0), (LIMIT + 1, 1)] {
        let mut content = content("plain.json", &stored);
        content.resize(size, b' ');
        world.store_bytes(&content);
        let status = world.command("status").run();
        status.exits(code);
        if code == 1 {
            status.says("is larger than 1048576 bytes\nhint: sign in again with login-cli login");
        }
    }
}
