//! `create-key`, from the command to the key on standard output.

use sandbox::{
    Account, Client, Endpoint, Listeners, Recorded, Sandbox, Scenario, Step, Then, Tls, Trail,
};
use serde_json::json;
use url::Url;

use crate::support::{
    Finished, TEST_TIMEOUT, World, assert_headers, assert_pairs, assert_policy, assert_request,
    form, pairs, parameter,
};

const USER_AGENT: &str = "Codex-Create-API-Key/1.0";

// threats 8 68 147 149
#[test]
fn owner_gets_a_key() {
    assert_owner_gets_key(&World::new(), &[]);
}

// threats 8 68 147
#[test]
fn owner_gets_a_key_over_tls() {
    let world = World::with_scenario(Scenario { tls: Tls::On, ..Scenario::default() });
    let ca_file = world.ca_file();
    assert_owner_gets_key(&world, &["--ca-file", ca_file.to_str().unwrap()]);
}

/// The platform gets the session key and the API requests. The issuer gets the code.
// threats 149
#[test]
fn issuer_and_platform_can_be_separate_servers() {
    let scenario = Scenario { listeners: Listeners::Separate, ..Scenario::default() };
    let world = World::with_scenario(scenario);
    world.create_key().signs_in(Account::OWNER).exits(0);
    assert_ne!(world.sandbox.issuer_url(), world.sandbox.api_url());
    let api = world.sandbox.requests_at(&Endpoint::ApiKeys);
    let host = world.sandbox.api_url().strip_prefix("http://");
    assert_eq!(api[0].header("host"), host);
}

fn assert_owner_gets_key(world: &World, options: &[&str]) {
    let running = world.create_key().args(options).start();
    let auth_url = running.auth_url();
    world.sandbox.wait_for_requests_blocking(&Endpoint::Root, 1, TEST_TIMEOUT).unwrap();
    let trail = running.visit(Account::OWNER);
    let finished = running.finish();

    finished.exits(0).prints(&format!("{}\n", world.sandbox.issued().api_keys[0]));
    assert_messages(&finished, &auth_url);
    assert_auth_url(&world.sandbox, &auth_url);
    assert_browser_pages(&trail);
    assert_sent(&world.sandbox, &auth_url);
    assert_eq!(world.stored_names(), Vec::<String>::new());
}

#[track_caller]
fn assert_messages(finished: &Finished, auth_url: &Url) {
    let expected = format!(
        "Open this address to create an API key:\n\n{auth_url}\n\n\
         Waiting for the browser, up to 15 minutes. Ctrl-C cancels.\n\
         Signed in. Looking for the project of the key.\n\
         Created the API key \"Codex CLI\" for Default project (proj_ada) of Analytical Engines \
         (org-ada).\n"
    );
    assert_eq!(finished.stderr, expected);
}

#[track_caller]
fn assert_auth_url(sandbox: &Sandbox, auth_url: &Url) {
    let base = format!("{}/oauth/authorize?", sandbox.issuer_url());
    assert!(auth_url.as_str().starts_with(&base), "{base}");
    let (challenge, state) = (parameter(auth_url, "code_challenge"), parameter(auth_url, "state"));
    assert_eq!((challenge.len(), state.len()), (43, 43));
    let redirect_uri = parameter(auth_url, "redirect_uri");
    let port = Url::parse(&redirect_uri).unwrap().port().unwrap();
    assert_eq!(redirect_uri, format!("http://localhost:{port}/auth/callback"));
    let expected = [
        ("audience", "https://api.openai.com/v1"),
        ("client_id", "app_2SKx67EdpoN0G6j64rFvigXD"),
        ("code_challenge_method", "S256"),
        ("code_challenge", &challenge),
        ("redirect_uri", &redirect_uri),
        ("response_type", "code"),
        ("scope", "openid email profile offline_access"),
        ("state", &state),
    ];
    assert_pairs(&pairs(auth_url), expected);
}

#[track_caller]
fn assert_browser_pages(trail: &Trail) {
    let [_page, _choice, callback] = trail.steps.as_slice() else { panic!("{trail:?}") };
    assert_eq!(callback.status, 200);
    assert_policy(callback, &[]);
    assert_names_project(callback);
}

#[track_caller]
fn assert_names_project(page: &Step) {
    let page = page.text();
    for shown in ["Your API key is ready", "Analytical Engines", "Default project"] {
        assert!(page.contains(shown), "no {shown} in {page}");
    }
    assert!(!page.contains("href") && !page.contains("sk-"), "{page}");
}

#[track_caller]
fn assert_sent(sandbox: &Sandbox, auth_url: &Url) {
    let one = |at: &Endpoint| {
        let [one] = sandbox.requests_at(at).try_into().unwrap();
        one
    };
    let is_ours = |request: &&Recorded| {
        !matches!(request.endpoint, Endpoint::Root | Endpoint::Authorize | Endpoint::Choice)
    };
    assert_eq!(sandbox.requests().iter().filter(is_ours).count(), 5);
    assert_warm_up(sandbox);
    assert_code_redeemed(&one(&Endpoint::TokenCode), sandbox, auth_url);
    assert_logged_in(&one(&Endpoint::Onboarding), sandbox);
    assert_organizations_listed(&one(&Endpoint::Organizations), sandbox);
    assert_projects_listed(&one(&Endpoint::Projects), sandbox);
    assert_key_created(&one(&Endpoint::ApiKeys), sandbox);
}

/// Issuer and platform are the same server here, so it gets both requests.
#[track_caller]
fn assert_warm_up(sandbox: &Sandbox) {
    let requests = sandbox.requests_at(&Endpoint::Root);
    assert!((1..=2).contains(&requests.len()), "{requests:?}");
    for request in &requests {
        assert_request(request, "HEAD", "/", None);
        assert_headers(request, USER_AGENT, &[]);
    }
}

#[track_caller]
fn assert_code_redeemed(request: &Recorded, sandbox: &Sandbox, auth_url: &Url) {
    assert_request(request, "POST", "/oauth/token", None);
    assert_headers(request, USER_AGENT, &["content-length", "content-type"]);
    let form = form(request);
    let (name, verifier) = &form[1];
    assert_eq!((name.as_str(), verifier.len()), ("code_verifier", 43));
    let redirect_uri = parameter(auth_url, "redirect_uri");
    let expected = [
        ("client_id", Client::CREATE_KEY),
        ("code_verifier", verifier),
        ("code", &sandbox.issued().codes[0]),
        ("grant_type", "authorization_code"),
        ("redirect_uri", &redirect_uri),
    ];
    assert_pairs(&form, expected);
}

#[track_caller]
fn assert_bearer(request: &Recorded, secret: &str) {
    let authorization = request.header("authorization").unwrap();
    assert!(authorization == format!("Bearer {secret}"), "{request:?}");
}

#[track_caller]
fn assert_logged_in(request: &Recorded, sandbox: &Sandbox) {
    assert_request(request, "POST", "/dashboard/onboarding/login", None);
    assert_headers(request, USER_AGENT, &["authorization", "content-length", "content-type"]);
    assert_bearer(request, &sandbox.issued().access_tokens[0]);
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.body, br#"{"app":"api"}"#);
}

#[track_caller]
fn assert_organizations_listed(request: &Recorded, sandbox: &Sandbox) {
    assert_request(request, "GET", "/v1/organizations", None);
    assert_headers(request, USER_AGENT, &["authorization"]);
    assert_bearer(request, &sandbox.issued().session_keys[0]);
    assert!(request.body.is_empty());
}

#[track_caller]
fn assert_projects_listed(request: &Recorded, sandbox: &Sandbox) {
    let path = "/dashboard/organizations/org-ada/projects";
    assert_request(request, "GET", path, Some("detail=basic&limit=100"));
    assert_headers(request, USER_AGENT, &["authorization", "openai-organization"]);
    assert_bearer(request, &sandbox.issued().session_keys[0]);
    assert_eq!(request.header("openai-organization"), Some("org-ada"));
    assert!(request.body.is_empty());
}

#[track_caller]
fn assert_key_created(request: &Recorded, sandbox: &Sandbox) {
    let path = "/dashboard/organizations/org-ada/projects/proj_ada/api_keys";
    assert_request(request, "POST", path, None);
    assert_headers(request, USER_AGENT, &["authorization", "content-length", "content-type"]);
    assert_bearer(request, &sandbox.issued().session_keys[0]);
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.body, br#"{"action":"create","name":"Codex CLI"}"#);
}

/// The page says that the program has the key, so it must wait for the key.
#[test]
fn browser_waits_for_the_key() {
    let world = World::failing(Endpoint::ApiKeys, Then::Hold);
    let running = world.create_key().start();
    let visit = running.start_visit(Account::OWNER);
    world.sandbox.wait_for_requests_blocking(&Endpoint::ApiKeys, 1, TEST_TIMEOUT).unwrap();
    assert!(!visit.is_over());
    world.sandbox.release();
    assert_browser_pages(&running.join_visit(visit));
    running.finish().exits(0);
}

// threats 193
#[test]
fn trace_log_of_create_key_has_no_secret() {
    for tls in [Tls::Off, Tls::On] {
        let world = World::with_scenario(Scenario { tls, ..Scenario::default() });
        let start = world.create_key().with_trace_log().args(["--verbose", "--save"]);
        let start = match tls {
            Tls::Off => start,
            _ => start.arg("--ca-file").arg(world.ca_file()),
        };
        start.signs_in(Account::OWNER).exits(0).says(" DEBUG ");
    }
}

// threats 209
#[test]
fn json_result_is_one_document() {
    let world = World::new();
    let finished = world.create_key().arg("--json").signs_in(Account::OWNER);
    finished.exits(0);
    let expected = json!({
        "organization": { "id": "org-ada", "title": "Analytical Engines" },
        "project": { "id": "proj_ada", "title": "Default project" },
        "name": "Codex CLI",
        "api_key": world.sandbox.issued().api_keys[0],
    });
    assert_eq!(finished.json(), expected);
}
