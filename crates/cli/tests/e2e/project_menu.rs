//! The menu of `login-cli create-key` on a terminal.

use sandbox::{Account, Endpoint, Fault, Organization, Project, Scenario, Then};
use serde_json::json;

use crate::support::{CellStyle, TerminalRun, World};

fn organization(id: &str, title: &str, projects: Vec<Project>) -> Organization {
    let title = Some(title.to_owned());
    Organization { id: id.to_owned(), title, projects, ..Organization::default() }
}

fn project(id: &str, title: &str) -> Project {
    Project { id: id.to_owned(), title: Some(title.to_owned()), ..Project::default() }
}

fn default_project(id: &str) -> Project {
    Project { is_initial: true, ..project(id, "Default project") }
}

fn world_of(organizations: Vec<Organization>, faults: Vec<Fault>) -> World {
    let account = Account { organizations, ..Account::owner() };
    World::with_scenario(Scenario { accounts: vec![account], faults, ..Scenario::default() })
}

/// The default project is first neither in the list nor in its organization.
fn engines() -> Vec<Organization> {
    let of_default = vec![project("proj_research", "Research"), default_project("proj_1")];
    vec![
        organization("org-co", "Compilers & Co", vec![default_project("proj_co")]),
        Organization {
            is_default: true,
            ..organization("org-engines", "Analytical Engines", of_default)
        },
    ]
}

const KEYS: &str = "Arrows move, Enter picks, Esc cancels.";

/// The escape sequence at the start of every menu.
const SECOND_SCREEN: &str = "\u{1b}[?1049h";

/// The initial menu for `engines`.
const MENU: &str = "\
Which of 3 projects is the key for?
Arrows move, Enter picks, Esc cancels.
  Research of Analytical Engines (proj_research)
> Default project of Analytical Engines (proj_1)
  Default project of Compilers & Co (proj_co)";

/// Signs in on a terminal and waits for the menu.
#[track_caller]
fn show_menu<'w>(world: &'w World, options: &[&str], columns: u16, rows: u16) -> TerminalRun<'w> {
    let person = world.create_key().args(options).captured_on_terminal(columns, rows);
    let page = person.visit(Account::OWNER);
    let page = page.last().unwrap().text();
    assert!(page.contains("Go back to the terminal"), "{page}");
    person.shows(KEYS);
    person
}

/// The key is created in this project and printed.
#[track_caller]
fn assert_key_created_in(world: &World, person: TerminalRun<'_>, project: &str) {
    let finished = person.finish();
    let key = world.sandbox.issued().api_keys.pop().unwrap();
    finished.exits(0).prints(&format!("{key}\n")).says(&format!("({project})"));
    finished.says("Created the API key").says_nothing_of(KEYS);
    let [created] = world.sandbox.requests_at(&Endpoint::ApiKeys).try_into().unwrap();
    assert!(created.path.contains(&format!("/projects/{project}/")), "{}", created.path);
}

#[test]
fn default_project_is_selected_first() {
    let world = world_of(engines(), vec![]);
    let person = show_menu(&world, &[], 80, 24);
    person.shows(MENU);
    assert_eq!(person.screen(), MENU);
    assert!(!person.echoes(), "what is typed is shown");
    person.types("\r");
    assert_key_created_in(&world, person, "proj_1");
}

#[test]
fn another_project_can_be_chosen() {
    for (keys, project) in
        [("\u{1b}[A", "proj_research"), ("\u{1b}[B", "proj_co"), ("jj", "proj_research")]
    {
        let world = world_of(engines(), vec![]);
        let person = show_menu(&world, &[], 80, 24);
        person.types(keys);
        person.types("\r");
        assert_key_created_in(&world, person, project);
    }
}

/// A project that the options exclude is not offered. One remaining project needs no menu.
#[test]
fn one_possible_project_shows_no_menu() {
    let alone = || vec![Organization { is_default: true, ..engines().swap_remove(0) }];
    let cases: [(Vec<Organization>, &[&str]); 4] = [
        (alone(), &[]),
        (engines(), &["--organization", "org-co"]),
        (engines(), &["--project", "proj_co"]),
        (engines(), &["--organization", "org-co", "--project", "proj_co"]),
    ];
    for (organizations, options) in cases {
        let world = world_of(organizations, vec![]);
        let person = world.create_key().args(options).captured_on_terminal(80, 24);
        let page = person.visit(Account::OWNER);
        assert!(page.last().unwrap().text().contains("Your API key is ready"), "{options:?}");
        let bytes = String::from_utf8(person.bytes()).unwrap();
        assert!(!bytes.contains(SECOND_SCREEN), "a menu for {options:?}");
        assert_key_created_in(&world, person, "proj_co");
    }
}

#[test]
fn organization_option_limits_the_menu() {
    let world = world_of(engines(), vec![]);
    let person = show_menu(&world, &["--organization", "org-engines"], 80, 24);
    let expected = "Which of 2 projects is the key for?\nArrows move, Enter picks, Esc cancels.\n  \
                    Research (proj_research)\n> Default project (proj_1)";
    person.shows(expected);
    assert_eq!(person.screen(), expected);
    person.types("k\r");
    assert_key_created_in(&world, person, "proj_research");
}

/// Without a menu, the default project is used and no additional request is sent.
// threats 200
#[test]
fn menu_is_shown_only_on_a_terminal() {
    let with_projects = |world: &World| world.count(&Endpoint::Projects);
    let world = world_of(engines(), vec![]);
    let person = world.create_key().arg("--json").captured_on_terminal(80, 24);
    person.visit(Account::OWNER);
    let finished = person.finish();
    finished.exits(0);
    assert_eq!(finished.json()["project"]["id"], "proj_1");
    assert!(with_projects(&world) <= 2);

    let world = world_of(engines(), vec![]);
    let person = world.create_key().env("TERM", "dumb").captured_on_terminal(80, 24);
    person.visit(Account::OWNER);
    assert_key_created_in(&world, person, "proj_1");

    let world = world_of(engines(), vec![]);
    let finished = world.create_key().signs_in(Account::OWNER);
    finished.exits(0).says("(proj_1)");
}

/// No key is created, and the terminal is restored.
// threats 148
#[test]
fn menu_can_be_cancelled() {
    for key in ["\x03", "\u{1b}", "q"] {
        let world = world_of(engines(), vec![]);
        let person = show_menu(&world, &[], 80, 24);
        person.types(key);
        person.shows_no(KEYS);
        let finished = person.finish();
        finished.exits(130).prints("").says("Cancelled. No key was created.\n");
        finished.says_nothing_of("hint:").says_nothing_of(KEYS);
        assert_eq!(world.count(&Endpoint::ApiKeys), 0);
    }
}

// threats 51
#[test]
fn signal_ends_the_menu() {
    use rustix::process::Signal;
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let world = world_of(engines(), vec![]);
        let person = show_menu(&world, &[], 80, 24);
        person.signal(signal);
        person.finish().exits(code).prints("");
        assert_eq!(world.count(&Endpoint::ApiKeys), 0);
    }
}

fn two_hundred() -> Vec<Organization> {
    let title = |number| format!("Project {number} with a title that goes on");
    let projects = (1..200).map(|number| project(&format!("p{number}"), &title(number)));
    let projects = [default_project("p0")].into_iter().chain(projects).collect();
    vec![organization("org", "Big", projects)]
}

#[test]
fn many_projects_are_paged() {
    let world = world_of(two_hundred(), vec![]);
    let person = show_menu(&world, &[], 40, 12);
    person.shows("  Project 8 ");
    let rows: Vec<String> = person.screen().lines().map(str::to_owned).collect();
    assert_eq!((rows[0].as_str(), rows.len()), ("Which of 200 projects is the key for?", 11));
    assert_eq!(rows[3], "  Project 1 with a title that goes on …");
    // The next page; the page before the first one is the last one.
    person.types("\u{1b}[C");
    person.shows("> Project 9 ");
    person.types("\u{1b}[D\u{1b}[D");
    person.shows("> Project 198 ");
    person.types("\u{1b}[B\r");
    assert_key_created_in(&world, person, "p199");
}

/// The next key press redraws the menu after a resize.
#[test]
fn menu_follows_the_terminal_size() {
    let world = world_of(two_hundred(), vec![]);
    let person = show_menu(&world, &[], 80, 24);
    person.resize(40, 10);
    person.types("\u{1b}[B");
    person.shows("> Project 1 with a title that goes on …");
    person.shows("  Project 4 ");
    let screen = person.screen();
    assert!(screen.lines().all(|row| row.chars().count() < 40), "{screen}");
    assert_eq!(screen.matches('>').count(), 1, "{screen}");
    person.resize(100, 30);
    person.types("\u{1b}[B");
    person.shows("> Project 2 with a title that goes on (p2)");
    assert!(person.screen().starts_with("Which of 200 projects"), "{}", person.screen());
    person.types("\r");
    assert_key_created_in(&world, person, "p2");
}

#[test]
fn too_small_terminal_shows_no_menu() {
    let world = world_of(engines(), vec![]);
    let person = world.create_key().captured_on_terminal(80, 3);
    person.visit(Account::OWNER);
    let created = person.finish();
    created.exits(0);
    let [created] = world.sandbox.requests_at(&Endpoint::ApiKeys).try_into().unwrap();
    assert!(created.path.contains("/proj_1/"), "{}", created.path);
}

/// The marker and the style show the same selection.
// threats 200
#[test]
fn menu_works_without_colour() {
    for (options, bold) in [(&[][..], true), (&["--color", "never"], false)] {
        let world = world_of(engines(), vec![]);
        let person = show_menu(&world, options, 80, 24);
        person.shows(MENU);
        let look = person.style_of("> Default project");
        assert_eq!(look, CellStyle { bold, ..CellStyle::PLAIN });
        assert_eq!(person.style_of("  Research"), CellStyle::PLAIN);
        person.types("\r");
        assert_key_created_in(&world, person, "proj_1");
    }
    let world = world_of(engines(), vec![]);
    let person = world.create_key().env("NO_COLOR", "1").captured_on_terminal(80, 24);
    person.visit(Account::OWNER);
    person.shows(MENU);
    assert_eq!(person.style_of("> Default project"), CellStyle::PLAIN);
    person.types("\r");
    assert_key_created_in(&world, person, "proj_1");
}

/// The id distinguishes projects with the same title.
// threats 140 192
#[test]
fn hostile_titles_are_shown_on_one_line() {
    let hostile = "\u{1b}[2J\u{1b}]52;c;x\u{7}\u{202e}\r\nWhich\u{200b}".repeat(10_000);
    let wide = "\u{6f22}\u{5b57}".repeat(30);
    let projects = vec![
        default_project("proj_1"),
        project("proj_2", "Default project"),
        project("proj_3", &hostile),
        project("proj_4", &wide),
        project("proj_5", "\u{200b}\n"),
    ];
    let world = world_of(vec![organization("org", &hostile, projects)], vec![]);
    let person = show_menu(&world, &[], 60, 24);
    person.shows("  proj_5");
    let screen = person.screen();
    let rows: Vec<&str> = screen.lines().collect();
    assert_eq!(
        (rows.len(), rows[2], rows[3]),
        (7, "> Default project (proj_1)", "  Default project (proj_2)")
    );
    assert!(rows[4].starts_with("  [2J]52;c;x"), "{screen}");
    assert_eq!(rows[6], "  proj_5");
    person.types("\u{1b}[B\u{1b}[B\u{1b}[B");
    person.shows("> \u{6f22}");
    person.shows("…\n  proj_5");
    assert_eq!(person.screen().lines().count(), 7, "{}", person.screen());
    person.types("\r");
    assert_key_created_in(&world, person, "proj_4");
}

/// A failing organization does not block the choice among the others.
// threats 127
#[test]
fn unlistable_organization_is_not_offered() {
    for status in [403, 500] {
        let then = Then::json(status, json!({"error": {"code": "c", "message": "M"}}));
        let path = "/dashboard/organizations/org-co/projects".to_owned();
        let world = world_of(engines(), vec![Fault::new(Endpoint::Path(path), then)]);
        let person = show_menu(&world, &[], 80, 24);
        person.shows("> Default project");
        assert_eq!(person.screen().lines().count(), 4, "{}", person.screen());
        person.types("k\r");
        assert_key_created_in(&world, person, "proj_research");
    }
}

/// A new account has no project to choose yet.
// threats 134
#[test]
fn menu_waits_for_the_default_project() {
    let mut organizations = engines();
    organizations.remove(0);
    organizations[0].projects[1].appears_at_poll = 3;
    let world = world_of(organizations, vec![]);
    let person = show_menu(&world, &["--poll-interval", "20ms"], 80, 24);
    assert_eq!(world.count(&Endpoint::Organizations), 3);
    person.types("\r");
    let finished = person.finish();
    finished.exits(0).says("Still waiting: checked 1 organizations and 1 projects");
}

/// The browser has already shown its page.
#[test]
fn key_creation_failure_after_menu_is_shown_on_the_terminal() {
    let refused = Then::json(403, json!({"error": {"code": "no_access", "message": "M"}}));
    let world = world_of(engines(), vec![Fault::new(Endpoint::ApiKeys, refused)]);
    let person = show_menu(&world, &[], 80, 24);
    person.types("\r");
    let finished = person.finish();
    finished.exits(1).prints("").says("error: cannot create the API key: the platform refused");
}
