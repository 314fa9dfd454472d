//! All failures of the token endpoint, for the two requests of `login` and the one of `create-key`.
//! Each request is sent once, nothing is stored, the browser shows an error, and no message
//! contains a secret.

use sandbox::{Account, Body, Endpoint, Fault, Issued, Reply, Sandbox, Scenario, Then};
use serde_json::{Value, json};

use crate::support::{Start, World};

/// A request to the token endpoint and its error message.
#[derive(Clone, Copy)]
struct Request {
    flow: fn(&World) -> Start<'_>,
    exchange: bool,
    error: &'static str,
    hint: &'static str,
    page: &'static str,
}

const SIGN_IN_CODE: Request = Request {
    flow: World::login,
    exchange: false,
    error: "cannot exchange the code for tokens",
    hint: "a code works once and for a short time: sign in again",
    page: "Sign-in failed",
};

/// With `--require-api-key`. Otherwise the sign-in is stored without a key.
const KEY_EXCHANGE: Request = Request {
    flow: |world| world.login().arg("--require-api-key"),
    exchange: true,
    error: "cannot exchange the sign-in for an API key",
    hint: "to sign in without an API key, leave --require-api-key out",
    ..SIGN_IN_CODE
};

const CREATE_KEY_CODE: Request =
    Request { flow: World::create_key, page: "No API key this time", ..SIGN_IN_CODE };

const REQUESTS: [Request; 3] = [SIGN_IN_CODE, KEY_EXCHANGE, CREATE_KEY_CODE];

impl Request {
    fn at(self) -> Endpoint {
        if self.exchange { Endpoint::TokenExchange } else { Endpoint::TokenCode }
    }

    /// The hint for a failure of this request.
    fn hint(self, hint: ExpectedHint) -> &'static str {
        match hint {
            // The response is lost, so a key can exist.
            ExpectedHint::IfResponseLost(_) if self.exchange => {
                "a key named \"Codex CLI [auto-generated] ("
            }
            ExpectedHint::OfRequest | ExpectedHint::ForCode(_) | ExpectedHint::CheckClientId
                if self.exchange =>
            {
                self.hint
            }
            ExpectedHint::OfRequest => self.hint,
            ExpectedHint::ForCode(hint) => hint,
            ExpectedHint::CheckClientId => "check --client-id",
            ExpectedHint::CheckNetwork => ELSEWHERE,
            ExpectedHint::UseAnotherNetwork => BLOCKED,
            ExpectedHint::IfResponseLost(hint) => hint.unwrap_or(self.hint),
            ExpectedHint::Wait => "wait a little, and try again\n",
            ExpectedHint::WaitFor(hint) => hint,
        }
    }

    #[track_caller]
    fn assert_fails(self, then: &Then, words: &str, hint: ExpectedHint) {
        let world = World::failing(self.at(), then.clone());
        let running = (self.flow)(&world).with_trace_log().start();
        let trail = running.visit(Account::OWNER);
        let page = trail.last().unwrap();
        assert_eq!(page.status, 500);
        assert!(page.text().contains(self.page));
        let finished = running.finish();
        let words = words.replace("HOST", world.host());
        let error = format!("error: {}: {words}\nhint: {}", self.error, self.hint(hint));
        let last_words = finished.exits(1).prints("").error_lines();
        assert!(last_words.starts_with(&error), "{last_words:?} is not {error:?}");
        assert_eq!(world.count(&self.at()), 1);
        assert_eq!(world.count(&Endpoint::Onboarding), 0);
        assert_eq!(world.auth_json(), None);
    }
}

/// The expected hint.
#[derive(Clone, Copy)]
enum ExpectedHint {
    /// The hint of the request.
    OfRequest,
    /// This hint, if a code was refused.
    ForCode(&'static str),
    /// Check the client id.
    CheckClientId,
    /// Check what is between the program and the server.
    CheckNetwork,
    /// Use another network.
    UseAnotherNetwork,
    /// This hint, if only a response is lost.
    IfResponseLost(Option<&'static str>),
    /// Wait.
    Wait,
    /// Wait for this time.
    WaitFor(&'static str),
}

const BLOCKED: &str = "something on the way blocks this, such as a firewall or a rule for your \
                       country: try another network, or ask the administrator of this one";

const ELSEWHERE: &str = "something other than the server seems to have responded: check the network, the proxy and --issuer";

const ODD: Option<&str> = Some("sign in again; if that does not help, look for a newer login-cli");

const LATER: Option<&str> = Some("the server returned an error: try again later");

#[track_caller]
fn assert_fails_everywhere(then: &Then, words: &str, hint: ExpectedHint) {
    for place in REQUESTS {
        place.assert_fails(then, words, hint);
    }
}

// threats 5 69 77 88
#[test]
fn each_oauth_error_is_shown() {
    for code in [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "invalid_target",
    ] {
        let body = json!({"error": code, "error_description": "Why it is so"});
        let words = format!("the issuer refused: HTTP 400, {code}: Why it is so");
        let hint = if code.ends_with("_client") {
            ExpectedHint::CheckClientId
        } else {
            ExpectedHint::OfRequest
        };
        assert_fails_everywhere(&Then::json(400, body), &words, hint);
    }
}

// threats 70
#[test]
fn each_error_format_is_parsed() {
    let body = json!({"error": {"code": "token_expired", "message": "M", "type": "t"}});
    for (body, words) in [
        (body, "HTTP 401, token_expired: M"),
        (json!({"error": "x"}), "HTTP 401, x"),
        (json!({"code": "y"}), "HTTP 401, y"),
        (json!({"detail": "Why"}), "HTTP 401: Why"),
        (json!({"error": {}}), "HTTP 401"),
        (json!(["x"]), "HTTP 401"),
        (json!("x"), "HTTP 401"),
        (Value::Null, "HTTP 401"),
    ] {
        let words = format!("the issuer refused: {words}");
        SIGN_IN_CODE.assert_fails(&Then::json(401, body), &words, ExpectedHint::OfRequest);
    }
    let empty = Then::text(401, "application/json", "");
    SIGN_IN_CODE.assert_fails(
        &empty,
        "the issuer refused: HTTP 401, not JSON",
        ExpectedHint::CheckNetwork,
    );
}

// threats 69
#[test]
fn special_status_codes_have_their_own_messages() {
    for (status, hint) in [
        (
            403,
            "your workspace or country may not allow this sign-in: ask the administrator of the workspace",
        ),
        (404, "check --issuer\n"),
        (409, SIGN_IN_CODE.hint),
    ] {
        let words = format!("the issuer refused: HTTP {status}, no: M");
        let body = json!({"error": {"code": "no", "message": "M"}});
        assert_fails_everywhere(&Then::json(status, body), &words, ExpectedHint::ForCode(hint));
    }
}

/// The longest shown time is one day.
// threats 78
#[test]
fn retry_after_is_shown() {
    for (asked, hint) in [
        ("90", "wait 90 seconds, and try again\n"),
        ("120", "wait 2 minutes, and try again\n"),
        ("0", "wait 1 second, and try again\n"),
        ("1000000000", "wait 24 hours, and try again\n"),
        ("-1", "wait a little, and try again\n"),
        ("soon", "wait a little, and try again\n"),
    ] {
        let headers = vec![("retry-after".to_owned(), asked.to_owned())];
        let body = Body::Json(json!({"error": "slow_down"}));
        let then = Then::Respond(Reply { status: 429, headers, body });
        let words = "the issuer refused: HTTP 429, slow_down";
        SIGN_IN_CODE.assert_fails(&then, words, ExpectedHint::WaitFor(hint));
    }
}

// threats 71 77 78
#[test]
fn proxy_or_firewall_response_is_recognized() {
    let html = "<!doctype html><title>Blocked</title><script>alert(1)</script>";
    for status in [403, 429, 500, 502, 503, 504] {
        let words = format!("the issuer refused: HTTP {status}, not JSON");
        let hint = match status {
            403 => ExpectedHint::UseAnotherNetwork,
            429 => ExpectedHint::Wait,
            _ => ExpectedHint::IfResponseLost(LATER),
        };
        assert_fails_everywhere(&Then::text(status, "text/html", html), &words, hint);
    }
    let words =
        "the issuer's response cannot be used: the response is not JSON (HTTP 200, text/html)";
    assert_fails_everywhere(
        &Then::text(200, "text/html", html),
        words,
        ExpectedHint::IfResponseLost(Some(ELSEWHERE)),
    );
}

// threats 72 73
#[test]
fn non_json_response_is_refused() {
    let words = "the issuer's response cannot be used: the response is not JSON \
                 (HTTP 200, application/json)";
    for body in ["", "{", "{\"id_token\":\"x\"} trailing", "\u{feff}{}", "NaN"] {
        assert_fails_everywhere(
            &Then::text(200, "application/json", body),
            words,
            ExpectedHint::IfResponseLost(Some(ELSEWHERE)),
        );
    }
    let deep = format!("{{\"x\":{}", "[".repeat(50_000));
    assert_fails_everywhere(
        &Then::text(200, "application/json", &deep),
        words,
        ExpectedHint::IfResponseLost(Some(ELSEWHERE)),
    );
}

// threats 76
#[test]
fn redirect_is_not_followed() {
    let elsewhere = Sandbox::start_in_thread(Scenario::default()).unwrap();
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}/oauth/token", elsewhere.issuer_url());
        let words = format!("unexpected redirect from HOST (HTTP {status})");
        for place in REQUESTS {
            let then = Then::Redirect { status, location: location.clone() };
            place.assert_fails(&then, &words, ExpectedHint::IfResponseLost(Some(ELSEWHERE)));
        }
    }
    assert_eq!(elsewhere.connections(), 0);
}

// threats 74
#[test]
fn endless_response_is_refused() {
    let words = "the response of HOST is larger than 65536 bytes";
    assert_fails_everywhere(&Then::Endless, words, ExpectedHint::IfResponseLost(Some(ELSEWHERE)));
}

// threats 73 74 77
#[test]
fn broken_connection_is_not_retried() {
    for then in [Then::CutOff { after: 40 }, Then::Close, Then::Reset, Then::Lose] {
        for place in REQUESTS {
            let world = World::failing(place.at(), then.clone());
            let finished = (place.flow)(&world).signs_in(Account::OWNER);
            finished.exits(1).prints("").says(&format!("error: {}: ", place.error));
            let host = world.host();
            finished
                .says(&format!("the connection to {host} ended before the response was complete"));
            assert_eq!(world.count(&place.at()), 1, "{then:?}");
            assert_eq!(world.auth_json(), None);
        }
    }
}

// threats 75
#[test]
fn compressed_response_is_refused() {
    let headers = ["gzip", "br", "x-unknown"].map(|name| ("content-encoding".to_owned(), name));
    for (name, value) in headers {
        let body = Body::Bytes(vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
        let type_ = ("content-type".to_owned(), "application/json".to_owned());
        let headers = vec![(name, value.to_owned()), type_];
        let words = "the issuer's response cannot be used: the response is not JSON \
                     (HTTP 200, application/json)";
        let then = Then::Respond(Reply { status: 200, headers, body });
        assert_fails_everywhere(&then, words, ExpectedHint::IfResponseLost(Some(ELSEWHERE)));
    }
}

/// A sign-in needs all three tokens, and each must fit into a header.
// threats 85
#[test]
fn missing_or_invalid_token_is_named() {
    for token in ["id_token", "access_token", "refresh_token"] {
        let words =
            format!("the issuer's response cannot be used: the response has no usable `{token}`");
        for odd in [json!(null), json!(7), json!(""), json!("a\r\nb: c"), json!("é"), json!([])] {
            let then = Then::Merge(json!({ token: odd }));
            SIGN_IN_CODE.assert_fails(&then, &words, ExpectedHint::IfResponseLost(ODD));
            if token == "access_token" {
                KEY_EXCHANGE.assert_fails(&then, &words, ExpectedHint::IfResponseLost(ODD));
                CREATE_KEY_CODE.assert_fails(&then, &words, ExpectedHint::IfResponseLost(ODD));
            }
        }
    }
}

/// `create-key` stores no token.
// threats 85
#[test]
fn create_key_needs_only_the_access_token() {
    let without = json!({"id_token": null, "refresh_token": null});
    let world = World::failing(Endpoint::TokenCode, Then::Merge(without));
    world.create_key().signs_in(Account::OWNER).exits(0);
}

// threats 86
#[test]
fn unknown_token_type_is_refused() {
    let words = "the issuer's response cannot be used: the response has no usable `token_type`";
    assert_fails_everywhere(
        &Then::Merge(json!({"token_type": "mac"})),
        words,
        ExpectedHint::IfResponseLost(ODD),
    );
    for known in [json!("bearer"), json!("BEARER"), json!(null)] {
        let world = World::failing(Endpoint::Token, Then::Merge(json!({ "token_type": known })));
        world.login().signs_in(Account::OWNER).exits(0);
    }
}

/// The text of a server is limited in length and sanitized.
// threats 69 192
#[test]
fn hostile_error_text_is_sanitized() {
    let words = "\u{1b}[2J\u{1b}]52;c;aGk=\u{7}\u{202e}\r\n".to_owned() + &"x".repeat(10_000);
    let then = Then::json(400, json!({"error": "invalid_grant", "error_description": words}));
    for place in REQUESTS {
        let world = World::failing(place.at(), then.clone());
        let finished = (place.flow)(&world).with_trace_log().signs_in(Account::OWNER);
        finished.exits(1).says("HTTP 400, invalid_grant: ");
        assert!(finished.error_lines().len() < 600, "{}", finished.error_lines());
    }
}

/// A server can repeat what it received, which would put a secret on the terminal and in the log.
// threats 69 126 195
#[test]
fn secret_in_error_text_is_redacted() {
    let code = "code-0123456789abcdef";
    for start in [World::login, World::create_key] {
        let said = json!({"error": code, "error_description": format!("{code} is not {code}")});
        let faults = vec![Fault::new(Endpoint::TokenCode, Then::json(400, said))];
        let fixed = Issued { codes: vec![code.to_owned()], ..Issued::default() };
        let world = World::with_scenario(Scenario { faults, fixed, ..Scenario::default() });
        let finished = start(&world).with_trace_log().signs_in(Account::OWNER);
        let words = "the issuer refused: HTTP 400, [hidden]: [hidden] is not [hidden]";
        finished.exits(1).says(&format!("cannot exchange the code for tokens: {words}\n"));
    }
}

// threats 126 195
#[test]
fn bearer_token_in_error_text_is_redacted() {
    let session = "sess-0123456789abcdef";
    for (at, words) in [
        (
            Endpoint::Organizations,
            "cannot list the organizations: the platform refused: HTTP 403: no [hidden] here",
        ),
        (
            Endpoint::ApiKeys,
            "cannot create the API key: the platform refused: HTTP 403: no [hidden] here",
        ),
    ] {
        let said = json!({"error": {"message": format!("no {session} here")}});
        let faults = vec![Fault::new(at, Then::json(403, said))];
        let fixed = Issued { session_keys: vec![session.to_owned()], ..Issued::default() };
        let world = World::with_scenario(Scenario { faults, fixed, ..Scenario::default() });
        let finished = world.create_key().with_trace_log().signs_in(Account::OWNER);
        finished.exits(1).says(&format!("error: {words}\n"));
    }
}
