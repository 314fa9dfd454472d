//! Options for the project, the name and the storage of a key.

use sandbox::{Account, Endpoint, Fault, Organization, Project, Scenario, Then};
use serde_json::{Value, json};

use crate::support::{Finished, World};

/// A world with one account in these organizations.
fn world_of(organizations: Vec<Organization>, faults: Vec<Fault>) -> World {
    let account = Account { organizations, ..Account::owner() };
    World::with_scenario(Scenario { accounts: vec![account], faults, ..Scenario::default() })
}

fn organization(id: &str) -> Organization {
    let project = Project { id: format!("proj-of-{id}"), is_initial: true, ..Project::default() };
    Organization { id: id.to_owned(), projects: vec![project], ..Organization::default() }
}

fn projects_of(id: &str) -> Endpoint {
    Endpoint::Path(format!("/dashboard/organizations/{id}/projects"))
}

/// The key is created in the default project of this organization.
#[track_caller]
fn assert_created_in(world: &World, options: &[&str], id: &str) -> Finished {
    let finished = world.create_key().arg("--json").args(options).signs_in(Account::OWNER);
    finished.exits(0);
    assert_eq!(finished.json()["organization"]["id"], id);
    let [created] = world.sandbox.requests_at(&Endpoint::ApiKeys).try_into().unwrap();
    let path = format!("/dashboard/organizations/{id}/projects/proj-of-{id}/api_keys");
    assert_eq!(created.path, path);
    finished
}

#[test]
fn default_organization_is_preferred_then_personal_then_first() {
    let other = || organization("other");
    let personal = || Organization { personal: true, ..organization("personal") };
    let default = || Organization { is_default: true, ..organization("default") };
    let none = || Organization { projects: Vec::new(), is_default: true, ..organization("none") };
    assert_created_in(&world_of(vec![other(), personal(), default()], vec![]), &[], "default");
    assert_created_in(&world_of(vec![other(), personal(), none()], vec![]), &[], "personal");
    assert_created_in(&world_of(vec![other(), organization("later")], vec![]), &[], "other");
}

#[test]
fn preferred_organization_wins_among_twenty() {
    let mut organizations: Vec<Organization> =
        (0..20).map(|number| organization(&format!("org-{number}"))).collect();
    organizations[13].is_default = true;
    let world = world_of(organizations, vec![]);
    assert_created_in(&world, &[], "org-13");
    assert!(world.count(&Endpoint::Projects) <= 20);
    assert_eq!(world.count(&Endpoint::Organizations), 1);
}

/// The program waits for a slow response about the preferred organization.
#[test]
fn choice_does_not_depend_on_response_order() {
    let default = Organization { is_default: true, ..organization("slow") };
    let slow = Fault::new(projects_of("slow"), Then::Normal);
    let faults = vec![slow.after(std::time::Duration::from_millis(300))];
    assert_created_in(&world_of(vec![organization("quick"), default], faults), &[], "slow");
}

// threats 127 128
#[test]
fn inaccessible_organization_is_skipped() {
    for status in [403, 404] {
        let default = Organization { is_default: true, ..organization("closed") };
        let refused = Then::json(status, json!({"error": {"code": "no_access", "message": "M"}}));
        let faults = vec![Fault::new(projects_of("closed"), refused)];
        assert_created_in(&world_of(vec![default, organization("open")], faults), &[], "open");
    }
}

// threats 137
#[test]
fn default_project_on_a_later_page_is_found() {
    let project = |number: u32| Project { id: format!("p{number}"), ..Project::default() };
    let mut projects: Vec<Project> = (0..250).map(project).collect();
    projects[201].is_initial = true;
    let world = world_of(vec![Organization { projects, ..organization("big") }], vec![]);
    let finished = world.create_key().arg("--json").signs_in(Account::OWNER);
    finished.exits(0);
    assert_eq!(finished.json()["project"], json!({"id": "p201", "title": null}));
    let queries = world.sandbox.requests_at(&Endpoint::Projects).into_iter();
    let queries: Vec<String> = queries.map(|request| request.query.unwrap()).collect();
    let expected = ["", "&after=p99", "&after=p199"];
    assert_eq!(queries, expected.map(|after| format!("detail=basic&limit=100{after}")));
}

#[test]
fn organization_can_be_chosen() {
    let default = Organization { is_default: true, ..organization("default") };
    let world = world_of(vec![default, organization("chosen")], vec![]);
    assert_created_in(&world, &["--organization", "chosen"], "chosen");
    assert_eq!(world.count(&Endpoint::Projects), 1);
}

#[test]
fn non_default_project_can_be_chosen() {
    let mut chosen = organization("org");
    chosen.projects.push(Project { id: "other".to_owned(), ..Project::default() });
    let world = world_of(vec![chosen], vec![]);
    let options = ["--json", "--project", "other"];
    let finished = world.create_key().args(options).signs_in(Account::OWNER);
    finished.exits(0);
    assert_eq!(finished.json()["project"], json!({"id": "other", "title": null}));
}

// threats 103 141
#[test]
fn unusual_ids_are_one_path_segment() {
    let mut strange = organization("org/../a?b#c%2F");
    strange.projects[0].id = "&\"<x>+;".to_owned();
    let world = world_of(vec![strange], vec![]);
    let options = ["--poll-interval", "20ms", "--poll-timeout", "1s"];
    world.create_key().args(options).signs_in(Account::OWNER).exits(0);
    let [created] = world.sandbox.requests_at(&Endpoint::ApiKeys).try_into().unwrap();
    let expected = "/dashboard/organizations/org%2F..%2Fa%3Fb%23c%252F/projects/\
                    %26%22%3Cx%3E%2B%3B/api_keys";
    assert_eq!(created.path, expected);
    let [listed] = world.sandbox.requests_at(&Endpoint::Projects).try_into().unwrap();
    assert_eq!(listed.header("openai-organization"), Some("org/../a?b#c%2F"));
}

// threats 140 192
#[test]
fn unusual_titles_are_shown_safely() {
    for title in
        [None, Some(String::new()), Some("\u{1b}[2J\u{202e}\r\n\u{200b}<b>".repeat(20_000))]
    {
        let mut organization = Organization { title: title.clone(), ..organization("org-1") };
        organization.projects[0].title = title;
        let world = world_of(vec![organization], vec![]);
        let running = world.create_key().start();
        let trail = running.visit(Account::OWNER);
        let finished = running.finish();
        finished.exits(0).says("Created the API key \"Codex CLI\" for ");
        assert!(finished.stderr.len() < 3_000, "{} bytes", finished.stderr.len());
        let page = trail.last().unwrap().text();
        assert!(!page.contains("<b>") && page.len() < 20_000, "{page}");
    }
}

#[test]
fn key_name_can_be_chosen() {
    let name = "build \"server\" é";
    let world = World::new();
    let finished = world.create_key().args(["--name", name]).signs_in(Account::OWNER);
    finished.exits(0).says(&format!("Created the API key \"{name}\" for "));
    let [created] = world.sandbox.requests_at(&Endpoint::ApiKeys).try_into().unwrap();
    assert_eq!(created.json(), Some(json!({"action": "create", "name": name})));
}

#[test]
fn key_is_saved_without_a_sign_in() {
    let world = World::new();
    let finished = world.create_key().arg("--save").signs_in(Account::OWNER);
    let key = world.sandbox.issued().api_keys.pop().unwrap();
    let path = world.codex_home().join("auth.json");
    let said = format!("(org-ada), stored in {}\n", path.display());
    finished.exits(0).prints(&format!("{key}\n")).says(&said);
    let stored: Value = serde_json::from_str(&world.auth_json().unwrap()).unwrap();
    assert_eq!(stored["auth_mode"], "apikey");
    assert!(stored["OPENAI_API_KEY"] == key.as_str());
}

#[test]
fn key_is_saved_next_to_a_sign_in() {
    let world = World::new();
    world.login().signs_in(Account::OWNER).exits(0);
    let before = world.auth_json().unwrap();
    world.create_key().arg("--save").signs_in(Account::OWNER).exits(0);
    let keys = world.sandbox.issued().api_keys;
    assert_eq!(keys.len(), 2);
    let expected = before.replace(&keys[0], &keys[1]);
    assert!(world.auth_json().unwrap() == expected, "something else changed than the key");
}

#[test]
fn key_of_another_account_is_saved_with_a_warning() {
    let world = World::new();
    world.login().signs_in(Account::OWNER).exits(0);
    let finished = world.create_key().arg("--save").signs_in(Account::SEVERAL_PROJECTS);
    finished.exits(0).says(
        "warning: the API key may be of another account than the stored sign-in: Ada Lovelace \
         <ada@example.com> is not in the organization org-rosalind\n",
    );
    world.create_key().arg("--save").signs_in(Account::OWNER).says_nothing_of("warning: ");
}

/// Without `--save`, `create-key` does not read or write the store.
#[test]
fn unsaved_key_needs_no_home_folder() {
    let world = World::new();
    let start = world.create_key().without_env("CODEX_HOME").without_env("HOME");
    start.signs_in(Account::OWNER).exits(0);
}

/// `OPENAI_API_KEY=$(login-cli create-key)` in a shell.
#[cfg(unix)]
#[test]
fn shell_captures_the_key_from_stdout() {
    let world = World::new();
    let start = world.create_key().under(["/bin/sh", "-c", "key=$(\"$@\"); echo \"<$key>\"", "sh"]);
    let finished = start.signs_in(Account::OWNER);
    finished.exits(0).prints(&format!("<{}>\n", world.sandbox.issued().api_keys[0]));
}

/// The store becomes unwritable after the browser opens. The key is on standard output, and the
/// page and the message say so.
#[test]
fn key_that_cannot_be_saved_is_still_printed() {
    let world = World::new();
    let running = world.create_key().arg("--save").start();
    let callback = running.auth_url();
    std::fs::create_dir(world.codex_home().join("auth.json")).unwrap();
    let trail = running.visit_at(&callback, &world.sandbox.person(Account::OWNER));
    assert!(trail.last().unwrap().text().contains("API key created"));
    let finished = running.finish();
    let key = world.sandbox.issued().api_keys.pop().unwrap();
    finished.exits(1).prints(&format!("{key}\n"));
    finished.says("error: the API key \"Codex CLI\" was created, but could not be stored: ");
    finished.says("hint: the key above works, but is not stored: save it now; ");
}

/// The key is on disk, but standard output has no reader.
#[test]
fn key_that_cannot_be_printed_is_saved() {
    let world = World::new();
    let finished =
        world.create_key().arg("--save").without_stdout_reader().signs_in(Account::OWNER);
    let key = world.sandbox.issued().api_keys.pop().unwrap();
    finished.exits(1).says("hint: it is kept in auth.json all the same\n");
    assert!(world.auth_json().unwrap().contains(&key));
}
