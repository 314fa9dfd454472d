//! A new account gets its default project some seconds after its organization. The platform can be
//! busy at that time.

use std::time::{Duration, Instant};

use sandbox::{Account, Body, Endpoint, Fault, On, Organization, Project, Reply, Scenario, Then};
use serde_json::json;

use crate::support::{Finished, Running, TEST_TIMEOUT, World};

const FAST_POLLING: [&str; 4] = ["--poll-interval", "20ms", "--poll-timeout", "20s"];
const SHORT_TIMEOUT: [&str; 4] = ["--poll-interval", "50ms", "--poll-timeout", "200ms"];

/// A world with one account in these organizations.
fn world_of(organizations: Vec<Organization>) -> World {
    let account = Account { organizations, ..Account::owner() };
    World::with_scenario(Scenario { accounts: vec![account], ..Scenario::default() })
}

// threats 134
#[test]
fn project_that_appears_later_is_found() {
    for poll in [1, 3, 6] {
        let project = Project { is_initial: true, appears_at_poll: poll, ..Project::default() };
        let world =
            world_of(vec![Organization { projects: vec![project], ..Organization::default() }]);
        let finished = world.create_key().args(FAST_POLLING).signs_in(Account::OWNER);
        finished.exits(0);
        let waited = "Still waiting: checked 1 organizations and 0 projects, but no default project is \
                      ready yet. Next try in 20 ms.\n";
        let times = usize::try_from(poll).unwrap();
        assert_eq!(finished.stderr.matches(waited).count(), times - 1, "{}", finished.stderr);
        assert_eq!(world.count(&Endpoint::Projects), times);
        assert_eq!(world.count(&Endpoint::ApiKeys), 1);
    }
}

// threats 134
#[test]
fn organization_that_appears_later_is_found() {
    let projects = vec![Project { is_initial: true, ..Project::default() }];
    let organization = Organization { appears_at_poll: 3, projects, ..Organization::default() };
    let world = world_of(vec![organization]);
    let finished = world.create_key().args(FAST_POLLING).signs_in(Account::OWNER);
    finished.exits(0).says("Still waiting: no organization found. Next try in 20 ms.\n");
    assert_eq!(world.count(&Endpoint::Organizations), 3);
    assert_eq!(world.count(&Endpoint::Projects), 1);
}

/// The wait times out, and the error has the last counts.
#[track_caller]
fn assert_times_out(world: &World, seen: &str) -> Finished {
    let hint = "open https://platform.openai.com once to set up the account, or wait longer with \
         --poll-timeout";
    assert_times_out_with_hint(world, seen, hint)
}

#[track_caller]
fn assert_times_out_with_hint(world: &World, seen: &str, hint: &str) -> Finished {
    let finished = world.create_key().with_trace_log().args(SHORT_TIMEOUT).signs_in(Account::OWNER);
    finished.exits(1).prints("").fails_with(
        &format!("timed out waiting for an organization and default project: {seen}"),
        hint,
    );
    assert_eq!(world.count(&Endpoint::ApiKeys), 0);
    assert_eq!(finished.trails[0].last().unwrap().status, 500);
    finished
}

// threats 133
#[test]
fn missing_organization_times_out() {
    let world = world_of(Vec::new());
    assert_times_out(&world, "no organization found");
    let looks = world.count(&Endpoint::Organizations);
    assert!((2..=5).contains(&looks), "{looks}");
}

// threats 135
#[test]
fn missing_default_project_times_out() {
    let project = |id: &str| Project { id: id.to_owned(), ..Project::default() };
    let one =
        Organization { projects: vec![project("a"), project("b")], ..Organization::default() };
    let two =
        Organization { id: "org-two".to_owned(), projects: vec![project("c")], ..one.clone() };
    let seen = "checked 2 organizations and 3 projects, but no default project is ready yet";
    assert_times_out(&world_of(vec![one, two]), seen);
}

// threats 127
#[test]
fn inaccessible_organizations_are_counted() {
    let account = Account::owner();
    let refused = Then::json(403, json!({"error": {"message": "M", "code": "no_access"}}));
    let faults = vec![Fault::new(Endpoint::Projects, refused)];
    let world =
        World::with_scenario(Scenario { accounts: vec![account], faults, ..Scenario::default() });
    let seen = "checked 1 organizations and 0 projects, but no default project is ready yet \
                (no access to 1 organization)";
    assert_times_out_with_hint(
        &world,
        seen,
        "ask an owner of the organization for access to a project, or choose another with \
         --organization",
    );
}

// threats 131
#[test]
fn last_platform_error_is_shown() {
    let broken = Then::json(500, json!({"error": {"message": "M", "code": "server_error"}}));
    let world = World::failing(Endpoint::Projects, broken);
    let hint = "the server returned an error: try again later";
    assert_times_out_with_hint(
        &world,
        "cannot list the projects: the platform refused: HTTP 500, server_error: M",
        hint,
    );
}

// threats 131
#[test]
fn temporary_failures_are_retried() {
    let html = Then::text(502, "text/html", "<h1>Bad gateway</h1>");
    for then in
        [Then::json(500, json!({})), html, Then::Reset, Then::Close, Then::CutOff { after: 9 }]
    {
        for at in [Endpoint::Organizations, Endpoint::Projects] {
            let world = World::with([Fault::new(at.clone(), then.clone()).on(On::First(2))]);
            let finished =
                world.create_key().with_trace_log().args(FAST_POLLING).signs_in(Account::OWNER);
            finished.exits(0).says("Still waiting: cannot list the ");
            assert!(world.count(&at) >= 3, "{then:?} at {at:?}");
            assert_eq!(world.count(&Endpoint::ApiKeys), 1);
        }
    }
}

// threats 130
#[test]
fn retry_after_is_obeyed() {
    let headers = vec![("retry-after".to_owned(), "1".to_owned())];
    let busy = Then::Respond(Reply { status: 429, headers, body: Body::Json(json!({})) });
    let world = World::with([Fault::new(Endpoint::Organizations, busy).on(On::First(1))]);
    let running = world.create_key().args(FAST_POLLING).start();
    let visit = running.start_visit(Account::OWNER);
    // A second, measured by a test that can be late. Without the header, it is 20 milliseconds.
    assert!(pause_between_polls(&world, &running) >= Duration::from_millis(500));
    running.join_visit(visit);
    running
        .finish()
        .exits(0)
        .says("Still waiting: cannot list the organizations: the platform refused: HTTP 429.");
}

/// The time between the first two polls.
fn pause_between_polls(world: &World, running: &Running<'_>) -> Duration {
    world.sandbox.wait_for_requests_blocking(&Endpoint::Organizations, 1, TEST_TIMEOUT).unwrap();
    let first = Instant::now();
    running.says("Next try in 1 second.");
    world.sandbox.wait_for_requests_blocking(&Endpoint::Organizations, 2, TEST_TIMEOUT).unwrap();
    first.elapsed()
}

// threats 130
#[test]
fn retry_after_beyond_the_timeout_ends_the_wait() {
    let headers = vec![("retry-after".to_owned(), "1000000000".to_owned())];
    let busy = Then::Respond(Reply { status: 429, headers, body: Body::Json(json!({})) });
    let world = World::failing(Endpoint::Organizations, busy);
    let hint = "wait 24 hours, and try again";
    assert_times_out_with_hint(
        &world,
        "cannot list the organizations: the platform refused: HTTP 429",
        hint,
    );
}

/// A request counts towards the timeout.
// threats 134
#[test]
fn timeout_ends_a_running_request() {
    for at in [Endpoint::Organizations, Endpoint::Projects] {
        let world = World::failing(at, Then::Hang);
        let begun = Instant::now();
        let finished = world.create_key().args(SHORT_TIMEOUT).signs_in(Account::OWNER);
        finished.exits(1).says("error: timed out waiting for an organization and default project");
        assert!(begun.elapsed() < Duration::from_secs(10));
        assert_eq!(world.count(&Endpoint::ApiKeys), 0);
    }
}
