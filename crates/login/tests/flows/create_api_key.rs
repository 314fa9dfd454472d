//! Create a project API key: where it is created, and who gets it.

use http_client::ErrorResponse;
use login::create_api_key::{NewApiKey, Options, ProjectChoices, Target, start};
use login::{DeliveryError, Error, Event};
use platform_api::{OrganizationId, ProjectId};
use sandbox::{Account, Endpoint, Fault, Then, Trail};
use serde_json::json;
use tokio::join;

use crate::support::{Machine, TIMEOUT, TestResult, Told, http, last_page, redirect, write};

pub(crate) fn options(test: &Machine) -> TestResult<Options> {
    let issuer = test.sandbox.issuer_url().parse()?;
    let mut options = Options::new(issuer, test.sandbox.api_url().parse()?);
    options.session.redirect = redirect();
    options.session.timeout = TIMEOUT;
    Ok(options)
}

/// Creates a key in the project that `choose` selects.
pub(crate) async fn create_key(
    test: &Machine,
    options: Options,
    account: &str,
    choose: Option<impl AsyncFnOnce(ProjectChoices) -> Result<Target, Error>>,
    told: &Told,
) -> TestResult<(Result<NewApiKey, Error>, Trail)> {
    create_key_for(test, options, account, choose, told, |_| Ok(())).await
}

async fn create_key_for(
    test: &Machine,
    options: Options,
    account: &str,
    choose: Option<impl AsyncFnOnce(ProjectChoices) -> Result<Target, Error>>,
    told: &Told,
    deliver: impl FnOnce(&NewApiKey) -> Result<(), DeliveryError>,
) -> TestResult<(Result<NewApiKey, Error>, Trail)> {
    let mut pending = start(options, http())?;
    let url = pending.authorization().url().to_string();
    let person = test.sandbox.person(account);
    let events = |event: Event<'_>| told.add(&event);
    let (trail, new) = join!(person.visit(&url), pending.finish(choose, &events, deliver));
    Ok((new, trail?))
}

pub(crate) type Choose = fn(ProjectChoices) -> std::future::Ready<Result<Target, Error>>;
/// Nobody is asked.
pub(crate) const NOBODY: Option<Choose> = None;

#[tokio::test]
async fn key_is_created_in_the_default_project_delivered_and_stored() {
    let test = Machine::with(vec![]).await.unwrap();
    let options = Options { save_to: Some(test.store.clone()), ..options(&test).unwrap() };
    let (told, mut delivered) = (Told::default(), None);
    let deliver = |new: &NewApiKey| {
        delivered = Some(new.key.expose().to_owned());
        Ok(())
    };
    let account = Account::SEVERAL_PROJECTS;
    let visit = create_key_for(&test, options, account, NOBODY, &told, deliver);
    let (new, trail) = visit.await.unwrap();
    let new = new.unwrap();
    assert_eq!((new.organization.id.as_str(), new.name.as_str()), ("org-rosalind", "Codex CLI"));
    assert_eq!(new.project.id.as_str(), "proj_rosalind");
    assert_eq!(delivered.as_deref(), Some(new.key.expose()));
    assert_eq!(test.document().unwrap().api_key().unwrap().expose(), new.key.expose());
    assert_eq!(told.names(), ["CallbackReceived", "CreatingApiKey"]);
    let page = last_page(&trail);
    assert!(page.contains("Crystallography") && page.contains("Default project"), "{page}");
}

#[tokio::test]
async fn key_that_is_not_to_be_stored_is_not_stored() {
    let test = Machine::with(vec![]).await.unwrap();
    let options = options(&test).unwrap();
    let visit = create_key(&test, options, Account::OWNER, NOBODY, &Told::default()).await;
    visit.unwrap().0.unwrap();
    assert!(test.store.load().unwrap().is_none());
}

#[tokio::test]
async fn person_selects_one_of_several_projects() {
    let test = Machine::with(vec![]).await.unwrap();
    let choose = async |choices: ProjectChoices| {
        assert_eq!((choices.targets.len(), choices.default), (3, 0));
        choices.targets.into_iter().nth(2).ok_or(Error::NothingChosen)
    };
    let options = options(&test).unwrap();
    let told = Told::default();
    let account = Account::SEVERAL_PROJECTS;
    let (new, trail) = create_key(&test, options, account, Some(choose), &told).await.unwrap();
    assert_eq!(new.unwrap().project.id.as_str(), "proj_letters");
    assert_eq!(last_page(&trail), login::pages::CHOOSE);
}

#[tokio::test]
async fn nobody_is_asked_if_there_is_one_project() {
    let test = Machine::with(vec![]).await.unwrap();
    let choose = async |_: ProjectChoices| Err(Error::NothingChosen);
    let options = options(&test).unwrap();
    let told = Told::default();
    let (new, _) = create_key(&test, options, Account::OWNER, Some(choose), &told).await.unwrap();
    assert_eq!(new.unwrap().project.id.as_str(), "proj_ada");
}

#[tokio::test]
async fn requested_project_is_used_without_a_question() {
    let choose = async |_: ProjectChoices| Err(Error::NothingChosen);
    for (project, works) in [("proj_letters", true), ("proj_x", false)] {
        let test = Machine::with(vec![]).await.unwrap();
        let mut options = options(&test).unwrap();
        options.choice.project = Some(ProjectId::new(project).unwrap());
        let (told, account) = (Told::default(), Account::SEVERAL_PROJECTS);
        let visit = create_key(&test, options, account, Some(choose), &told).await;
        match visit.unwrap().0 {
            Ok(new) => assert!(works && new.project.id.as_str() == project),
            Err(Error::UnknownProject { wanted, offered }) => {
                assert!(!works && wanted.as_str() == project && offered.len() == 3);
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn unknown_organization_is_an_error() {
    let test = Machine::with(vec![]).await.unwrap();
    let mut options = options(&test).unwrap();
    options.choice.organization = Some(OrganizationId::new("org-x").unwrap());
    let visit = create_key(&test, options, Account::OWNER, NOBODY, &Told::default()).await;
    let (new, trail) = visit.unwrap();
    assert!(matches!(new, Err(Error::UnknownOrganization { .. })), "{new:?}");
    assert_eq!(last_page(&trail), login::pages::KEY_FAILED);
    assert!(test.sandbox.issued().api_keys.is_empty());
}

/// The platform returns the key only once.
#[tokio::test]
async fn key_that_is_not_delivered_is_stored() {
    for stores in [true, false] {
        let test = Machine::with(vec![]).await.unwrap();
        let save_to = stores.then(|| test.store.clone());
        let options = Options { save_to, ..options(&test).unwrap() };
        let deliver = |_: &NewApiKey| Err(DeliveryError::from("a closed pipe"));
        let told = Told::default();
        let visit = create_key_for(&test, options, Account::OWNER, NOBODY, &told, deliver).await;
        let (new, trail) = visit.unwrap();
        assert!(matches!(new, Err(Error::NotDelivered { stored, .. }) if stored == stores));
        assert_eq!(last_page(&trail), login::pages::KEY_FAILED);
        assert_eq!(test.store.load().unwrap().is_some(), stores);
    }
}

/// Only a sign-in replaces it. No port is opened.
#[tokio::test]
async fn unreadable_store_is_found_before_the_browser_opens() {
    let test = Machine::with(vec![]).await.unwrap();
    write(&test.store, "{").unwrap();
    let options = Options { save_to: Some(test.store.clone()), ..options(&test).unwrap() };
    let error = start(options, http()).unwrap_err();
    assert!(matches!(error, Error::Store(auth_store::Error::Corrupt { .. })), "{error:?}");
}

#[tokio::test]
async fn refused_key_names_the_key() {
    let refused = Then::json(400, json!({"error": {"message": "no"}}));
    let test = Machine::with(vec![Fault::new(Endpoint::ApiKeys, refused)]).await.unwrap();
    let options = options(&test).unwrap();
    let visit = create_key(&test, options, Account::OWNER, NOBODY, &Told::default()).await;
    let error = visit.unwrap().0.unwrap_err();
    assert!(matches!(&error, Error::KeyCreation { name, .. } if name == "Codex CLI"), "{error:?}");
    let response: Option<&ErrorResponse> = error.request_failure().unwrap().error_response();
    assert_eq!(response.unwrap().status, 400);
}
