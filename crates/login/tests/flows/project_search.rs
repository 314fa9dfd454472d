//! The search for a project, while the platform creates it or fails.

use std::time::Duration;

use login::create_api_key::{NewApiKey, Options, PollPolicy, ProjectChoices};
use login::{Error, SearchSummary};
use sandbox::{Account, Endpoint, Fault, On, Organization, Project, Scenario, Then};
use serde_json::json;

use crate::create_api_key::{NOBODY, create_key, options};
use crate::support::{Machine, TIMEOUT, TestResult, Told};

const SOON: Duration = Duration::from_millis(1);
const PATIENT: PollPolicy = PollPolicy { interval: SOON, timeout: TIMEOUT };
const ONCE: PollPolicy = PollPolicy { interval: SOON, timeout: Duration::ZERO };

/// Creates a key without a question, and returns the number of pauses.
async fn search(
    test: &Machine,
    poll: PollPolicy,
    account: &str,
) -> TestResult<(Result<NewApiKey, Error>, usize)> {
    let told = Told::default();
    let options = Options { poll, ..options(test)? };
    let (new, _) = create_key(test, options, account, NOBODY, &told).await?;
    let pauses = told.names().iter().filter(|name| *name == "WaitingForProject").count();
    Ok((new, pauses))
}

/// What the search had seen at its end.
async fn seen(scenario: Scenario, account: &str) -> TestResult<[usize; 3]> {
    let test = Machine::new(scenario).await?;
    match search(&test, ONCE, account).await? {
        (Err(Error::NoProject { seen, failure: None }), 0) => {
            let SearchSummary { organizations, inaccessible, projects, .. } = seen;
            Ok([organizations, inaccessible, projects])
        }
        other => Err(format!("{other:?}").into()),
    }
}

fn organization(id: &str, projects: &[&str]) -> Organization {
    let project = |id: &&str| Project { id: (*id).to_owned(), ..Project::default() };
    let projects = projects.iter().map(project).collect();
    Organization { id: id.to_owned(), projects, ..Organization::default() }
}

fn member_of(organizations: Vec<Organization>) -> Scenario {
    let accounts = vec![Account { organizations, ..Account::member() }];
    Scenario { accounts, ..Scenario::default() }
}

fn projects_of(organization: &str) -> Endpoint {
    Endpoint::Path(format!("/dashboard/organizations/{organization}/projects"))
}

#[tokio::test]
async fn search_is_repeated_until_the_default_project_exists() {
    let test = Machine::with(vec![]).await.unwrap();
    let (new, pauses) = search(&test, PATIENT, Account::NEW_OWNER).await.unwrap();
    assert_eq!(new.unwrap().project.id.as_str(), "proj_grace");
    assert_eq!(pauses, 2);
}

// threats 135
#[tokio::test]
async fn search_ends_with_what_it_has_seen() {
    assert_eq!(seen(member_of(vec![]), Account::MEMBER).await.unwrap(), [0, 0, 0]);
    let two = vec![organization("org-1", &["p-1", "p-2"]), organization("org-2", &["p-3"])];
    assert_eq!(seen(member_of(two.clone()), Account::MEMBER).await.unwrap(), [2, 0, 3]);
    let forbidden = Fault::new(projects_of("org-1"), Then::json(403, json!({})));
    let scenario = Scenario { faults: vec![forbidden], ..member_of(two) };
    assert_eq!(seen(scenario, Account::MEMBER).await.unwrap(), [2, 1, 1]);
}

// threats 131
#[tokio::test]
async fn search_is_repeated_after_a_transient_error_only() {
    for at in [Endpoint::Organizations, Endpoint::Projects] {
        for (status, repeats) in [(503, true), (400, false)] {
            let fault = Fault::new(at.clone(), Then::json(status, json!({}))).on(On::First(1));
            let test = Machine::with(vec![fault]).await.unwrap();
            let (new, pauses) = search(&test, PATIENT, Account::OWNER).await.unwrap();
            match new {
                Ok(_) => assert!(repeats && pauses == 1, "{at:?} {status}"),
                Err(Error::Platform(_)) => assert!(!repeats && pauses == 0, "{at:?} {status}"),
                Err(other) => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn failure_of_the_last_search_is_reported() {
    let fault = Fault::new(Endpoint::Organizations, Then::json(503, json!({})));
    let test = Machine::with(vec![fault]).await.unwrap();
    let (new, _) = search(&test, ONCE, Account::OWNER).await.unwrap();
    assert!(matches!(new, Err(Error::NoProject { failure: Some(_), .. })), "{new:?}");
}

/// The projects that a person can select, and the default one.
async fn offered(scenario: Scenario, account: &str) -> TestResult<(Vec<String>, usize)> {
    let test = Machine::new(scenario).await?;
    let (mut ids, mut default) = (Vec::new(), 0);
    let choose = async |choices: ProjectChoices| {
        ids = choices.targets.iter().map(|it| it.project.id.as_str().to_owned()).collect();
        default = choices.default;
        Err(Error::NothingChosen)
    };
    let options = options(&test)?;
    let (new, _) = create_key(&test, options, account, Some(choose), &Told::default()).await?;
    match new {
        Err(Error::NothingChosen) => Ok((ids, default)),
        other => Err(format!("{other:?}").into()),
    }
}

#[tokio::test]
async fn default_project_is_known_among_all_projects() {
    let mut second = organization("org-2", &["p-3", "p-4"]);
    second.projects[1].is_initial = true;
    let scenario = member_of(vec![organization("org-1", &["p-1", "p-2"]), second]);
    let (ids, default) = offered(scenario, Account::MEMBER).await.unwrap();
    assert_eq!(ids, ["p-1", "p-2", "p-3", "p-4"]);
    assert_eq!(default, 3);
}

/// The default project is known, so an error hides only the projects of its organization.
#[tokio::test]
async fn error_of_another_organization_hides_its_projects() {
    for status in [403, 400, 503] {
        let fault = Fault::new(projects_of("org-archive"), Then::json(status, json!({})));
        let scenario = Scenario { faults: vec![fault], ..Scenario::default() };
        let (ids, _) = offered(scenario, Account::SEVERAL_PROJECTS).await.unwrap();
        assert_eq!(ids, ["proj_rosalind", "proj_imaging"], "{status}");
    }
}
