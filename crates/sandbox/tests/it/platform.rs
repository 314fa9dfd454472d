use sandbox::{Account, Endpoint, Listeners, Organization, Project, Sandbox, Scenario};
use serde_json::{Value, json};

use crate::client::{Response, bearer, get, log_in, post_json, sandbox};

fn organizations(sandbox: &Sandbox, session: &str) -> Response {
    let bearer = bearer(session);
    get(sandbox.api_url(), "/v1/organizations", &[("Authorization", &bearer)])
}

fn projects(sandbox: &Sandbox, session: &str, organization: &str, paging: &str) -> Response {
    let encoded = urlencoding::encode(organization);
    let target = format!("/dashboard/organizations/{encoded}/projects?detail=basic{paging}");
    let bearer = bearer(session);
    let headers = [("Authorization", bearer.as_str()), ("openai-organization", organization)];
    get(sandbox.api_url(), &target, &headers)
}

fn create_key(sandbox: &Sandbox, session: &str, path: &str, body: &Value) -> Response {
    let bearer = bearer(session);
    let path = format!("/dashboard/organizations/{path}/api_keys");
    post_json(sandbox.api_url(), &path, &[("Authorization", &bearer)], body)
}

fn ids(response: &Response) -> Vec<String> {
    let body = response.json();
    let data = body["data"].as_array().unwrap();
    data.iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
}

fn with_projects(projects: Vec<Project>) -> Scenario {
    let mut account = Account::owner();
    account.organizations[0].projects = projects;
    Scenario { accounts: vec![account], ..Scenario::default() }
}

#[test]
fn access_token_creates_an_api_key() {
    let sandbox = sandbox(Scenario::default());
    let session = log_in(&sandbox, Account::OWNER);
    assert_eq!(sandbox.issued().session_keys, [session.as_str()]);

    let listed = organizations(&sandbox, &session).json();
    let expected = json!([{
        "object": "organization", "id": "org-ada", "title": "Analytical Engines",
        "is_default": true, "personal": false,
    }]);
    assert_eq!(listed["data"], expected);

    let listed = projects(&sandbox, &session, "org-ada", "&limit=100").json();
    assert_eq!(listed["data"][0]["is_initial"], true);
    assert_eq!(listed["has_more"], false);

    let body = json!({"action": "create", "name": "Codex CLI"});
    let created = create_key(&sandbox, &session, "org-ada/projects/proj_ada", &body);
    assert_eq!(created.status, 200);
    assert_eq!(created.text("/key/name"), "Codex CLI");
    assert_eq!(sandbox.issued().api_keys, [created.text("/key/sensitive_id")]);
}

#[test]
fn each_call_requires_its_own_bearer_token() {
    let sandbox = sandbox(Scenario::default());
    let access_token = sandbox.mint(Account::OWNER).unwrap().access_token;
    for wrong in ["made-up", &access_token] {
        assert_eq!(organizations(&sandbox, wrong).status, 401);
        assert_eq!(projects(&sandbox, wrong, "org-ada", "").status, 401);
        assert_eq!(
            create_key(&sandbox, wrong, "org-ada/projects/proj_ada", &json!({})).status,
            401
        );
    }
    assert_eq!(get(sandbox.api_url(), "/v1/organizations", &[]).status, 401);
    let path = "/dashboard/onboarding/login";
    let response = post_json(sandbox.api_url(), path, &[], &json!({"app": "api"}));
    assert_eq!(response.status, 401);
    let bearer = bearer(&access_token);
    let headers = [("Authorization", bearer.as_str())];
    assert_eq!(post_json(sandbox.api_url(), path, &headers, &json!({})).status, 400);
}

#[test]
fn organization_header_is_required_and_must_match() {
    let sandbox = sandbox(Scenario::default());
    let session = bearer(&log_in(&sandbox, Account::OWNER));
    let target = "/dashboard/organizations/org-ada/projects?detail=basic";
    let missing = get(sandbox.api_url(), target, &[("Authorization", &session)]);
    assert_eq!((missing.status, missing.error().as_str()), (400, "missing_organization"));
    let headers = [("Authorization", session.as_str()), ("OpenAI-Organization", "org-x")];
    let other = get(sandbox.api_url(), target, &headers);
    assert_eq!((other.status, other.error().as_str()), (401, "mismatched_organization"));
}

#[test]
fn unknown_organization_or_project_is_404() {
    let sandbox = sandbox(Scenario::default());
    let session = log_in(&sandbox, Account::OWNER);
    let body = json!({"action": "create", "name": "Codex CLI"});
    assert_eq!(projects(&sandbox, &session, "org-x", "").status, 404);
    assert_eq!(create_key(&sandbox, &session, "org-ada/projects/proj_x", &body).status, 404);
    assert!(sandbox.issued().api_keys.is_empty());
}

#[test]
fn key_without_name_is_400() {
    let sandbox = sandbox(Scenario::default());
    let session = log_in(&sandbox, Account::OWNER);
    let path = "org-ada/projects/proj_ada";
    for bad in [json!({}), json!({"action": "create"}), json!({"action": "create", "name": ""})] {
        assert_eq!(create_key(&sandbox, &session, path, &bad).status, 400, "{bad}");
    }
    assert!(sandbox.issued().api_keys.is_empty());
}

#[test]
fn projects_are_paginated() {
    let numbered = |number| Project { id: format!("proj_{number}"), ..Project::default() };
    let sandbox = sandbox(with_projects((1..=5).map(numbered).collect()));
    let session = log_in(&sandbox, Account::OWNER);
    let page = |paging: &str| projects(&sandbox, &session, "org-ada", paging);

    let first = page("&limit=2");
    assert_eq!(ids(&first), ["proj_1", "proj_2"]);
    assert_eq!(first.json()["has_more"], true);
    assert_eq!(first.text("/last_id"), "proj_2");
    assert_eq!(ids(&page("&limit=2&after=proj_2")), ["proj_3", "proj_4"]);
    let last = page("&limit=2&after=proj_4");
    assert_eq!(ids(&last), ["proj_5"]);
    assert_eq!(last.json()["has_more"], false);

    assert_eq!(ids(&page("")).len(), 5);
    assert_eq!(page("&limit=2&after=proj_4").json()["has_more"], false);
    for bad in ["&limit=0", "&limit=101", "&limit=x", "&after=proj_9"] {
        assert_eq!(page(bad).status, 400, "{bad}");
    }
}

#[test]
fn default_project_appears_at_its_poll() {
    let sandbox = sandbox(Scenario::default());
    let session = log_in(&sandbox, Account::NEW_OWNER);
    let poll = || ids(&projects(&sandbox, &session, "org-grace", "&limit=100"));
    assert!(poll().is_empty());
    assert!(poll().is_empty());
    assert_eq!(poll(), ["proj_grace"]);
    assert_eq!(poll(), ["proj_grace"]);
}

#[test]
fn organization_can_appear_late_and_its_id_can_have_any_characters() {
    let odd = "org/with ?#&% and \u{fc}";
    let mut account = Account::owner();
    account.organizations = vec![Organization {
        id: odd.to_owned(),
        appears_at_poll: 2,
        projects: vec![Project::default()],
        ..Organization::default()
    }];
    let sandbox = sandbox(Scenario { accounts: vec![account], ..Scenario::default() });
    let session = log_in(&sandbox, Account::OWNER);
    assert!(ids(&organizations(&sandbox, &session)).is_empty());
    assert_eq!(ids(&organizations(&sandbox, &session)), [odd]);

    let encoded = urlencoding::encode(odd);
    let bearer = bearer(&session);
    let target = format!("/dashboard/organizations/{encoded}/projects?detail=basic");
    assert_eq!(get(sandbox.api_url(), &target, &[("Authorization", &bearer)]).status, 400);
    let body = json!({"action": "create", "name": "x"});
    let path = format!("{encoded}/projects/proj_sandbox");
    assert_eq!(create_key(&sandbox, &session, &path, &body).status, 200);
}

#[test]
fn separate_listeners_serve_only_their_own_endpoints() {
    let listeners = Listeners::Separate;
    let sandbox = sandbox(Scenario { listeners, ..Scenario::default() });
    assert_ne!(sandbox.issuer_url(), sandbox.api_url());
    let session = log_in(&sandbox, Account::OWNER);
    assert_eq!(organizations(&sandbox, &session).status, 200);
    let bearer = bearer(&session);
    let headers = [("Authorization", bearer.as_str())];
    assert_eq!(get(sandbox.issuer_url(), "/v1/organizations", &headers).status, 404);
    assert_eq!(get(sandbox.api_url(), "/.well-known/jwks.json", &[]).status, 404);
    assert_eq!(get(sandbox.api_url(), "/", &[]).status, 200);
    assert_eq!(sandbox.requests_at(&Endpoint::Organizations).len(), 2);
}
