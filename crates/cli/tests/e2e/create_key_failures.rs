//! Failures during the creation of a key, and which key can be left at the platform.

use sandbox::{Account, Endpoint, Sandbox, Scenario, Then};
use serde_json::{Value, json};

use crate::support::{Finished, World};

/// Creation fails with an error on the terminal and in the browser. Nothing is stored, even with
/// `--save`.
#[track_caller]
fn assert_creation_fails(at: &Endpoint, then: Then) -> (World, Finished) {
    let world = World::failing(at.clone(), then);
    world.store(STORED);
    let running = world.create_key().with_trace_log().arg("--save").start();
    let trail = running.visit(Account::OWNER);
    let page = trail.last().unwrap();
    assert_eq!(page.status, 500);
    assert!(page.text().contains("No API key this time"));
    let finished = running.finish();
    finished.exits(1).prints("");
    assert_eq!(world.count(at), 1, "{at:?}");
    assert_eq!(world.auth_json().as_deref(), Some(STORED));
    (world, finished)
}

const STORED: &str = "{\"OPENAI_API_KEY\": \"sk-old\",   \"x\": 1}";

fn error(code: &str) -> Value {
    json!({"error": {"code": code, "message": "M", "type": "t", "param": null}})
}

const CALLS: [(Endpoint, &str); 4] = [
    (Endpoint::Onboarding, "log in to the platform"),
    (Endpoint::Organizations, "list the organizations"),
    (Endpoint::Projects, "list the projects"),
    (Endpoint::ApiKeys, "create the API key"),
];

// threats 126
#[test]
fn unauthorized_error_names_the_call() {
    for (at, call) in CALLS {
        let (_world, finished) =
            assert_creation_fails(&at, Then::json(401, error("invalid_token")));
        finished.fails_with(
            &format!("cannot {call}: the platform refused: HTTP 401, invalid_token: M"),
            "sign in again; if that does not help, check --issuer and --api-base",
        );
    }
}

// threats 128
#[test]
fn not_found_from_platform_is_an_error() {
    for (at, call) in CALLS.into_iter().filter(|(at, _)| *at != Endpoint::Projects) {
        let hint = match at {
            Endpoint::ApiKeys => {
                "no key was made; the project may be gone: run it again, or choose one with --project"
            }
            _ => "check --api-base",
        };
        let (_world, finished) = assert_creation_fails(&at, Then::json(404, error("not_found")));
        let words = format!("cannot {call}: the platform refused: HTTP 404, not_found: M");
        finished.fails_with(&words, hint);
    }
}

/// A firewall also returns 403 and 404, without information about projects.
// threats 71 127
#[test]
fn firewall_page_is_not_treated_as_access_denied() {
    for (status, hint) in [
        (
            403,
            "something on the way blocks this, such as a firewall or a rule for your country: try \
             another network, or ask the administrator of this one",
        ),
        (
            404,
            "something other than the server seems to have responded: check the network, the proxy and \
             --issuer",
        ),
    ] {
        let page = Then::text(status, "text/html", "<h1>Blocked</h1>");
        let (_world, finished) = assert_creation_fails(&Endpoint::Projects, page);
        finished.fails_with(
            &format!("cannot list the projects: the platform refused: HTTP {status}, not JSON"),
            hint,
        );
    }
}

#[test]
fn refused_session_sends_no_further_request() {
    let (world, finished) =
        assert_creation_fails(&Endpoint::Onboarding, Then::json(403, error("no_access")));
    finished.fails_with(
        "cannot log in to the platform: the platform refused: HTTP 403, no_access: M",
        "this account has no access to the platform: sign in to https://platform.openai.com with it to \
         check, or use another account",
    );
    assert_eq!(world.count(&Endpoint::Organizations), 0);
}

// threats 126 142
#[test]
fn invalid_session_key_is_not_used() {
    for odd in [json!(null), json!(""), json!(7), json!("a\r\nb: c")] {
        let then = Then::Replace { pointer: "/user/session/sensitive_id".to_owned(), value: odd };
        let (world, finished) = assert_creation_fails(&Endpoint::Onboarding, then);
        finished.says("error: cannot log in to the platform: ");
        assert_eq!(world.count(&Endpoint::Organizations), 0);
    }
}

// threats 141
#[test]
fn invalid_list_is_an_error() {
    for (at, call) in [CALLS[1].clone(), CALLS[2].clone()] {
        for (body, why) in [
            (json!({"data": null}), "has no usable `data`"),
            (json!({"data": {}}), "has no usable `data`"),
            (json!({}), "has no usable `data`"),
            (json!([]), "is not a JSON object"),
        ] {
            let (_world, finished) = assert_creation_fails(&at, Then::json(200, body));
            finished.says(&format!("error: cannot {call}: the response {why}"));
        }
    }
}

// threats 128 129
#[test]
fn refused_creation_leaves_no_key() {
    for (status, hint) in [
        (400, "no key was made: try again"),
        (403, "no key was made: ask an owner of the organization for access"),
        (409, "no key was made: choose another name with --name"),
    ] {
        let (_world, finished) =
            assert_creation_fails(&Endpoint::ApiKeys, Then::json(status, error("no")));
        let words =
            format!("cannot create the API key: the platform refused: HTTP {status}, no: M");
        finished.fails_with(&words, hint).says_nothing_of("may exist");
    }
}

const MAY_EXIST: &str = "hint: a key named \"Codex CLI\" may exist: look at \
                         https://platform.openai.com/api-keys before you try again\n";

// threats 132
#[test]
fn creation_with_unknown_outcome_is_not_retried() {
    for then in [
        Then::json(500, error("server_error")),
        Then::text(503, "text/html", "<h1>Busy</h1>"),
        Then::Lose,
        Then::Close,
        Then::Reset,
        Then::CutOff { after: 20 },
        Then::Endless,
        Then::Replace { pointer: "/key/sensitive_id".to_owned(), value: Value::Null },
    ] {
        let (_world, finished) = assert_creation_fails(&Endpoint::ApiKeys, then);
        finished.says("error: cannot create the API key: ").says(MAY_EXIST);
    }
}

// threats 144
#[test]
fn redirects_are_not_followed() {
    let elsewhere = Sandbox::start_in_thread(Scenario::default()).unwrap();
    for (at, call) in CALLS {
        let location = format!("{}/v1/organizations", elsewhere.issuer_url());
        let (world, finished) =
            assert_creation_fails(&at, Then::Redirect { status: 307, location });
        let words = format!("unexpected redirect from {} (HTTP 307)", world.host());
        finished.says(&format!("error: cannot {call}: {words}\n"));
    }
    assert_eq!(elsewhere.connections(), 0);
}

// threats 146
#[test]
fn oversized_responses_are_refused() {
    for (at, call) in CALLS {
        let (world, finished) = assert_creation_fails(&at, Then::Endless);
        let words = format!("the response of {} is larger than ", world.host());
        finished.says(&format!("error: cannot {call}: {words}"));
    }
}

// threats 192
#[test]
fn hostile_error_text_is_sanitized() {
    let words = "\u{1b}[2J\u{1b}]52;c;aGk=\u{7}\u{202e}\r\n".to_owned() + &"x".repeat(10_000);
    let body = json!({"error": {"code": "\u{1b}c", "message": words}});
    for (at, call) in CALLS {
        let (_world, finished) = assert_creation_fails(&at, Then::json(400, body.clone()));
        finished.says(&format!("error: cannot {call}: the platform refused: HTTP 400, "));
        assert!(finished.error_lines().len() < 800, "{}", finished.error_lines());
    }
}

/// Waiting does not create an id, so the search ends immediately. No other project is used.
#[test]
fn unknown_id_lists_the_available_ids() {
    for (option, error, hint) in [
        (
            "--organization",
            "error: this account has no organization org-none\n",
            "hint: you can choose: org-ada (Analytical Engines)\n",
        ),
        (
            "--project",
            "error: there is no project org-none\n",
            "hint: you can choose: proj_ada (Default project)\n",
        ),
    ] {
        let world = World::new();
        let finished = world.create_key().args([option, "org-none"]).signs_in(Account::OWNER);
        finished.exits(1).prints("").says(error).says(hint);
        assert_eq!(world.count(&Endpoint::ApiKeys), 0);
        assert_eq!(world.count(&Endpoint::Organizations), 1);
    }
}

/// With `--save`, an unwritable disk would lose the key, so it is checked first.
#[test]
fn key_is_not_created_if_store_is_unwritable() {
    let world = World::new();
    crate::support::write(&world.codex_home(), "a file");
    let finished = world.create_key().arg("--save").run();
    finished.exits(1).prints("").says("error: cannot write ").says_nothing_of("/oauth/authorize");
    assert!(world.sandbox.requests().is_empty());
}

/// Only a new sign-in replaces an unreadable file, so it is checked first.
// threats 168
#[test]
fn key_is_not_created_for_unreadable_file() {
    let world = World::new();
    world.store("not json");
    let finished = world.create_key().arg("--save").run();
    finished.exits(1).prints("").says("auth.json, line 1").says_nothing_of("/oauth/authorize");
    assert_eq!(world.auth_json().as_deref(), Some("not json"));
    assert!(world.sandbox.requests().is_empty());
}
