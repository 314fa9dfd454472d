use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use sandbox::{Account, Client, Endpoint, Iss, Issued, Lifetimes, Scenario};
use serde_json::{Value, json};
use std::time::Duration;

use crate::client::{
    REDIRECT, authorize_url, callback, code, create_key_parameters, exchange, exchange_code,
    exchange_code_with, get, param, post_form, sandbox, sign_in_parameters,
};

fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

fn with_now() -> Scenario {
    Scenario { now: Some(1_800_000_000), ..Scenario::default() }
}

#[test]
fn issued_secrets_are_recorded() {
    let sandbox = sandbox(Scenario::default());
    let response = exchange_code(&sandbox, &code(&sandbox, Account::OWNER));
    assert_eq!(response.status, 200);
    assert_eq!(response.text("/token_type"), "Bearer");
    let key = exchange(&sandbox, &response.text("/id_token"));
    assert_eq!(key.status, 200);
    let issued = sandbox.issued();
    assert_eq!(issued.id_tokens, [response.text("/id_token")]);
    assert_eq!(issued.access_tokens, [response.text("/access_token")]);
    assert_eq!(issued.refresh_tokens, [response.text("/refresh_token")]);
    assert_eq!(issued.api_keys, [key.text("/access_token")]);
    assert_eq!(issued.all().len(), 5);
    let canaries = sandbox.canaries();
    assert!(canaries.iter().any(|canary| canary == "state-of-the-test"));
    assert!(canaries.iter().any(|canary| canary == crate::client::VERIFIER));
    assert_eq!(format!("{issued:?}"), "Issued(5 secrets)");
}

#[test]
fn id_token_has_the_expected_claims() {
    let sandbox = sandbox(with_now());
    let response = exchange_code(&sandbox, &code(&sandbox, Account::NEW_OWNER));
    let expected = json!({
        "iss": sandbox.issuer_url(),
        "aud": [Client::SIGN_IN],
        "exp": 1_800_003_600,
        "iat": 1_800_000_000,
        "auth_time": 1_800_000_000,
        "jti": "id-0",
        "sub": "auth0|grace",
        "email": "grace@example.com",
        "email_verified": true,
        "name": "Grace Hopper",
        "https://api.openai.com/auth": {
            "chatgpt_account_id": "acct-grace",
            "chatgpt_plan_type": "pro",
            "chatgpt_user_id": "user-grace",
            "user_id": "user-grace",
            "groups": [],
            "organization_id": "org-grace",
            "project_id": "proj_grace",
            "completed_platform_onboarding": false,
            "is_org_owner": true,
            "organizations": [{
                "id": "org-grace",
                "is_default": true,
                "role": "owner",
                "title": "Compilers & Co",
            }],
        },
    });
    assert_eq!(claims(&response.text("/id_token")), expected);
}

#[test]
fn access_token_has_expiry_and_plan() {
    let sandbox = sandbox(with_now());
    let response = exchange_code(&sandbox, &code(&sandbox, Account::OWNER));
    let claims = claims(&response.text("/access_token"));
    assert_eq!(claims["exp"], json!(1_800_864_000));
    assert_eq!(response.json()["expires_in"], json!(864_000));
    let auth = &claims["https://api.openai.com/auth"];
    assert_eq!(auth["chatgpt_plan_type"], "plus");
    assert_eq!(auth["organization_id"], Value::Null);
}

#[test]
fn issued_tokens_verify_with_the_published_jwks() {
    let sandbox = sandbox(Scenario::default());
    let tokens = sandbox.mint(Account::OWNER).unwrap();
    let jwks = get(sandbox.issuer_url(), "/.well-known/jwks.json", &[]);
    let number =
        |name: &str| URL_SAFE_NO_PAD.decode(jwks.text(&format!("/keys/0/{name}"))).unwrap();
    let key = RsaPublicKeyComponents { n: number("n"), e: number("e") };
    for token in [tokens.id_token, tokens.access_token] {
        let (message, signature) = token.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let verified =
            |message: &[u8]| key.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature);
        verified(message.as_bytes()).unwrap();
        verified(b"another message").unwrap_err();
    }
}

#[test]
fn both_metadata_documents_have_issuer_and_token_endpoint() {
    let sandbox = sandbox(Scenario::default());
    for name in ["openid-configuration", "oauth-authorization-server"] {
        let document = get(sandbox.issuer_url(), &format!("/.well-known/{name}"), &[]);
        assert_eq!(document.text("/issuer"), sandbox.issuer_url());
        let token_endpoint = format!("{}/oauth/token", sandbox.issuer_url());
        assert_eq!(document.text("/token_endpoint"), token_endpoint);
    }
}

#[test]
fn code_is_good_once() {
    let sandbox = sandbox(Scenario::default());
    let code = code(&sandbox, Account::OWNER);
    assert_eq!(exchange_code(&sandbox, &code).status, 200);
    let again = exchange_code(&sandbox, &code);
    assert_eq!((again.status, again.error().as_str()), (400, "invalid_grant"));
    assert_eq!(sandbox.issued().access_tokens.len(), 1);
}

#[test]
fn code_is_bound_to_verifier_redirect_uri_and_client() {
    for changed in [
        ("code_verifier", "another-verifier-another-verifier-another-v"),
        ("redirect_uri", "http://localhost:1457/auth/callback"),
        ("client_id", Client::CREATE_KEY),
    ] {
        let sandbox = sandbox(Scenario::default());
        let code = code(&sandbox, Account::OWNER);
        let refused = exchange_code_with(&sandbox, &[("code", &code), changed]);
        assert_eq!(
            (refused.status, refused.error().as_str()),
            (400, "invalid_grant"),
            "{changed:?}"
        );
        // The attempt has spent the code.
        assert_eq!(exchange_code(&sandbox, &code).error(), "invalid_grant", "{changed:?}");
        assert!(sandbox.issued().access_tokens.is_empty());
    }
}

#[test]
fn code_expires() {
    let lifetimes = Lifetimes { code: Duration::ZERO, ..Lifetimes::default() };
    let sandbox = sandbox(Scenario { lifetimes, ..Scenario::default() });
    let code = code(&sandbox, Account::OWNER);
    assert_eq!(exchange_code(&sandbox, &code).error(), "invalid_grant");
}

#[test]
fn token_endpoint_returns_oauth_error_codes() {
    let sandbox = sandbox(Scenario::default());
    for (name, value, status, error) in [
        ("client_id", "app_unknown", 401, "invalid_client"),
        ("client_id", "", 400, "invalid_request"),
        ("grant_type", "password", 400, "unsupported_grant_type"),
        ("code_verifier", "", 400, "invalid_request"),
        ("redirect_uri", "", 400, "invalid_request"),
        ("unknown", "made-up code", 400, "invalid_grant"),
    ] {
        let response = exchange_code_with(&sandbox, &[("code", "made-up"), (name, value)]);
        assert_eq!((response.status, response.error().as_str()), (status, error), "{name}={value}");
    }
    let twice = exchange_code_with(&sandbox, &[("code", "x"), ("code", "y")]);
    assert_eq!(twice.error(), "invalid_request");
}

#[test]
fn invalid_authorization_request_gets_an_error_page_without_redirect() {
    let sandbox = sandbox(Scenario::default());
    for (name, bad) in [
        ("client_id", "app_unknown"),
        ("redirect_uri", "http://127.0.0.2:1455/auth/callback"),
        ("redirect_uri", "https://localhost:1455/auth/callback"),
        ("redirect_uri", "http://localhost:1455/auth/callback/"),
        ("redirect_uri", "http://localhost:1455/other"),
        ("redirect_uri", "http://localhost:01455/auth/callback"),
        ("redirect_uri", "http://localhost:0/auth/callback"),
        ("redirect_uri", "http://localhost:1455@evil.test:1/auth/callback"),
        ("response_type", "token"),
        ("scope", "profile email"),
        ("scope", "openid admin"),
        ("code_challenge", "too-short"),
        ("code_challenge_method", "plain"),
        ("state", ""),
    ] {
        let mut params = sign_in_parameters();
        params.retain(|(other, _)| *other != name);
        params.push((name, bad));
        let url = authorize_url(&sandbox, &params);
        let target = url.strip_prefix(sandbox.issuer_url()).unwrap();
        let response = get(sandbox.issuer_url(), target, &[]);
        assert_eq!(response.status, 400, "{name}={bad}");
        assert!(response.body.contains("This sign-in cannot go on"), "{name}={bad}");
        assert!(response.body.contains(name), "the page names {name}: {bad}");
        assert!(!response.headers.contains("location"), "{name}={bad}");
    }
}

#[test]
fn callback_has_code_and_state_and_optional_iss() {
    let plain = sandbox(Scenario::default());
    let url = callback(&plain, Account::OWNER, &sign_in_parameters());
    assert!(url.as_str().starts_with(&format!("{REDIRECT}?code=ac_")));
    assert_eq!(param(&url, "state").unwrap(), "state-of-the-test");
    assert_eq!(param(&url, "iss"), None);

    let naming = sandbox(Scenario { iss: Iss::Issuer, ..Scenario::default() });
    let url = callback(&naming, Account::OWNER, &sign_in_parameters());
    assert_eq!(param(&url, "iss").unwrap(), naming.issuer_url());
}

#[test]
fn denied_sign_in_redirects_with_error_and_state() {
    let sandbox = sandbox(Scenario::default());
    let url = callback(&sandbox, Account::DENIER, &sign_in_parameters());
    assert_eq!(param(&url, "error").unwrap(), "access_denied");
    assert_eq!(param(&url, "state").unwrap(), "state-of-the-test");
    assert_eq!(param(&url, "code"), None);
}

#[test]
fn allowed_workspace_id_is_enforced() {
    let sandbox = sandbox(Scenario::default());
    let mut params = sign_in_parameters();
    params.push(("allowed_workspace_id", "acct-x,acct-ada"));
    assert!(param(&callback(&sandbox, Account::OWNER, &params), "code").is_some());
    let other = callback(&sandbox, Account::MEMBER, &params);
    assert_eq!(param(&other, "error").unwrap(), "access_denied");
}

#[test]
fn sign_in_page_can_be_submitted_once() {
    let sandbox = sandbox(Scenario::default());
    callback(&sandbox, Account::OWNER, &sign_in_parameters());
    let choices = sandbox.requests_at(&Endpoint::Choice);
    let form = choices[0].form();
    let form: Vec<_> = form.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    let again = post_form(sandbox.issuer_url(), "/oauth/authorize", &form);
    assert_eq!(again.status, 400);
    assert_eq!(sandbox.issued().codes.len(), 1);
}

#[test]
fn account_without_organization_gets_no_api_key() {
    let sandbox = sandbox(Scenario::default());
    let response = exchange_code(&sandbox, &code(&sandbox, Account::MEMBER));
    let id_token = response.text("/id_token");
    let auth = claims(&id_token)["https://api.openai.com/auth"].clone();
    assert_eq!(auth["organization_id"], Value::Null);
    let refused = exchange(&sandbox, &id_token);
    assert_eq!((refused.status, refused.error().as_str()), (401, "invalid_subject_token"));
    assert!(refused.text("/error/message").contains("organization_id"));
}

#[test]
fn api_key_requires_an_issued_id_token() {
    let sandbox = sandbox(Scenario::default());
    let tokens = sandbox.mint(Account::OWNER).unwrap();
    let mut forged = tokens.id_token;
    forged.pop();
    for token in [&forged, &tokens.access_token, "made-up"] {
        assert_eq!(exchange(&sandbox, token).status, 401);
    }
    assert!(sandbox.issued().api_keys.is_empty());
}

#[test]
fn scopes_control_organizations_and_refresh_token() {
    let sandbox = sandbox(Scenario::default());
    let mut params = create_key_parameters();
    for (name, value) in &mut params {
        if *name == "scope" {
            *value = "openid email";
        }
    }
    let code = param(&callback(&sandbox, Account::OWNER, &params), "code").unwrap();
    let client = ("client_id", Client::CREATE_KEY);
    let response = exchange_code_with(&sandbox, &[("code", &code), client]);
    assert_eq!(response.status, 200);
    assert_eq!(response.json().get("refresh_token"), None);
    let auth = claims(&response.text("/id_token"))["https://api.openai.com/auth"].clone();
    assert_eq!(auth["organization_id"], Value::Null);
}

#[test]
fn scenario_sets_claims_and_secrets() {
    let mut account = Account::owner();
    account.id_token_claims =
        json!({"iss": "https://evil.test", "name": null}).as_object().unwrap().clone();
    let scenario = Scenario {
        accounts: vec![account],
        fixed: Issued {
            codes: vec!["a code+with%20odd&=characters".to_owned()],
            access_tokens: vec!["opaque".to_owned()],
            ..Issued::default()
        },
        ..Scenario::default()
    };
    let sandbox = sandbox(scenario);
    let code = code(&sandbox, Account::OWNER);
    assert_eq!(code, "a code+with%20odd&=characters");
    let response = exchange_code(&sandbox, &code);
    assert_eq!(response.text("/access_token"), "opaque");
    let claims = claims(&response.text("/id_token"));
    assert_eq!(claims["iss"], "https://evil.test");
    assert_eq!(claims.get("name"), None);
}

#[test]
fn root_path_returns_200_for_preconnects() {
    let sandbox = sandbox(Scenario::default());
    for method in ["HEAD", "GET"] {
        let response =
            crate::client::send(sandbox.issuer_url(), &format!("{method} / HTTP/1.1"), "");
        assert_eq!(response.unwrap().status, 200, "{method}");
    }
    assert_eq!(get(sandbox.issuer_url(), "/nothing", &[]).status, 404);
    let wrong = get(sandbox.issuer_url(), "/oauth/token", &[]);
    assert_eq!(wrong.status, 405);
    assert!(wrong.headers.to_lowercase().contains("allow: post"));
}
