//! What is held against every run, whatever it was for.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use sandbox::{Endpoint, Recorded, Step};

#[cfg(target_os = "linux")]
use super::pty::Escapes;
use super::world::names_in;
use super::{Canaries, Finished, Page, TEST_TIMEOUT, World};

/// The exit codes of the program; a panic (101) or a signal is none of them.
const EXIT_CODES: [i32; 7] = [0, 1, 2, 3, 13, 130, 143];

/// What a run may do, because it is for that, and others may not.
#[derive(Clone, Copy, Default)]
pub(crate) struct Allowed {
    /// The one secret that may be on standard output.
    pub(crate) prints: Printed,
    /// The one that may be on the terminal, because standard output leads there.
    pub(crate) shows: Printed,
    /// Whether it may end as the program does that takes its place.
    pub(crate) ends_as_another: bool,
}

/// A secret that is the result of a run.
#[derive(Clone, Copy, Default)]
pub(crate) enum Printed {
    #[default]
    Nothing,
    ApiKey,
    AccessToken,
    IdToken,
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
    if !finished.stderr.contains("what is new is kept in") {
        // A panic ends the process where it is, and cannot remove what it has reserved.
        let panicked = finished.stderr.contains("had to stop because of an internal error");
        assert_nothing_left_behind(world, panicked);
    }
    assert_no_secret(world, finished, allowed);
}

/// What a run at a terminal has to keep to beside that: it obeys the run in little, and no secret was
/// ever to be seen on it, not even for a moment.
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
    Canaries::new(secrets.iter().map(String::as_str))
}

/// The first character that a terminal would obey, or that a person could not see.
pub(crate) fn hostile(text: &str) -> Option<char> {
    text.chars().find(|c| {
        (c.is_control() && *c != '\n')
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}')
            || matches!(c, '\u{2060}'..='\u{2069}')
    })
}

/// No temporary file: it could hold a secret. What has another name is not ours.
#[track_caller]
fn assert_nothing_left_behind(world: &World, panicked: bool) {
    // Another program of this world may be in the middle of a save.
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
            || (name == "auth.json.login-cli.tmp"
                && is_blank(&folder.join(name))
                && (panicked || is_locked(folder)))
            // A test has put one there.
            || folder.join(name).is_dir()
    };
    names_in(folder).into_iter().find(|name| !known(name))
}

/// Whether it is room for an answer, and holds nothing yet.
fn is_blank(path: &Path) -> bool {
    fs::read(path).is_ok_and(|content| content.iter().all(|&byte| byte == b'\n'))
}

/// Whether another program holds the locks, and may wait for an answer.
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

/// A secret that was printed where that is what the command is for counts once.
fn without_printed(world: &World, text: &str, prints: Printed) -> String {
    let issued = world.sandbox.issued();
    let issued = match prints {
        Printed::Nothing => return text.to_owned(),
        Printed::ApiKey => issued.api_keys,
        Printed::AccessToken => issued.access_tokens,
        Printed::IdToken => issued.id_tokens,
    };
    let allowed = [issued, world.registered_secrets()].concat();
    match allowed.iter().find(|secret| text.contains(*secret)) {
        Some(secret) => text.replacen(secret, "", 1),
        None => text.to_owned(),
    }
}

/// The authorization URL has the state, and it alone: it stands at the end of its line, or before
/// the workspaces; or in the one event that is for it.
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

/// Whether the answer came from the program and not from the sandbox.
fn is_ours(world: &World, step: &Step) -> bool {
    !step.url.as_str().starts_with(world.sandbox.issuer_url())
}

/// What the browser keeps of an answer: its URL, its headers and its page. The URL of the callback
/// has code and state by its nature; the page that finishes the setup has the ID token by contract.
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

/// A secret travels in a body, or behind `Authorization`; the browser's own requests have the state.
fn head_of(request: &Recorded) -> String {
    let is_browser = matches!(request.endpoint, Endpoint::Authorize | Endpoint::Choice);
    let query = request.query.as_deref().filter(|_| !is_browser).unwrap_or_default();
    let headers = request.headers.iter().filter(|(name, _)| name != "authorization");
    let headers = headers.map(|(name, value)| format!("{name}: {value}\n"));
    format!("{}?{query}\n{}", request.path, headers.collect::<String>())
}
