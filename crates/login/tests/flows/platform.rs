//! A session of the platform with a stored sign-in.

use login::Error;
use login::platform::{
    Options, by_stored_sign_in, check_stored_sign_in, organizations, projects, start,
};
use platform_api::OrganizationId;
use sandbox::{Account, Endpoint, Fault, Then};
use serde_json::json;
use std::time::Duration;

use crate::support::{Machine, TestResult, Told, http, last_page, now, redirect};

const LIMIT: Duration = Duration::from_secs(60);

async fn check(test: &Machine) -> TestResult<Result<(), Error>> {
    Ok(check_stored_sign_in(&test.stored()?, &test.platform()?).await)
}

#[tokio::test]
async fn platform_accepts_a_stored_sign_in_or_says_why_not() {
    let test = Machine::with(vec![]).await.unwrap();
    let nothing = check(&test).await.unwrap();
    assert!(matches!(nothing, Err(Error::NotSignedIn(_))), "{nothing:?}");
    test.store_sign_in(&test.store, Account::OWNER).unwrap();
    check(&test).await.unwrap().unwrap();

    for (then, is_refused) in [
        (Then::json(401, json!({})), true),
        (Then::json(403, json!({})), false),
        (Then::json(500, json!({})), false),
        (Then::text(403, "text/html", "<html>"), false),
    ] {
        let fault = Fault::new(Endpoint::Onboarding, then.clone());
        let test = Machine::with(vec![fault]).await.unwrap();
        test.store_sign_in(&test.store, Account::OWNER).unwrap();
        match check(&test).await.unwrap() {
            Err(Error::AccessTokenNotAccepted(_)) => assert!(is_refused, "{then:?}"),
            Err(Error::Platform(_)) => assert!(!is_refused, "{then:?}"),
            other => panic!("{other:?}"),
        }
    }
}

/// A token that ends in this second has expired.
#[tokio::test]
async fn expired_access_token_is_not_sent() {
    for (lifetime, is_sent) in [(0, false), (1, true)] {
        let access_token = Duration::from_secs(lifetime);
        let lifetimes = sandbox::Lifetimes { access_token, ..Default::default() };
        let scenario = sandbox::Scenario { lifetimes, ..Default::default() };
        let test = Machine::new(scenario).await.unwrap();
        test.store_sign_in(&test.store, Account::OWNER).unwrap();
        let outcome = check(&test).await.unwrap();
        assert_eq!(test.sandbox.requests_at(&Endpoint::Onboarding).len(), usize::from(is_sent));
        match outcome {
            Err(Error::AccessTokenExpired) => assert!(!is_sent),
            other => assert!(is_sent, "{other:?}"),
        }
    }
}

#[tokio::test]
async fn stored_sign_in_lists_organizations_and_projects() {
    let forbidden = Then::json(403, json!({}));
    let archive = Endpoint::Path("/dashboard/organizations/org-archive/projects".into());
    let test = Machine::with(vec![Fault::new(archive, forbidden)]).await.unwrap();
    test.store_sign_in(&test.store, Account::SEVERAL_PROJECTS).unwrap();
    let (sign_in, platform) = (test.stored().unwrap(), test.platform().unwrap());
    let session = by_stored_sign_in(&sign_in, &platform, &|_| {}).await.unwrap();
    let names = organizations(&session, LIMIT).await.unwrap();
    let names: Vec<_> = names.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(names, ["org-rosalind", "org-archive"]);

    let all = projects(&session, None, LIMIT).await.unwrap();
    let count = all.iter().map(|(_, list)| list.as_ref().map(|list| list.projects.len()));
    assert_eq!(count.collect::<Vec<_>>(), [Some(2), None]);
    let one = OrganizationId::new("org-rosalind").unwrap();
    let one = projects(&session, Some(&one), LIMIT).await.unwrap();
    assert!(one.len() == 1 && one[0].0.id.as_str() == "org-rosalind");
    let unknown = OrganizationId::new("org-x").unwrap();
    let error = projects(&session, Some(&unknown), LIMIT).await.unwrap_err();
    let Error::UnknownOrganization { offered, .. } = &error else { panic!("{error:?}") };
    assert_eq!(offered.len(), 2);
}

#[tokio::test]
async fn error_of_the_platform_ends_a_list() {
    let test = Machine::with(vec![Fault::new(Endpoint::Projects, Then::json(500, json!({})))]);
    let test = test.await.unwrap();
    test.store_sign_in(&test.store, Account::OWNER).unwrap();
    let (sign_in, platform) = (test.stored().unwrap(), test.platform().unwrap());
    let session = by_stored_sign_in(&sign_in, &platform, &|_| {}).await.unwrap();
    let error = projects(&session, None, LIMIT).await.unwrap_err();
    assert!(matches!(error, Error::Platform(_)), "{error:?}");
}

/// A sign-in of another issuer is sent nowhere.
#[tokio::test]
async fn access_token_goes_only_to_the_platform_of_its_issuer() {
    let (test, other) = (Machine::with(vec![]).await, Machine::with(vec![]).await);
    let (test, other) = (test.unwrap(), other.unwrap());
    other.store_sign_in(&test.store, Account::OWNER).unwrap();
    let platform = test.platform().unwrap();
    let sign_in = login::stored::StoredSignIn::new(test.store.clone(), test.client().unwrap(), now);
    let error = by_stored_sign_in(&sign_in, &platform, &|_| {}).await.unwrap_err();
    assert!(matches!(error, Error::OtherIssuer { .. }), "{error:?}");
    assert_eq!(test.sandbox.connections(), 0);
}

#[tokio::test]
async fn session_by_browser_stores_nothing() {
    let test = Machine::with(vec![]).await.unwrap();
    let urls = (test.sandbox.issuer_url().parse(), test.sandbox.api_url().parse());
    let options =
        Options { redirect: redirect(), ..Options::new(urls.0.unwrap(), urls.1.unwrap()) };
    let mut pending = start(options, http()).unwrap();
    let url = pending.authorization().url().to_string();
    let person = test.sandbox.person(Account::OWNER);
    let told = Told::default();
    let events = |event: login::Event<'_>| told.add(&event);
    let (trail, session) = tokio::join!(person.visit(&url), pending.finish(&events));
    assert_eq!(organizations(&session.unwrap(), LIMIT).await.unwrap().len(), 1);
    assert_eq!(last_page(&trail.unwrap()), login::pages::LOGGED_IN);
    assert_eq!(told.names(), ["CallbackReceived"]);
    assert!(test.store.load().unwrap().is_none());
}
