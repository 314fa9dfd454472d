//! Complete requests: method, path, query, headers and body.

use sandbox::{Endpoint, Organization, Project, Recorded};

use crate::support::{TestPlatform, organization_id, organization_of, platform, project_id};

/// The request as text, headers sorted. The port is replaced, `Content-Length` is omitted.
#[track_caller]
fn assert_request(request: &Recorded, expected: &str) {
    let Recorded { method, path, .. } = request;
    let query = request.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
    let body = String::from_utf8(request.body.clone()).unwrap();
    let others = request.headers.iter().filter(|(name, _)| name != "content-length");
    let mut headers: Vec<String> =
        others.map(|(name, value)| format!("{name}: {value}\n")).collect();
    headers.sort();
    let port = request.header("host").unwrap().rsplit(':').next().unwrap();
    let headers = headers.concat().replace(port, "PORT");
    assert_eq!(format!("{method} {path}{query}\n{headers}\n{body}"), expected);
}

// threats 149
#[tokio::test]
async fn login_request_is_exact() {
    let test = TestPlatform::new(platform(Vec::new())).await;
    test.log_in().await.unwrap();
    assert_request(
        &test.only_request_at(&Endpoint::Any),
        "POST /dashboard/onboarding/login\n\
         accept: application/json\n\
         authorization: Bearer an.access.token\n\
         content-type: application/json\n\
         host: 127.0.0.1:PORT\n\
         user-agent: Codex-Create-API-Key/1.0\n\
         \n\
         {\"app\":\"api\"}",
    );
}

// threats 149
#[tokio::test]
async fn organizations_request_is_exact() {
    let test = TestPlatform::new(platform(Vec::new())).await;
    let session = test.log_in().await.unwrap();
    assert_eq!(session.organizations().await.unwrap(), []);
    assert_request(
        &test.only_request_at(&Endpoint::Organizations),
        "GET /v1/organizations\n\
         accept: application/json\n\
         authorization: Bearer sess-a-key\n\
         host: 127.0.0.1:PORT\n\
         user-agent: Codex-Create-API-Key/1.0\n\
         \n",
    );
}

// threats 149
#[tokio::test]
async fn projects_requests_are_exact() {
    let test = TestPlatform::new(platform(vec![organization_of(101)])).await;
    let session = test.log_in().await.unwrap();
    let projects = session.projects(&organization_id("org-1")).await.unwrap();
    assert_eq!(projects.len(), 101);
    let requests = test.sandbox.requests_at(&Endpoint::Projects);
    let [first, second] = requests.as_slice() else { panic!("{requests:?}") };
    let whole = |after: &str| {
        format!(
            "GET /dashboard/organizations/org-1/projects?detail=basic&limit=100{after}\n\
             accept: application/json\n\
             authorization: Bearer sess-a-key\n\
             host: 127.0.0.1:PORT\n\
             openai-organization: org-1\n\
             user-agent: Codex-Create-API-Key/1.0\n\
             \n"
        )
    };
    assert_request(first, &whole(""));
    assert_request(second, &whole("&after=proj_100"));
}

// threats 149
#[tokio::test]
async fn create_api_key_request_is_exact() {
    let test = TestPlatform::new(platform(vec![organization_of(1)])).await;
    let session = test.log_in().await.unwrap();
    let (organization, project) = (organization_id("org-1"), project_id("proj_1"));
    let key = session.create_api_key(&organization, &project, "Codex CLI").await.unwrap();
    assert_eq!(key.expose(), "sk-a-key");
    assert_request(
        &test.only_request_at(&Endpoint::ApiKeys),
        "POST /dashboard/organizations/org-1/projects/proj_1/api_keys\n\
         accept: application/json\n\
         authorization: Bearer sess-a-key\n\
         content-type: application/json\n\
         host: 127.0.0.1:PORT\n\
         user-agent: Codex-Create-API-Key/1.0\n\
         \n\
         {\"action\":\"create\",\"name\":\"Codex CLI\"}",
    );
}

#[tokio::test]
async fn id_with_any_characters_is_one_path_segment() {
    let project = Project { id: "p?r#o%2Fj".into(), ..Project::default() };
    let organization =
        Organization { id: "o/../r&g".into(), projects: vec![project], ..Organization::default() };
    let test = TestPlatform::new(platform(vec![organization])).await;
    let session = test.log_in().await.unwrap();
    let organizations = session.organizations().await.unwrap();
    let organization = &organizations[0].id;
    let projects = session.projects(organization).await.unwrap();
    session.create_api_key(organization, &projects[0].id, "a name").await.unwrap();
    assert_eq!(
        test.only_request_at(&Endpoint::ApiKeys).path,
        "/dashboard/organizations/o%2F..%2Fr%26g/projects/p%3Fr%23o%252Fj/api_keys"
    );
}
