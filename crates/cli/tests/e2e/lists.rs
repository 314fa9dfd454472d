//! `login-cli organizations` and `login-cli projects`, with the stored sign-in or through the
//! browser.

use sandbox::{
    Account, Body, Endpoint, Fault, On, Organization, Project, Reply, Scenario, Then, Trail,
};
use serde_json::{Value, json};

use crate::support::{Finished, World, jwt};

const HOUR: i64 = 60 * 60;

fn world_of(organizations: Vec<Organization>, faults: Vec<Fault>) -> World {
    let account = Account { organizations, ..Account::owner() };
    World::with_scenario(Scenario { accounts: vec![account], faults, ..Scenario::default() })
}

fn organization(id: &str, title: &str) -> Organization {
    let title = Some(title.to_owned());
    Organization { id: id.to_owned(), title, ..Organization::default() }
}

fn project(id: &str, title: Option<&str>) -> Project {
    Project { id: id.to_owned(), title: title.map(str::to_owned), ..Project::default() }
}

fn projects_of(id: &str) -> Endpoint {
    Endpoint::Path(format!("/dashboard/organizations/{id}/projects"))
}

/// Three organizations, not in order of preference.
fn engines() -> Vec<Organization> {
    let first = Project { is_initial: true, ..project("proj_1", Some("Default project")) };
    vec![
        organization("org-compilers", "Compilers & Co"),
        Organization {
            personal: true,
            projects: vec![project("proj_home", None)],
            ..organization("org-ada", "Ada's")
        },
        Organization {
            is_default: true,
            projects: vec![first, project("proj_research", Some("Research"))],
            ..organization("org-engines", "Analytical Engines")
        },
    ]
}

/// A world with a stored sign-in.
fn signed_in_to(organizations: Vec<Organization>, faults: Vec<Fault>) -> World {
    let world = world_of(organizations, faults);
    world.login().signs_in(Account::OWNER).exits(0);
    world
}

/// The command succeeds without a browser and changes no file.
#[track_caller]
fn assert_lists(world: &World, command: &str, options: &[&str]) -> Finished {
    let (before, visits) = (world.auth_json(), world.count(&Endpoint::Authorize));
    let finished = world.on_platform(command).args(options).run();
    finished.exits(0);
    assert_eq!(finished.stderr, "");
    assert_eq!(world.count(&Endpoint::Authorize), visits);
    assert!(world.auth_json() == before, "the store changed");
    finished
}

// threats 149
#[test]
fn organizations_are_listed_in_order_of_preference() {
    let world = signed_in_to(engines(), vec![]);
    assert_lists(&world, "organizations", &[]).prints(
        "org-engines    default   Analytical Engines\n\
         org-ada        personal  Ada's\n\
         org-compilers            Compilers & Co\n",
    );
    let [login] = world.sandbox.requests_at(&Endpoint::Onboarding).try_into().unwrap();
    let stored = world.auth_document()["tokens"]["access_token"].as_str().unwrap().to_owned();
    assert!(login.header("authorization").unwrap() == format!("Bearer {stored}"));
    assert_eq!(login.header("user-agent"), Some("Codex-Create-API-Key/1.0"));
    assert_eq!(world.count(&Endpoint::Projects), 0, "no project was requested");
}

// threats 209
#[test]
fn organizations_as_json() {
    let world = signed_in_to(engines(), vec![]);
    let one = |id, title, is_default, personal| json!({"id": id, "title": title, "is_default": is_default, "personal": personal});
    let expected = json!([
        one("org-engines", "Analytical Engines", true, false),
        one("org-ada", "Ada's", false, true),
        one("org-compilers", "Compilers & Co", false, false),
    ]);
    assert_eq!(assert_lists(&world, "organizations", &["--json"]).json(), expected);
}

#[test]
fn projects_are_listed_below_their_organization() {
    let world = signed_in_to(engines(), vec![]);
    assert_lists(&world, "projects", &[]).prints(
        "org-engines  default  Analytical Engines\n\
        \x20 proj_1         default  Default project\n\
        \x20 proj_research           Research\n\
         \n\
         org-ada  personal  Ada's\n\
        \x20 proj_home\n\
         \n\
         org-compilers  Compilers & Co\n\
        \x20 (no projects)\n",
    );
}

// threats 209
#[test]
fn projects_as_json() {
    let world = signed_in_to(engines(), vec![]);
    let all = assert_lists(&world, "projects", &["--json"]).json();
    let first = json!({
        "id": "org-engines",
        "title": "Analytical Engines",
        "is_default": true,
        "personal": false,
        "projects": [
            {"id": "proj_1", "title": "Default project", "is_initial": true},
            {"id": "proj_research", "title": "Research", "is_initial": false},
        ],
        "has_more": false,
    });
    assert_eq!(all[0], first);
    assert_eq!(
        all[1]["projects"],
        json!([{"id": "proj_home", "title": null, "is_initial": false}])
    );
    assert_eq!(all[2]["projects"], json!([]));
}

#[test]
fn organization_option_requests_only_its_projects() {
    let world = signed_in_to(engines(), vec![]);
    let finished = assert_lists(&world, "projects", &["--organization", "org-ada"]);
    finished.prints("org-ada  personal  Ada's\n  proj_home\n");
    assert_eq!(world.count(&Endpoint::Projects), 1);
    let unknown = world.on_platform("projects").args(["--organization", "org-x"]).run();
    unknown.exits(1).prints("").fails_with(
        "this account has no organization org-x",
        "you can choose: org-engines (Analytical Engines), org-ada (Ada's), org-compilers \
         (Compilers & Co)",
    );
}

// threats 137
#[test]
fn all_pages_of_projects_are_read() {
    let projects = (0..250).map(|number| project(&format!("p{number}"), None)).collect();
    let big = Organization { projects, ..organization("big", "Big") };
    let world = signed_in_to(vec![big], vec![]);
    let all = assert_lists(&world, "projects", &["--json"]).json();
    let ids: Vec<_> = all[0]["projects"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(ids.len(), 250);
    assert_eq!((ids[0], ids[249]), (&json!("p0"), &json!("p249")));
    assert_eq!(world.count(&Endpoint::Projects), 3);
}

// threats 127 128
#[test]
fn inaccessible_organization_is_listed() {
    for status in [403, 404] {
        let refused = Then::json(status, json!({"error": {"code": "no_access", "message": "M"}}));
        let faults = vec![Fault::new(projects_of("org-engines"), refused)];
        let world = signed_in_to(engines(), faults);
        let finished = assert_lists(&world, "projects", &[]);
        let begin = "org-engines  default  Analytical Engines\n  \
                     (you cannot see its projects)\n\norg-ada  personal  Ada's\n";
        assert!(finished.stdout.starts_with(begin), "{}", finished.stdout);
        let all = assert_lists(&world, "projects", &["--json"]).json();
        assert_eq!((&all[0]["projects"], all.as_array().unwrap().len()), (&Value::Null, 3));
    }
}

/// A list with an unreported gap would be wrong.
// threats 126 131
#[test]
fn failed_list_is_an_error() {
    for (status, hint) in [
        (500, "the server returned an error: try again later"),
        (401, "sign in again; if that does not help, check --issuer and --api-base"),
    ] {
        let then = Then::json(status, json!({"error": {"code": "c", "message": "M"}}));
        let world = signed_in_to(engines(), vec![Fault::new(projects_of("org-ada"), then)]);
        let finished = world.on_platform("projects").run();
        let what = format!("cannot list the projects: the platform refused: HTTP {status}, c: M");
        finished.exits(1).prints("").fails_with(&what, hint);
    }
}

#[test]
fn account_without_organization_is_reported() {
    for command in ["organizations", "projects"] {
        let world = signed_in_to(vec![], vec![]);
        for (options, stdout) in [(&[][..], ""), (&["--json"], "[]\n")] {
            let finished = world.on_platform(command).args(options).run();
            finished.exits(0).prints(stdout);
            assert_eq!(finished.stderr, "This account has no organization.\n");
        }
    }
}

/// Titles are sanitized on a terminal, and unchanged but truncated in JSON.
// threats 140 192 209
#[test]
fn hostile_titles_are_shown_safely() {
    let hostile = format!("x  default  \u{1b}[2J\u{202e}\r\n\u{200b}{}", "é".repeat(20_000));
    let inside = vec![project("p", Some(hostile.as_str()))];
    let one = Organization { projects: inside, ..organization("org", &hostile) };
    let world = signed_in_to(vec![one], vec![]);
    for command in ["organizations", "projects"] {
        let plain = assert_lists(&world, command, &[]);
        assert!(plain.stdout.starts_with("org  x  default  [2J"), "{}", plain.stdout);
        let harmless = |c: char| c == '\n' || !(c.is_control() || "\u{202e}\u{200b}".contains(c));
        assert!(plain.stdout.chars().all(harmless), "{}", plain.stdout);
        assert!(plain.stdout.len() < 400, "{} bytes", plain.stdout.len());
        let json = assert_lists(&world, command, &["--json"]);
        assert!(!json.stdout.contains(['\u{1b}', '\u{202e}']), "{}", json.stdout);
        let beginning: String = hostile.chars().take(256).collect();
        assert_eq!(json.json()[0]["title"], beginning);
    }
}

/// Forty organizations return full pages without end. The list is cut and says so.
// threats 226
#[cfg(target_os = "linux")]
#[test]
fn endless_lists_end_with_bounded_memory() {
    let endless =
        |n: usize| Organization { endless: true, ..organization(&format!("org-{n}"), "Endless") };
    let world = signed_in_to((0..40).map(endless).collect(), vec![]);
    let fifo = world.path("run/stdout");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for options in [&[][..], &["--json"], &["--json=stream"]] {
        let start = world.on_platform("projects").args(options.iter().copied());
        let running = start.in_shell("", &format!(">{}", fifo.display())).start();
        let (stdout, peak) = read_with_peak(&fifo, running.id);
        assert!(peak < 64 << 20, "{} MiB with {options:?}", peak >> 20);
        assert!(stdout.matches("proj_endless_").count() == 5_000, "{stdout:.500}");
        let finished = running.finish();
        finished.exits(0).says("warning: the list ends after 5000 projects; --organization ID");
    }
    let key = world.create_key().start();
    let visit = key.start_visit(Account::OWNER);
    key.says("Still waiting: ");
    let peak = peak_memory(key.id);
    assert!(peak < 64 << 20, "{} MiB with create-key", peak >> 20);
    key.kill();
    visit.give_up();
    let key = world.create_key().args(["--poll-timeout", "10ms"]).signs_in(Account::OWNER);
    key.exits(1).says("error: timed out waiting for an organization and default project");
    let one = world.on_platform("projects").args(["--organization", "org-7"]).run();
    one.exits(0).says("warning: the list ends after 5000 projects");
    assert!(one.stdout.ends_with("\n  (and more)\n"), "no word about the rest");
}

/// The output and the peak memory of the program. The output is larger than a pipe, so the program
/// still runs.
#[cfg(target_os = "linux")]
#[track_caller]
fn read_with_peak(fifo: &std::path::Path, id: u32) -> (String, u64) {
    use std::io::Read as _;
    let mut output = std::fs::File::open(fifo).unwrap();
    let mut first = [0];
    output.read_exact(&mut first).unwrap();
    let peak = peak_memory(id);
    let mut text = String::from_utf8(first.to_vec()).unwrap();
    output.read_to_string(&mut text).unwrap();
    (text, peak)
}

/// The peak memory of a process, in bytes (proc(5)).
#[cfg(target_os = "linux")]
fn peak_memory(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// The message gives the reason, and the browser sign-in is not stored.
#[track_caller]
fn assert_lists_through_browser(world: &World, why: &str) -> (Finished, Trail) {
    let before = world.auth_json();
    let running = world.on_platform("organizations").start();
    let trail = running.visit(Account::OWNER);
    let finished = running.finish();
    finished.exits(0).prints("org-ada  default  Analytical Engines\n");
    let asked = "Sign in once to see the list; this sign-in is not stored.\n\
                 Open this address to list your organizations:\n\nhttp";
    finished.says(&format!("{why}\n{asked}"));
    assert!(world.auth_json() == before, "the store changed");
    (finished, trail)
}

#[test]
fn without_a_sign_in_the_browser_opens_once() {
    let world = World::new();
    let (finished, trail) = assert_lists_through_browser(&world, "You are not signed in.");
    assert!(finished.stderr.starts_with("You are"), "it is said before anything else");
    let page = trail.last().unwrap().text();
    for words in ["You’re signed in", "Nothing is saved", "close this tab"] {
        assert!(page.contains(words), "{page}");
    }
    assert_eq!(world.stored_names(), Vec::<String>::new());
    let client = "app_2SKx67EdpoN0G6j64rFvigXD";
    assert!(trail.steps[0].url.as_str().contains(client), "{}", trail.steps[0].url);
    let again = world.on_platform("organizations").signs_in(Account::OWNER);
    again.exits(0).says("You are not signed in");
}

#[test]
fn api_key_sign_in_opens_the_browser() {
    let world = World::new();
    world.register_secret("sk-0123456789abcdefghijklmnop");
    world.store(r#"{"auth_mode":"apikey","OPENAI_API_KEY":"sk-0123456789abcdefghijklmnop"}"#);
    let path = world.codex_home().join("auth.json");
    let why = format!(
        "The stored sign-in cannot be used: the sign-in in {} has no access token",
        path.display()
    );
    assert_lists_through_browser(&world, &why);
    assert_eq!(world.count(&Endpoint::Onboarding), 1);
}

// threats 126
#[test]
fn refused_token_opens_the_browser() {
    let world = World::new();
    let stored = world.signed_in(HOUR);
    let why = "The stored sign-in cannot be used: cannot log in to the platform: the \
               platform refused: HTTP 401, invalid_token: Unknown access token.";
    assert_lists_through_browser(&world, why);
    let logins = world.sandbox.requests_at(&Endpoint::Onboarding);
    let with_stored = format!("Bearer {}", stored.access_token);
    let is_stored =
        |login: &&sandbox::Recorded| login.header("authorization") == Some(&with_stored);
    assert_eq!((logins.len(), logins.iter().filter(is_stored).count()), (2, 1));

    let refused = Then::json(403, json!({"error": {"code": "not_allowed", "message": "No."}}));
    let world = World::with([Fault::new(Endpoint::Onboarding, refused).on(On::First(1))]);
    world.login().signs_in(Account::OWNER).exits(0);
    let why = "The stored sign-in cannot be used: cannot log in to the platform: the \
               platform refused: HTTP 403, not_allowed: No.";
    assert_lists_through_browser(&world, why);
}

/// A second sign-in would not help.
#[test]
fn firewall_or_server_error_is_an_error() {
    let page = Then::Respond(Reply {
        status: 403,
        headers: vec![("content-type".to_owned(), "text/html".to_owned())],
        body: Body::Text("<h1>Blocked</h1>".to_owned()),
    });
    let broken = Then::json(500, json!({"error": {"code": "c", "message": "M"}}));
    for then in [page, broken, Then::Reset] {
        let world = World::with([Fault::new(Endpoint::Onboarding, then)]);
        world.login().signs_in(Account::OWNER).exits(0);
        let finished = world.on_platform("organizations").run();
        finished.exits(1).prints("").says("error: cannot log in to the platform");
        finished.says_nothing_of("Sign in for this once");
    }
}

// threats 108
#[test]
fn expiring_token_is_refreshed_first() {
    let world = World::new();
    let stored = world.signed_in(10);
    let finished = world.on_platform("organizations").run();
    finished.exits(0).prints("org-ada  default  Analytical Engines\n");
    assert!(!world.auth_json().unwrap().contains(&stored.refresh_token), "it was not stored");
    assert_eq!(world.count(&Endpoint::Authorize), 0);
}

#[test]
fn ended_sign_in_opens_the_browser() {
    let world = World::new();
    world.signed_in(10);
    let before = world.auth_json().unwrap();
    world.on_platform("organizations").run().exits(0);
    // An old copy of the file has a refresh token that was used.
    world.store(&before);
    let why = "The stored sign-in cannot be used: the sign-in is no longer valid: the \
               issuer refused: HTTP 401, refresh_token_reused: The refresh token was used already.";
    assert_lists_through_browser(&world, why);
}

/// Neither the platform nor the issuer gets the token, whether it has expired or not.
// threats 145
#[test]
fn token_of_another_issuer_is_not_sent() {
    for seconds_left in [HOUR, 10] {
        let world = World::new();
        let theirs = "https://auth.openai.com";
        let id_token = jwt(&json!({"iss": theirs, "sub": "auth0|ada"}));
        let stored = crate::support::StoredSignIn::new(&world, seconds_left);
        let stored = stored.with("/tokens/id_token", id_token).stored(&world);
        let issuer = world.sandbox.issuer_url();
        let why = format!(
            "The stored sign-in cannot be used: the stored sign-in is from {theirs}, \
             not from {issuer}"
        );
        assert_lists_through_browser(&world, &why);
        for request in world.sandbox.requests() {
            let whole = format!("{request:?}{}", String::from_utf8_lossy(&request.body));
            for token in [&stored.access_token, &stored.refresh_token] {
                assert!(!whole.contains(token.as_str()), "sent to {}", request.path);
            }
            assert!(
                request.header("authorization") != Some(&format!("Bearer {}", stored.access_token))
            );
        }
    }
}

// threats 145
#[test]
fn issuer_and_platform_must_be_given_together() {
    for command in ["organizations", "projects"] {
        let world = World::new();
        world.signed_in(HOUR);
        let finished = world.command(command).run();
        finished.exits(2).prints("").fails_with(
            "--issuer and --api-base belong together: give both, or none",
            "a token of one issuer is never sent to the platform of another",
        );
        assert_eq!(world.sandbox.connections(), 0);
    }
}

// threats 12
#[test]
fn denied_sign_in_lists_nothing() {
    let world = World::new();
    let finished = world.on_platform("projects").signs_in(Account::DENIER);
    finished.exits(1).prints("").says("error: sign-in was not granted (access_denied)");
    assert_eq!(world.count(&Endpoint::Onboarding), 0);
}

/// The browser is still waiting for a page.
#[test]
fn refused_session_is_shown_in_the_browser() {
    let refused = Then::json(403, json!({"error": {"code": "not_allowed", "message": "No."}}));
    let world = World::with([Fault::new(Endpoint::Onboarding, refused)]);
    let running = world.on_platform("organizations").start();
    let trail = running.visit(Account::OWNER);
    assert!(trail.last().unwrap().text().contains("Sign-in failed"));
    running.finish().exits(1).prints("").says("HTTP 403, not_allowed: No.");
}
