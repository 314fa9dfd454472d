use std::path::Path;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use serde_json::json;

use super::server::{ClientData, ConnectionHandler, Server};
use crate::support::{Finished, StoredSignIn, World, jwt, modified};

/// An invalid server and the expected error.
pub(super) struct Row {
    name: &'static str,
    host: &'static str,
    handler_fn: ConnectionHandler,
    /// The text after the server name; `{today}` is the current date.
    words: &'static str,
    /// A part of the hint.
    hint: &'static str,
}

pub(super) fn row(name: &'static str, handler_fn: ConnectionHandler, words: &'static str) -> Row {
    Row { name, host: "localhost", handler_fn, words, hint: "" }
}

impl Row {
    /// Uses this host name.
    pub(super) fn at(self, host: &'static str) -> Self {
        Self { host, ..self }
    }

    pub(super) fn hint(self, hint: &'static str) -> Self {
        Self { hint, ..self }
    }
}

/// Longer than any refusal without a timeout.
const LONGEST: Duration = Duration::from_secs(15);

/// More at once would only wait for each other.
const PARALLEL: usize = 4;

/// All servers are refused. All failing rows are reported.
#[track_caller]
pub(super) fn assert_refused(ca_file: &Path, mut rows: Vec<Row>) {
    let mut failed = Vec::new();
    while !rows.is_empty() {
        let batch = rows.split_off(rows.len().saturating_sub(PARALLEL));
        failed.extend(failures(ca_file, batch));
    }
    assert!(failed.is_empty(), "{failed:?}");
}

/// The names of the failing rows. Each row runs in a thread with its name.
fn failures(ca_file: &Path, batch: Vec<Row>) -> Vec<&'static str> {
    thread::scope(|scope| {
        let start = |row: Row| {
            let named = thread::Builder::new().name(row.name.to_owned());
            (row.name, named.spawn_scoped(scope, || assert_row_refused(ca_file, row)).unwrap())
        };
        let started: Vec<_> = batch.into_iter().map(start).collect();
        let ended = started.into_iter().map(|(name, row)| (name, row.join()));
        ended.filter_map(|(name, outcome)| outcome.err().map(|_| name)).collect()
    })
}

fn assert_row_refused(ca_file: &Path, row: Row) {
    let world = World::new();
    let server = Server::start(row.handler_fn);
    let host = format!("{}:{}", row.host, server.port);
    let stored = signed_in_at(&world, &host);
    let begun = Instant::now();
    let finished = refresh(&world, &host, ca_file);
    let took = begun.elapsed();
    let seen = server.finish();

    finished.exits(1).prints("");
    let now = modified(&world.codex_home().join("auth.json"));
    assert_words(&finished, &host, (row.words, row.hint), now);
    assert!(took < LONGEST, "it took {took:?}");
    assert!(world.auth_json().unwrap() == stored.text(), "the file changed");
    assert!(!seen.is_empty(), "no request was sent");
    seen.iter().for_each(|seen| assert_nothing_sent(seen, &stored));
}

/// Stores an expired sign-in of this issuer.
pub(super) fn signed_in_at(world: &World, host: &str) -> StoredSignIn {
    let id_token = jwt(&json!({"iss": format!("https://{host}")}));
    world.register_secret(&id_token);
    StoredSignIn::new(world, -60).with("/tokens/id_token", id_token).stored(world)
}

/// `refresh` sends a secret immediately and does nothing else.
pub(super) fn refresh(world: &World, host: &str, ca_file: &Path) -> Finished {
    let refresh = world.program(["refresh", "--issuer"]).arg(format!("https://{host}"));
    refresh.arg("--ca-file").arg(ca_file).run()
}

/// Checks the error, with the current date, and the hint.
#[track_caller]
fn assert_words(finished: &Finished, host: &str, (words, help): (&str, &str), now: SystemTime) {
    let today = Timestamp::try_from(now).unwrap().to_string();
    let words = words.replace("{today}", &today[..10]);
    let (error, hint) = finished.stderr.split_once('\n').unwrap();
    let what = format!("error: cannot refresh the access token: no secure connection to {host}: ");
    assert_eq!(error, what + &words);
    assert!(hint.starts_with("hint: ") && hint.contains(help), "{hint:?}");
    assert_eq!(hint.lines().count(), 1, "{hint:?}");
}

/// The client started a handshake and sent no secret.
#[track_caller]
fn assert_nothing_sent(seen: &ClientData, stored: &StoredSignIn) {
    assert!(seen.wire.starts_with(&[22, 3]), "this is no ClientHello");
    assert!(seen.application.is_empty(), "{} bytes were sent", seen.application.len());
    let text = String::from_utf8_lossy(&seen.wire);
    assert!(!text.contains(&stored.refresh_token), "the refresh token was sent");
    assert!(!text.contains("HTTP/1.1"), "a request was sent");
}
