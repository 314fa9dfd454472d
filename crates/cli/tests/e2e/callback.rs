//! Unexpected requests to the callback server. A request without the right `state` changes nothing,
//! and the right callback still signs in.

use sandbox::{Account, Conduct, Endpoint, Iss, Scenario};
use url::Url;

use crate::support::{Finished, Page, Running, World, assert_policy, parameter};

// threats 9
#[test]
fn wrong_state_is_refused_and_the_wait_continues() {
    let world = World::new();
    let running = world.login().with_trace_log().start();
    let attacker = world.sandbox.person(Account::OWNER).with_conduct(Conduct::AltersState);
    let refused = running.visit_by(&attacker);
    let page = refused.last().unwrap();
    assert_eq!(page.status, 400);
    assert_policy(page, &[]);
    assert!(page.text().contains("State parameter mismatch"));
    assert_still_waits(&world, running);
}

/// The right callback signs in, and only its code is exchanged.
#[track_caller]
fn assert_still_waits(world: &World, running: Running<'_>) {
    assert_eq!(world.auth_json(), None);
    assert_eq!(world.count(&Endpoint::Token), 0);
    let trail = running.visit(Account::OWNER);
    assert_eq!(trail.last().unwrap().status, 200);
    running.finish().exits(0);
    let code = world.sandbox.issued().codes.pop().unwrap();
    let [redeemed] = world.sandbox.requests_at(&Endpoint::TokenCode).try_into().unwrap();
    assert!(redeemed.form().contains(&("code".to_owned(), code)));
}

// threats 10 13 15 23 28 29 30
#[test]
fn unexpected_requests_change_nothing() {
    let world = World::new();
    let running = world.login().start();
    let state = parameter(&running.auth_url(), "state");
    for (status, request_line) in unexpected_requests(&state) {
        let page = running.ask(&request_line);
        assert_eq!(page.status, status, "{request_line}");
        assert!(!page.body.contains("abc"), "{request_line} is reflected");
        assert_policy(page, if status == 405 { &["allow"] } else { &[] });
    }
    assert_still_waits(&world, running);
}

fn unexpected_requests(state: &str) -> Vec<(u16, String)> {
    let callback = format!("/auth/callback?code=abc&state={state}");
    let (first, flipped) = (&state[..state.len() - 1], with_flipped_bit(state));
    vec![
        (400, "GET /auth/callback".to_owned()),
        (400, "GET /auth/callback?code=abc".to_owned()),
        (400, "GET /auth/callback?code=abc&state=".to_owned()),
        (400, format!("GET /auth/callback?code=abc&state={first}")),
        (400, format!("GET /auth/callback?code=abc&state={state}x")),
        (400, format!("GET /auth/callback?code=abc&state={state}+")),
        (400, format!("GET /auth/callback?code=abc&state={state}%00")),
        (400, format!("GET /auth/callback?code=abc&state={flipped}")),
        (400, format!("GET /auth/callback?code=abc&state={}", state.to_uppercase())),
        (400, "GET /auth/callback?error=access_denied".to_owned()),
        (400, format!("GET /auth/callback?error=access_denied&state={state}x")),
        (400, format!("GET {callback}&state={state}")),
        (400, format!("GET {callback}&state=other")),
        (400, format!("GET {callback}&code=other")),
        (400, format!("GET {callback}&error=a&error=b")),
        (400, format!("GET /auth/callback?code=%ff&state={state}")),
        (404, "GET /success".to_owned()),
        (404, "GET /success?needs_setup=false".to_owned()),
        (404, "GET /favicon.ico".to_owned()),
        (404, "GET /".to_owned()),
        (404, "GET /cancel".to_owned()),
        (404, format!("POST {callback}")),
        (405, format!("HEAD {callback}")),
        (405, format!("OPTIONS {callback}")),
        (405, format!("DELETE {callback}")),
        (501, format!("FOO {callback}")),
    ]
}

/// Flips one bit of the first character.
fn with_flipped_bit(state: &str) -> String {
    let first = char::from(state.as_bytes()[0] ^ 1);
    format!("{first}{}", &state[1..])
}

/// Runs both flows with changed callback parameters. An empty value removes the parameter.
#[track_caller]
fn assert_callback_fails(changes: &[(&str, &str)], check: impl Fn(&Page, &Finished)) {
    for flow in [World::login, World::create_key] {
        let world = World::new();
        let running = flow(&world).with_trace_log().start();
        let callback = with_parameters(&running.callback(Account::OWNER), changes);
        let page = running.open(&callback);
        assert_policy(page.clone(), &[]);
        let finished = running.finish();
        finished.exits(1).prints("");
        check(&page, &finished);
        assert_eq!(world.count(&Endpoint::Token), 0);
        assert_eq!(world.auth_json(), None);
    }
}

fn with_parameters(url: &Url, changes: &[(&str, &str)]) -> Url {
    let is_kept = |name: &str| changes.iter().all(|(changed, _)| *changed != name);
    let kept = url.query_pairs().into_owned().filter(|(name, _)| is_kept(name));
    let set = changes.iter().filter(|(_, value)| !value.is_empty());
    let set = set.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let pairs: Vec<(String, String)> = kept.chain(set).collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(pairs);
    url
}

// threats 11
#[test]
fn callback_without_code_ends_the_sign_in() {
    assert_callback_fails(&[("code", "")], |page, finished| {
        assert_eq!(page.status, 400);
        assert!(page.body.contains("Missing authorization code"));
        finished.fails_with("the callback has no authorization code", "run the command again");
    });
}

// threats 12
#[test]
fn denied_sign_in_is_shown_in_browser_and_terminal() {
    let nothing_changed = "nothing was changed; run the command again to try once more";
    for (person, words) in [
        (Conduct::Denies, "The person cancelled the sign-in."),
        (Conduct::SignsIn, "The person denied the request."),
    ] {
        let world = World::new();
        let running = world.login().with_trace_log().start();
        let trail = running.visit_by(&world.sandbox.person(Account::DENIER).with_conduct(person));
        let page = trail.last().unwrap();
        assert_eq!(page.status, 403);
        assert_policy(page, &[]);
        assert!(page.text().contains("Sign-in was not granted"));
        let error = format!("sign-in was not granted (access_denied): {words}");
        running.finish().exits(1).prints("").fails_with(&error, nothing_changed);
        assert_eq!(world.count(&Endpoint::Token), 0);
        assert_eq!(world.stored_names(), Vec::<String>::new());
    }
}

// threats 12
#[test]
fn each_error_code_is_shown() {
    for error in [
        "invalid_request",
        "unauthorized_client",
        "unsupported_response_type",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
        "login_required",
        "consent_required",
        "something_else",
    ] {
        assert_callback_fails(&[("code", ""), ("error", error)], |page, finished| {
            assert_eq!(page.status, 403);
            let expected = format!("error: sign-in was not granted ({error})\n");
            assert_eq!(finished.error_lines(), expected);
        });
    }
}

// threats 14
#[test]
fn error_next_to_code_is_an_error() {
    assert_callback_fails(&[("error", "access_denied")], |page, finished| {
        assert_eq!(page.status, 403);
        finished.says("error: sign-in was not granted (access_denied)\n");
    });
}

/// The description from the issuer is shown on the terminal, without control characters.
// threats 19 192
#[test]
fn hostile_error_description_is_sanitized() {
    let hostile = "<script>alert(1)</script>\u{1b}[2J\r\nSet-Cookie: x\u{202e}\u{9b}31m";
    let changes = [("code", ""), ("error", "access_denied"), ("error_description", hostile)];
    assert_callback_fails(&changes, |page, finished| {
        assert_eq!(page.status, 403);
        assert!(!page.body.contains("alert(1)"));
        finished.says("(access_denied): <script>alert(1)</script>");
    });
}

// threats 16
#[test]
fn callback_from_another_issuer_ends_the_sign_in() {
    for iss in ["https://evil.test", "HTTP://127.0.0.1", "none"] {
        assert_callback_fails(&[("iss", iss)], |page, finished| {
            assert_eq!(page.status, 400);
            finished.fails_with(
                "the callback does not come from the issuer of this sign-in",
                "check --issuer; if it is right, someone may have interfered with the sign-in",
            );
        });
    }
}

// threats 16
#[test]
fn callback_with_correct_issuer_signs_in() {
    let world = World::with_scenario(Scenario { iss: Iss::Issuer, ..Scenario::default() });
    world.login().signs_in(Account::OWNER).exits(0);
}

// threats 17
#[test]
fn unknown_parameters_are_ignored() {
    let world = World::new();
    let running = world.login().start();
    let many: Vec<(String, String)> = (0..200).map(|n| (format!("x{n}"), "y".to_owned())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(name, value)| (&**name, &**value)).collect();
    let page = running.open(&with_parameters(&running.callback(Account::OWNER), &many));
    assert_eq!(page.status, 302);
    running.finish().exits(0);
}

// threats 18
#[test]
fn unusual_characters_in_code_reach_the_issuer_unchanged() {
    let odd = "a/b+c=d&e%f g~é:long-enough";
    let fixed = sandbox::Issued { codes: vec![odd.to_owned()], ..sandbox::Issued::default() };
    let world = World::with_scenario(Scenario { fixed, ..Scenario::default() });
    world.login().signs_in(Account::OWNER).exits(0);
    let [redeemed] = world.sandbox.requests_at(&Endpoint::TokenCode).try_into().unwrap();
    assert_eq!(redeemed.form()[1], ("code".to_owned(), odd.to_owned()));
}

// threats 20
#[test]
fn repeated_callback_exchanges_the_code_once() {
    let world = World::new();
    let running = world.login().start();
    let callback = running.callback(Account::OWNER);
    let line = format!("GET {}", &callback[url::Position::BeforePath..]);
    let open = {
        let port = running.port();
        move || Page::request(port, &line)
    };
    let pages: Vec<Page> = std::thread::scope(|scope| {
        let visits: Vec<_> = (0..5).map(|_| scope.spawn(&open)).collect();
        visits.into_iter().map(|visit| visit.join().unwrap()).collect()
    });
    assert!(pages.iter().all(|page| page.status == 302));
    running.finish().exits(0);
    assert_eq!(world.count(&Endpoint::TokenCode), 1);
    assert_eq!(world.count(&Endpoint::TokenExchange), 1);
}

// threats 22
#[test]
fn reload_gets_the_same_response() {
    let world = World::new();
    let running = world.login().start();
    let callback = running.callback(Account::OWNER);
    let (first, again) = (running.open(&callback), running.open(&callback));
    assert_eq!((first.status, again.status), (302, 302));
    assert_eq!(first.headers, again.headers);
    running.finish().exits(0);
    assert_eq!(world.count(&Endpoint::Token), 2);
}
