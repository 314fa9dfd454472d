//! The checks of every run.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use sandbox::{Endpoint, Recorded, Step};

#[cfg(target_os = "linux")]
use super::pty::Escapes;
use super::schema::ExpectedJson;
use super::world::names_in;
use super::{Canaries, Finished, Page, TEST_TIMEOUT, World};

/// The exit codes of the program. A panic (101) and signals are not allowed.
const EXIT_CODES: [i32; 7] = [0, 1, 2, 3, 13, 130, 143];

/// What this run may do and others may not.
#[derive(Clone, Copy, Default)]
pub(crate) struct Allowed {
    /// The secret that may appear on standard output.
    pub(crate) prints: Printed,
    /// The secret that may appear on the terminal, if standard output is a terminal.
    pub(crate) shows: Printed,
    /// The JSON on standard output, if it is that of the program.
    pub(crate) json: Option<ExpectedJson>,
    /// Whether it may have the exit code of another program (`exec`).
    pub(crate) ends_as_another: bool,
}

/// A secret that is the result of a command.
#[derive(Clone, Copy, Default)]
pub(crate) enum Printed {
    #[default]
    Nothing,
    ApiKey,
    AccessToken,
    IdToken,
    /// `env` prints both.
    KeyAndToken,
}

// threats 193 208
#[track_caller]
pub(crate) fn assert_invariants(world: &World, finished: &Finished, allowed: Allowed) {
    let is_ours = EXIT_CODES.contains(&finished.code);
    assert!(is_ours || allowed.ends_as_another, "{}: {}", finished.code, finished.stderr);
    assert_eq!(hostile(&finished.stderr), None, "stderr: {:?}", finished.stderr);
    assert_eq!(hostile(&finished.log), None, "log: {:?}", finished.log);
    assert_eq!(hostile(&finished.stdout), None);
    assert!(finished.stderr.matches("/oauth/authorize?").count() <= 1, "more than one URL");
    if !finished.stderr.contains("the new content is in") {
        // A panic exits immediately and cannot remove its temporary file.
        let panicked = finished.stderr.contains("had to stop because of an internal error");
        assert_nothing_left_behind(world, panicked);
    }
    assert_no_secret(world, finished, allowed);
    if let Some(json) = allowed.json {
        json.assert_in(finished);
    }
}

/// Additional checks of a run on a terminal: only harmless escape sequences, and no secret on the
/// screen at any time.
// threats 192 193
#[cfg(target_os = "linux")]
#[track_caller]
pub(crate) fn assert_terminal_invariants(world: &World, escapes: &Escapes, allowed: Allowed) {
    assert_eq!(escapes.strange, [""; 0], "on the terminal");
    assert_eq!(hostile(&escapes.text), None, "on the terminal: {:?}", escapes.text);
    let canaries = all_canaries(world);
    let text = without_printed(world, &without_state(&escapes.text), allowed.shows);
    assert_eq!(canaries.found_in(text.as_bytes()), None, "a secret on the terminal, at this byte");
    for link in &escapes.links {
        let found = canaries.found_in(without_state(link).as_bytes());
        assert_eq!(found, None, "a secret in a hyperlink, at this byte");
    }
}

fn all_canaries(world: &World) -> Canaries {
    let secrets = [world.sandbox.canaries(), world.registered_secrets()].concat();
    Canaries::new(&secrets)
}

/// The first control or invisible character.
pub(crate) fn hostile(text: &str) -> Option<char> {
    text.chars().find(|c| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}')
            || matches!(c, '\u{2060}'..='\u{2069}')
    })
}

/// No temporary file stays, because it could contain a secret. Files with other names do not belong
/// to the program.
#[track_caller]
fn assert_nothing_left_behind(world: &World, panicked: bool) {
    // Another program in this world can be saving.
    let begun = Instant::now();
    while let Some(strange) = folders(world).iter().find_map(|it| unexpected_file_in(it, panicked))
    {
        assert!(begun.elapsed() < TEST_TIMEOUT, "{strange}");
        thread::yield_now();
    }
}

fn folders(world: &World) -> Vec<PathBuf> {
    let profiles = world.profiles().into_iter().map(|(_, folder)| folder);
    profiles.chain([world.codex_home()]).collect()
}

fn unexpected_file_in(folder: &Path, panicked: bool) -> Option<String> {
    let known = |name: &String| {
        matches!(name.as_str(), "auth.json" | "auth.lock" | "auth.json.lock")
            || name.starts_with("auth.json.corrupt-")
            || !name.starts_with("auth")
            // A panic does not wait for the thread that saves; the next program to take the lock recovers it.
            || (name == "auth.json.login-cli.tmp"
                && (panicked || (is_blank(&folder.join(name)) && is_locked(folder))))
            // A test created this file.
            || folder.join(name).is_dir()
    };
    names_in(folder).into_iter().find(|name| !known(name))
}

/// Whether the file is reserved space without data.
fn is_blank(path: &Path) -> bool {
    fs::read(path).is_ok_and(|content| content.iter().all(|&byte| byte == b'\n'))
}

/// Whether another program holds the locks.
fn is_locked(folder: &Path) -> bool {
    let lock = fs::File::open(folder.join("auth.json.lock"));
    lock.is_ok_and(|lock| lock.try_lock_shared().is_err())
}

#[track_caller]
fn assert_no_secret(world: &World, finished: &Finished, allowed: Allowed) {
    let canaries = all_canaries(world);
    if canaries.is_empty() {
        return;
    }
    let is_clean = |what: &str, bytes: &[u8]| {
        assert_eq!(canaries.found_in(bytes), None, "a secret in {what}, at this byte");
    };
    let stdout = without_printed(world, &without_state(&finished.stdout), allowed.prints);
    is_clean("stdout", stdout.as_bytes());
    let stderr = without_printed(world, &without_state(&finished.stderr), allowed.shows);
    is_clean("stderr", stderr.as_bytes());
    is_clean("log", finished.log.as_bytes());
    for step in finished.trails.iter().flat_map(|trail| &trail.steps) {
        if is_ours(world, step) {
            let (head, body) = seen_by_browser(world, step);
            is_clean(&format!("the head of {step:?}"), head.as_bytes());
            is_clean(&format!("the page of {step:?}"), body.as_bytes());
        }
    }
    for Page { headers, body, .. } in &finished.pages {
        is_clean("a page", format!("{headers:?}{body}").as_bytes());
    }
    for request in world.sandbox.requests() {
        is_clean(&format!("the head of {request:?}"), head_of(&request).as_bytes());
    }
}

/// Removes one copy of the secret that the command may print.
fn without_printed(world: &World, text: &str, prints: Printed) -> String {
    let issued = world.sandbox.issued();
    let issued = match prints {
        Printed::Nothing => return text.to_owned(),
        Printed::ApiKey => issued.api_keys,
        Printed::AccessToken => issued.access_tokens,
        Printed::IdToken => issued.id_tokens,
        Printed::KeyAndToken => {
            let without_key = without_printed(world, text, Printed::ApiKey);
            return without_printed(world, &without_key, Printed::AccessToken);
        }
    };
    let allowed = [issued, world.registered_secrets()].concat();
    match allowed.iter().find(|secret| text.contains(*secret)) {
        Some(secret) => text.replacen(secret, "", 1),
        None => text.to_owned(),
    }
}

/// Removes the state from authorization URLs. It is at the end of the URL or before the workspaces,
/// or in the `url` event.
fn without_state(text: &str) -> String {
    let may_have_it =
        |line: &str| line.starts_with("http") || line.starts_with(r#"{"event":"url","url":""#);
    let without = |line: &str| match line.split_once("&state=") {
        Some((url, rest)) if may_have_it(line) => {
            let after = rest.find(['&', '"']).unwrap_or(rest.len());
            format!("{url}{}\n", &rest[after..])
        }
        _ => format!("{line}\n"),
    };
    text.lines().map(without).collect()
}

/// Whether the response came from the callback server.
fn is_ours(world: &World, step: &Step) -> bool {
    !step.url.as_str().starts_with(world.sandbox.issuer_url())
}

/// The URL, headers and page that a browser keeps. The callback URL contains code and state, and
/// the finish-setup page contains the ID token.
fn seen_by_browser(world: &World, step: &Step) -> (String, String) {
    let url = if step.url.path() == "/auth/callback" { "" } else { step.url.as_str() };
    let headers = step.headers.iter().map(|(name, value)| format!("{name}: {value}\n"));
    let mut body = step.text();
    if step.url.path() == "/success" {
        for id_token in world.sandbox.issued().id_tokens {
            body = body.replace(&format!("&amp;t={id_token}&amp;"), "");
        }
    }
    (format!("{url}\n{}", headers.collect::<String>()), body)
}

/// Secrets are allowed in a body or in `Authorization`. Requests of the browser contain the state.
fn head_of(request: &Recorded) -> String {
    let is_browser = matches!(request.endpoint, Endpoint::Authorize | Endpoint::Choice);
    let query = request.query.as_deref().filter(|_| !is_browser).unwrap_or_default();
    let headers = request.headers.iter().filter(|(name, _)| name != "authorization");
    let headers = headers.map(|(name, value)| format!("{name}: {value}\n"));
    format!("{}?{query}\n{}", request.path, headers.collect::<String>())
}
