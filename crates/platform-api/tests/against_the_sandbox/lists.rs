//! Lists of organizations and projects.

use platform_api::{ProjectLimit, by_preference};
use sandbox::{Account, Endpoint, Organization, Scenario, Then};
use serde_json::json;

use crate::support::{TestPlatform, organization_id, organization_of, platform};

// threats 140
#[tokio::test]
async fn organizations_keep_their_order_and_by_preference_sorts_them() {
    let organization = |id: &str, title: Option<&str>, is_default, personal| Organization {
        id: id.into(),
        title: title.map(Into::into),
        is_default,
        personal,
        ..Organization::default()
    };
    let test = TestPlatform::new(platform(vec![
        organization("org-rest", None, false, false),
        organization("org-personal", Some("\u{1b}]0;title\u{202e}"), false, true),
        organization("org-default", Some("Ada's \u{1f511}"), true, false),
    ]));
    let test = test.await;
    let listed = test.log_in().await.unwrap().organizations().await.unwrap();
    let ids = |list: &[platform_api::Organization]| {
        list.iter().map(|one| one.id.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&listed), ["org-rest", "org-personal", "org-default"]);
    assert_eq!(listed[0].title, None);
    assert_eq!(listed[2].title.as_deref(), Some("Ada's \u{1f511}"));
    assert_eq!(ids(&by_preference(listed)), ["org-default", "org-personal", "org-rest"]);
}

/// How many projects are found, and with how many requests.
async fn finds(projects: usize) -> (usize, usize) {
    let test = TestPlatform::new(platform(vec![organization_of(projects)])).await;
    let session = test.log_in().await.unwrap();
    let found = session.projects(&organization_id("org-1")).await.unwrap();
    (found.len(), test.sandbox.requests_at(&Endpoint::Projects).len())
}

// threats 137
#[tokio::test]
async fn at_most_fifty_pages_are_read() {
    assert_eq!(finds(0).await, (0, 1));
    assert_eq!(finds(1).await, (1, 1));
    assert_eq!(finds(100).await, (100, 1));
    assert_eq!(finds(101).await, (101, 2));
    assert_eq!(finds(5_000).await, (5_000, 50));
    assert_eq!(finds(5_001).await, (5_000, 50));
}

// threats 137
#[tokio::test]
async fn list_ends_at_the_page_with_the_match() {
    let mut organization = organization_of(5_000);
    organization.projects[150].is_initial = true;
    let test = TestPlatform::new(platform(vec![organization])).await;
    let session = test.log_in().await.unwrap();
    let organization = organization_id("org-1");
    let limit = ProjectLimit::new(usize::MAX);
    let sought = session.projects_within(&organization, |project| project.is_initial, &limit);
    assert_eq!(sought.await.unwrap().projects.len(), 200);
    assert_eq!(test.sandbox.requests_at(&Endpoint::Projects).len(), 2);
}

// threats 137
#[tokio::test]
async fn page_that_points_to_itself_ends_the_list() {
    let page = json!({"data": [{"id": "proj_1"}], "has_more": true, "last_id": "proj_1"});
    let test = TestPlatform::with(Endpoint::Projects, Then::json(200, page)).await;
    let session = test.log_in().await.unwrap();
    session.projects(&organization_id("org-1")).await.unwrap();
    assert_eq!(test.sandbox.requests_at(&Endpoint::Projects).len(), 2);
}

// threats 127
#[tokio::test]
async fn status_403_and_404_are_inaccessible_and_not_transient() {
    for status in [403, 404] {
        let test = TestPlatform::with(Endpoint::Projects, Then::json(status, json!({}))).await;
        let session = test.log_in().await.unwrap();
        let error = session.projects(&organization_id("org-2")).await.unwrap_err();
        assert!(error.is_inaccessible() && !error.is_transient(), "{error:?}");
    }
}

#[tokio::test]
async fn account_without_organization_has_an_empty_list() {
    let accounts = vec![Account { email: Account::OWNER.into(), ..Account::member() }];
    let test = TestPlatform::new(Scenario { accounts, ..Scenario::default() }).await;
    assert_eq!(test.log_in().await.unwrap().organizations().await.unwrap(), []);
}
