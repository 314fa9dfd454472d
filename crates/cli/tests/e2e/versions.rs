//! Another version of this program or of Codex CLI uses the same files. Unknown fields are kept,
//! and both use the same two lock files.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::thread;
use std::time::Instant;

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use sandbox::{Account, Endpoint, Recorded};
use serde_json::{Value, json};

use crate::support::{Finished, Start, StoredSignIn, TEST_TIMEOUT, World};

const HOUR: i64 = 60 * 60;
const KEY: &str = "sk-proj-a-key_of-Somebody-0123456789";

/// A document with unknown fields at every level.
const NEWER: &str = r#"{
    "format": {"version": 9, "features": ["a", {"b": null}], "checksum": 12345678901234567890.10},
    "auth_mode": "chatgpt",
    "workspaces": [{"id": "ws_1", "tokens": {"access_token": null}, "last_refresh": 7}, "\ud83d\udd11"],
    "OPENAI_API_KEY": null,
    "tokens": {
        "proof": {"kty": "EC", "rounds": 1e300, "id_token": []},
        "id_token": "", "access_token": "", "refresh_token": "",
        "expires_at": 99999999999999999999,
        "account_id": "acct-ada"
    },
    "last_refresh": "",
    "refreshed_by": {"name": "a newer one", "version": "9.0.0"}
}"#;

/// Such a document for the owner, with an access token that expires in `seconds_left`.
fn newer(world: &World, seconds_left: i64) -> StoredSignIn {
    let known = StoredSignIn::new(world, seconds_left);
    let mut document: Value = serde_json::from_str(NEWER).unwrap();
    for name in ["id_token", "access_token", "refresh_token"] {
        document["tokens"][name] = known.document["tokens"][name].clone();
    }
    document["last_refresh"] = known.document["last_refresh"].clone();
    StoredSignIn { document, ..known }
}

/// The document has exactly these values in this order.
#[track_caller]
fn assert_stored(world: &World, expected: &Value) {
    let expected = serde_json::to_string_pretty(expected).unwrap();
    assert!(world.auth_json().unwrap() == expected, "the document differs");
}

/// The document with the latest tokens and the stored time.
fn refreshed(world: &World, before: &Value) -> Value {
    let (mut document, issued) = (before.clone(), world.sandbox.issued());
    document["tokens"]["id_token"] = json!(issued.id_tokens.last());
    document["tokens"]["access_token"] = json!(issued.access_tokens.last());
    document["tokens"]["refresh_token"] = json!(issued.refresh_tokens.last());
    let last_refresh = world.auth_document()["last_refresh"].clone();
    assert_ne!(last_refresh, before["last_refresh"]);
    document["last_refresh"] = last_refresh;
    document
}

/// A command that writes the document, and the expected result; `None` if it removes the file.
#[derive(Clone, Copy)]
struct Writes {
    start: fn(&World) -> Start<'_>,
    browser: bool,
    /// The number of revoked tokens.
    revokes: usize,
    leaves: fn(&World, &Value) -> Option<Value>,
}

const LOGOUT: Writes = Writes {
    start: |world| world.command("logout"),
    browser: false,
    revokes: 1,
    leaves: |_, _| None,
};

const LOGIN: Writes = Writes {
    start: World::login,
    browser: true,
    // Both sign-ins belong to the same account.
    revokes: 0,
    leaves: |world, before| {
        let mut document = with_key_of_issuer(world, refreshed(world, before));
        // Other fields in `tokens` belong to the old tokens.
        let tokens = document["tokens"].take();
        for name in ["id_token", "access_token", "refresh_token", "account_id"] {
            document["tokens"][name] = tokens[name].clone();
        }
        Some(document)
    },
};

const CREATE_KEY: Writes = Writes {
    start: |world| world.create_key().arg("--save"),
    browser: true,
    revokes: 0,
    leaves: |world, before| Some(with_key_of_issuer(world, before.clone())),
};

const LOGIN_WITH_KEY: Writes = Writes {
    start: |world| world.command("login").arg("--with-api-key").with_stdin(KEY),
    browser: false,
    revokes: 1,
    leaves: |_, before| {
        let mut document = before.clone();
        document["auth_mode"] = "apikey".into();
        document["OPENAI_API_KEY"] = KEY.into();
        // All fields in `tokens` belong to the old sign-in.
        document["tokens"] = Value::Null;
        document["last_refresh"] = Value::Null;
        Some(document)
    },
};

const WRITES: [Writes; 4] = [LOGOUT, LOGIN, CREATE_KEY, LOGIN_WITH_KEY];

fn with_key_of_issuer(world: &World, mut document: Value) -> Value {
    document["OPENAI_API_KEY"] = json!(world.sandbox.issued().api_keys.last());
    document
}

impl Writes {
    #[track_caller]
    fn assert_done(self, world: &World, before: &Value) {
        match (self.leaves)(world, before) {
            Some(document) => assert_stored(world, &document),
            None => assert_eq!(world.auth_json(), None),
        }
    }
}

// threats 211
#[test]
fn new_fields_survive_a_refresh() {
    for command in ["token", "refresh"] {
        let world = World::new();
        let before = newer(&world, -HOUR).stored(&world);
        world.command(command).run().exits(0);
        assert_stored(&world, &refreshed(&world, &before.document));
    }
}

// threats 211
#[test]
fn new_fields_survive_other_commands() {
    for writes in WRITES {
        let world = World::new();
        world.register_secret(KEY);
        let before = newer(&world, HOUR).stored(&world);
        let running = (writes.start)(&world).start();
        if writes.browser {
            running.visit(Account::OWNER);
        }
        running.finish().exits(0);
        writes.assert_done(&world, &before.document);
    }
}

/// Only the newer version can refresh such a sign-in. Other commands work.
// threats 211
#[test]
fn newer_kind_of_sign_in_is_not_refreshed() {
    let of_newer_kind = |seconds_left| {
        let world = World::new();
        let before = newer(&world, seconds_left).with("/auth_mode", "passkey").stored(&world);
        (world, before)
    };
    let (world, before) = of_newer_kind(-HOUR);
    let hint = "refresh it with the program that made it, or sign in here with login-cli login";
    let path = world.codex_home().join("auth.json");
    let over = format!(
        "no longer signed in: the access token in {} expired 1 hour ago, and only the program that \
         made it can refresh it",
        path.display()
    );
    for command in ["token", "refresh"] {
        world.command(command).run().exits(3).prints("").fails_with(&over, hint);
        assert_stored(&world, &before.document);
    }
    assert_eq!(world.sandbox.connections(), 0);

    let (world, before) = of_newer_kind(60);
    let error = "the sign-in belongs to another program (auth_mode passkey)";
    world.command("refresh").run().exits(1).prints("").fails_with(error, hint);
    world.command("token").run().exits(0).prints(&format!("{}\n", before.access_token));
    assert_eq!(world.sandbox.connections(), 0);

    for writes in [LOGOUT, CREATE_KEY] {
        let (world, before) = of_newer_kind(HOUR);
        let running = (writes.start)(&world).start();
        if writes.browser {
            running.visit(Account::OWNER);
        }
        running.finish().exits(0);
        writes.assert_done(&world, &before.document);
    }
}

/// The lock files of all versions and of Codex CLI, in locking order.
const LOCKS: [&str; 2] = ["auth.lock", "auth.json.lock"];

/// Runs the command while another process holds this lock. That process writes its own document
/// before it releases the lock. Until then, the command changes nothing.
#[track_caller]
fn run_while_locked(
    world: &World,
    name: &str,
    start: Start<'_>,
    browser: bool,
) -> (StoredSignIn, Finished) {
    world.register_secret(KEY);
    let (before, theirs) = (newer(world, -HOUR).stored(world), newer(world, HOUR));
    let lock = File::create(world.codex_home().join(name)).unwrap();
    lock.lock().unwrap();
    let running = start.start();
    if browser {
        // The command first checks that the store is writable.
        running.auth_url();
    }
    let tries = Opens::watch(&world.codex_home().join(name));
    let visit = browser.then(|| running.start_visit(Account::OWNER));
    tries.wait(3);
    assert_stored(world, &before.document);
    let theirs = theirs.stored(world);
    drop(lock);
    visit.map(|visit| running.join_visit(visit));
    (theirs, running.finish())
}

/// Counts how often a file is opened, which a process does repeatedly while it waits for a lock.
struct Opens(OwnedFd);

impl Opens {
    fn watch(path: &Path) -> Self {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).unwrap();
        inotify::add_watch(&inotify, path, WatchFlags::OPEN).unwrap();
        Self(inotify)
    }

    #[track_caller]
    fn wait(&self, mut times: usize) {
        let begun = Instant::now();
        while times > 0 {
            assert!(begun.elapsed() < TEST_TIMEOUT, "no process tries to lock the file");
            match rustix::io::read(&self.0, &mut [0; 4096]) {
                Ok(_) => times -= 1,
                Err(_) => thread::yield_now(),
            }
        }
    }
}

// threats 211
#[test]
fn refresh_by_another_release_is_awaited_and_used() {
    for name in LOCKS {
        for command in ["token", "refresh"] {
            let world = World::new();
            let (theirs, finished) = run_while_locked(&world, name, world.command(command), false);
            let token = format!("{}\n", theirs.access_token);
            finished.exits(0).prints(if command == "token" { &token } else { "" });
            assert_stored(&world, &theirs.document);
            assert_eq!(world.sandbox.connections(), 0);
        }
    }
}

/// The command uses the latest document of the other version, and revokes its tokens.
// threats 211
#[test]
fn command_waits_for_and_uses_the_save_of_another_version() {
    for name in LOCKS {
        for writes in WRITES {
            let world = World::new();
            let (theirs, finished) =
                run_while_locked(&world, name, (writes.start)(&world), writes.browser);
            finished.exits(0);
            writes.assert_done(&world, &theirs.document);
            let revoked = world.sandbox.requests_at(&Endpoint::Revoke);
            let token = |request: &Recorded| request.json().unwrap()["token"].clone();
            let revoked: Vec<Value> = revoked.iter().map(token).collect();
            let expected = vec![json!(theirs.refresh_token); writes.revokes];
            assert!(revoked == expected, "another token was revoked");
        }
    }
}
