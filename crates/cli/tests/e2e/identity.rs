//! Claims about the account, and sign-ins without some of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sandbox::{Account, Endpoint, Issued, Scenario, Then};
use serde_json::{Map, Value, json};

use crate::support::{Finished, World};

/// A world with this account.
fn world_of(account: Account) -> World {
    World::with_scenario(Scenario { accounts: vec![account], ..Scenario::default() })
}

/// The owner, whose ID token has these additional claims.
fn owner_with(claims: &Value) -> Account {
    Account { id_token_claims: object(claims), ..Account::owner() }
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// The sign-in fails after the code exchange: no key is requested, nothing is stored, and the
/// tokens are revoked.
#[track_caller]
fn assert_ends_after_code(world: &World, email: &str) -> Finished {
    let running = world.login().arg("--require-api-key").with_trace_log().start();
    let trail = running.visit(email);
    let page = trail.last().unwrap();
    assert_eq!(page.status, 500);
    assert!(page.text().contains("Sign-in failed"));
    let finished = running.finish();
    finished.exits(1).prints("");
    assert_eq!(world.count(&Endpoint::TokenCode), 1);
    assert_eq!(world.count(&Endpoint::TokenExchange), 0);
    assert_eq!(world.auth_json(), None);
    assert!(world.sandbox.live_refresh_tokens().is_empty(), "a token stays valid");
    finished
}

const NO_ORGANIZATION_HINT: &str = "set up the API platform for this account at https://platform.openai.com, or \
                       sign in without --require-api-key";

/// The message says that there is no key.
// threats 102 103
#[test]
fn account_without_api_organization_is_signed_in_without_a_key() {
    let no_project = Account { project_id: None, ..Account::owner() };
    for (world, email, what) in [
        (World::new(), Account::MEMBER, "organization"),
        (world_of(no_project), Account::OWNER, "project"),
    ] {
        let running = world.login().arg("--json").start();
        let trail = running.visit(email);
        let page = trail.last().unwrap();
        assert_eq!(page.status, 200);
        assert!(page.text().contains(&format!("None: this account has no API {what}")));
        let finished = running.finish();
        let words = format!("There is no API key: this account has no API {what}.\n");
        finished.exits(0).says(&words);
        let document = finished.json();
        assert_eq!(document["no_api_key_reason"], format!("no_api_{what}"));
        assert_eq!(document["has_api_key"], false);
        assert_eq!(world.count(&Endpoint::TokenExchange), 0);
        assert_eq!(world.auth_document()["OPENAI_API_KEY"], Value::Null);
        world.command("token").run().exits(0);
    }
}

// threats 88
#[test]
fn failed_key_exchange_keeps_the_sign_in() {
    let world = World::failing(Endpoint::TokenExchange, Then::json(500, json!({})));
    let running = world.login().arg("--json").start();
    let trail = running.visit(Account::OWNER);
    let page = trail.last().unwrap();
    assert_eq!(page.status, 200);
    assert!(page.text().contains("None: it could not be created; see the terminal"));
    let finished = running.finish();
    finished.exits(1).says("Signed in as Ada Lovelace").says(
        "error: signed in, but without an API key: cannot exchange the sign-in for an API key: the \
         issuer refused: HTTP 500\nhint: a key named \"Codex CLI [auto-generated] (",
    );
    let document = finished.json();
    let error = &document["error"];
    assert_eq!((&error["kind"], &error["key_may_exist"]), (&json!("no_api_key"), &json!(true)));
    assert_eq!(document["no_api_key_reason"], "failed");
    assert_eq!(world.auth_document()["OPENAI_API_KEY"], Value::Null);
    world.command("token").run().exits(0);
    let refused = World::failing(Endpoint::TokenExchange, Then::json(401, json!({})));
    refused.login().signs_in(Account::OWNER).exits(1).says(
        "hint: try again with login-cli login, or create a key with login-cli create-key --save\n",
    );
}

// threats 102 103
#[test]
fn account_without_organization_gets_no_key() {
    let error = "this account has no API organization, which an API key needs";
    assert_ends_after_code(&World::new(), Account::MEMBER).fails_with(error, NO_ORGANIZATION_HINT);
    for missing in [
        json!({"https://api.openai.com/auth": null}),
        json!({"https://api.openai.com/auth": "text"}),
        json!({"https://api.openai.com/auth": []}),
        json!({"https://api.openai.com/auth": {"organization_id": ""}}),
        json!({"https://api.openai.com/auth": {"organization_id": 7}}),
    ] {
        let world = world_of(owner_with(&missing));
        assert_ends_after_code(&world, Account::OWNER).fails_with(error, NO_ORGANIZATION_HINT);
    }
}

// threats 103
#[test]
fn account_without_project_gets_no_key() {
    let error = "this account has no API project, which an API key needs";
    let account = Account { project_id: None, ..Account::owner() };
    assert_ends_after_code(&world_of(account), Account::OWNER)
        .fails_with(error, NO_ORGANIZATION_HINT);
}

// threats 98 99 100
#[test]
fn id_token_for_another_client_or_issuer_is_refused() {
    let issuer = ("it was made by another issuer (iss)", "check --issuer");
    let clock = "check the clock of this machine";
    let audience = ("it was made for another client (aud, azp)", "check --client-id");
    for (claims, (cause, hint)) in [
        (json!({"iss": "https://evil.test"}), issuer),
        (json!({"aud": "app_other"}), audience),
        (json!({"aud": ["app_other", "app_another"]}), audience),
        (json!({"exp": 1}), ("it has expired already (exp)", clock)),
        (json!({"iat": 99_999_999_999_u64}), ("it was issued in the future (iat)", clock)),
    ] {
        let world = world_of(owner_with(&claims));
        let error = format!("the issuer sent an ID token that is not for this sign-in: {cause}");
        assert_ends_after_code(&world, Account::OWNER).fails_with(&error, hint);
    }
}

// threats 98 100
#[test]
fn missing_claims_are_accepted() {
    let claims = json!({"iss": null, "aud": null, "exp": null, "iat": null});
    world_of(owner_with(&claims)).login().signs_in(Account::OWNER).exits(0);
}

// threats 92 95
#[test]
fn malformed_id_token_is_refused() {
    for token in [
        "only-one-segment".to_owned(),
        "two.segments-alone".to_owned(),
        "one.two.three.four.five".to_owned(),
        "eyJhbGciOiJSUzI1NiJ9.!!!!.c2ln".to_owned(),
        jwt("not json"),
        jwt("\"text\""),
        jwt("7"),
        jwt(r#"{"iss": "a", "iss": "b"}"#),
    ] {
        assert_unusable(&token);
    }
}

/// A JSON list is not a claims set, even with as many elements as there are claims.
// threats 95
#[test]
fn id_token_with_list_as_claims_is_refused() {
    assert_unusable(&jwt("[]"));
    assert_unusable(&jwt("[1, 2]"));
}

fn jwt(payload: &str) -> String {
    let encode = |part: &str| URL_SAFE_NO_PAD.encode(part);
    format!("{}.{}.c2lnbmF0dXJl", encode(r#"{"alg":"RS256"}"#), encode(payload))
}

#[track_caller]
fn assert_unusable(id_token: &str) {
    let fixed = Issued { id_tokens: vec![id_token.to_owned()], ..Issued::default() };
    let world = World::with_scenario(Scenario { fixed, ..Scenario::default() });
    let finished = assert_ends_after_code(&world, Account::OWNER);
    finished.says("error: the issuer sent an unusable ID token: ");
}

// threats 106
#[test]
fn opaque_access_token_allows_a_key_but_no_sign_in() {
    let opaque = || {
        let access_tokens = vec!["opaque-access-token-without-dots".to_owned()];
        let fixed = Issued { access_tokens, ..Issued::default() };
        World::with_scenario(Scenario { fixed, ..Scenario::default() })
    };
    let finished = assert_ends_after_code(&opaque(), Account::OWNER);
    finished.says("error: the issuer sent an unusable access token: ");
    opaque().create_key().signs_in(Account::OWNER).exits(0);
}

// threats 105
#[test]
fn unknown_plan_is_omitted() {
    for plan in [json!(null), json!({"name": "plus"}), json!(7)] {
        let claims = json!({"https://api.openai.com/auth": {"chatgpt_plan_type": plan}});
        let account = Account { access_token_claims: object(&claims), ..Account::owner() };
        let world = world_of(account);
        let running = world.login().start();
        let trail = running.visit(Account::OWNER);
        running
            .finish()
            .exits(0)
            .says("Signed in as Ada Lovelace <ada@example.com>, organization Analytical Engines, ");
        let success = trail.last().unwrap();
        assert!(!success.url.as_str().contains("plan_type"));
        assert!(!success.text().contains("Plan"), "{}", success.text());
    }
}

/// Unusual ids and names are encoded in URLs and sanitized on the page and the terminal.
// threats 27 103 140 192
#[test]
fn unusual_claims_are_encoded_and_sanitized() {
    let id = "org/..//evil.test?a=b#c&\r\nSet-Cookie: x\u{1b}[2J\u{202e}";
    let account = Account {
        name: "<b>Ada</b> \u{1b}]0;title\u{7}\u{202e}ecalevoL\r\n".to_owned(),
        organization_id: Some(id.to_owned()),
        project_id: Some("\"><script>".to_owned()),
        completed_platform_onboarding: false,
        ..Account::owner()
    };
    let world = world_of(account);
    let running = world.login().start();
    let trail = running.visit(Account::OWNER);
    running.finish().exits(0).says("<b>Ada</b> ]0;titleecalevoL");
    let success = trail.last().unwrap();
    let location = trail.callback().unwrap().header("location").unwrap();
    assert!(location.starts_with("http://localhost:"), "{location}");
    let org_id = success.url.query_pairs().find(|(name, _)| name == "org_id").unwrap().1;
    assert_eq!(org_id, id);
    let page = success.text();
    assert!(!page.contains("<b>") && !page.contains("<script>"), "{page}");
    assert!(page.chars().all(|c| c == '\n' || !c.is_control()), "{page:?}");
}
