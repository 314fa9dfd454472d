use sandbox::{Account, Organization, Project, Scenario};

use super::setup::TerminalSetup;
use super::{Screenshot, assert_screens};
use crate::support::{BrowserDouble, Loopback, Start, World, in_own_namespaces};

/// The browser has not returned.
#[test]
fn login_waiting() {
    assert_screens("login-waiting", |setup| {
        let browser = BrowserDouble::new(&setup.world);
        waiting_screen(setup, setup.world.login().opening_browser(&browser))
    });
}

/// No browser starts.
#[test]
fn login_without_a_browser() {
    assert_screens("login-without-browser", |setup| waiting_screen(setup, setup.world.login()));
}

/// The screen during the wait.
fn waiting_screen(setup: &TerminalSetup, start: Start<'_>) -> Screenshot {
    let person = setup.start_on_terminal(start);
    person.shows(" left.");
    let screenshot = Screenshot::take(setup, &person);
    person.types("\x03");
    person.finish().exits(130);
    screenshot
}

#[test]
fn login_done() {
    assert_screens("login-done", |setup| {
        let browser = BrowserDouble::new(&setup.world);
        let person = setup.start_on_terminal(setup.world.login().opening_browser(&browser));
        person.visit(Account::OWNER);
        person.ends();
        let screenshot = Screenshot::take(setup, &person);
        person.finish().exits(0);
        screenshot
    });
}

#[test]
fn failure() {
    assert_screens("failure", |setup| {
        let start = setup.world.command("refresh").args(["--profile", "team"]);
        let person = setup.start_on_terminal(start);
        person.ends();
        let screenshot = Screenshot::take(setup, &person);
        person.finish().exits(3);
        screenshot
    });
}

#[test]
fn status() {
    assert_screens("status", |setup| {
        setup.has_signed_in();
        let person = setup.start_on_terminal(setup.world.program(["status"]));
        person.ends();
        let screenshot = Screenshot::take(setup, &person);
        person.finish().exits(0);
        screenshot
    });
}

/// A new account without a project.
#[test]
fn create_key_waiting() {
    assert_screens("create-key-waiting", |setup| {
        let project = Project { is_initial: true, appears_at_poll: 9, ..Project::default() };
        let organization = Organization { projects: vec![project], ..Organization::default() };
        let account = Account { organizations: vec![organization], ..Account::owner() };
        let world =
            World::with_scenario(Scenario { accounts: vec![account], ..Scenario::default() });
        let person = setup.start_on_terminal(world.create_key());
        let visit = person.start_visit(Account::OWNER);
        person.shows("Next try");
        person.shows("0:");
        let screenshot = Screenshot::take(setup, &person).from("Signed in.");
        person.types("\x03");
        visit.give_up();
        person.finish().exits(130);
        screenshot
    });
}

/// Over SSH in the terminal of an editor.
#[test]
fn doctor() {
    in_own_namespaces("screens::cases::doctor", Loopback::Usual, || {
        assert_screens("doctor", |setup| {
            let ssh = "10.0.0.9 51234 10.0.0.7 22";
            let start = crate::doctor::doctor(&setup.world).without_env("DISPLAY");
            let start =
                start.env("SSH_CONNECTION", ssh).env("USER", "ada").env("VSCODE_IPC_HOOK_CLI", "x");
            let person = setup.start_on_terminal(start.without_env("BROWSER"));
            person.ends();
            let screenshot = Screenshot::take(setup, &person);
            person.finish().exits(0);
            screenshot
        });
    });
}
