use sandbox::{Account, Organization, Project, Scenario};

use super::stage::Stage;
use super::{Shot, shows};
use crate::support::{BrowserDouble, Loopback, Start, World, alone};

/// Nobody has come back yet.
#[test]
fn login_waiting() {
    shows("login-waiting", |stage| {
        let browser = BrowserDouble::in_(&stage.world);
        while_it_waits(stage, stage.world.login().opening(&browser))
    });
}

/// The person opens the address.
#[test]
fn login_by_hand() {
    shows("login-by-hand", |stage| while_it_waits(stage, stage.world.login()));
}

/// What stands there until the person gives up.
fn while_it_waits(stage: &Stage, start: Start<'_>) -> Shot {
    let person = stage.plays(start);
    person.shows(" left.");
    let shot = Shot::take(stage, &person);
    person.types("\x03");
    person.finish().exits(130);
    shot
}

#[test]
fn login_done() {
    shows("login-done", |stage| {
        let browser = BrowserDouble::in_(&stage.world);
        let person = stage.plays(stage.world.login().opening(&browser));
        person.visit(Account::OWNER);
        person.ends();
        let shot = Shot::take(stage, &person);
        person.finish().exits(0);
        shot
    });
}

#[test]
fn failure() {
    shows("failure", |stage| {
        let start = stage.world.command("refresh").args(["--profile", "team"]);
        let person = stage.plays(start);
        person.ends();
        let shot = Shot::take(stage, &person);
        person.finish().exits(3);
        shot
    });
}

#[test]
fn status() {
    shows("status", |stage| {
        stage.has_signed_in();
        let person = stage.plays(stage.world.program(["status"]));
        person.ends();
        let shot = Shot::take(stage, &person);
        person.finish().exits(0);
        shot
    });
}

/// An account so new that its project is not there yet.
#[test]
fn create_key_waiting() {
    shows("create-key-waiting", |stage| {
        let project = Project { is_initial: true, appears_at_poll: 9, ..Project::default() };
        let organization = Organization { projects: vec![project], ..Organization::default() };
        let account = Account { organizations: vec![organization], ..Account::owner() };
        let world =
            World::with_scenario(Scenario { accounts: vec![account], ..Scenario::default() });
        let person = stage.plays(world.create_key());
        let visit = person.visit_meanwhile(Account::OWNER);
        person.shows("Looking again");
        person.shows("0:");
        let shot = Shot::take(stage, &person).from("Signed in.");
        person.types("\x03");
        visit.give_up();
        person.finish().exits(130);
        shot
    });
}

/// Over SSH, in the terminal of an editor.
#[test]
fn doctor() {
    alone("screens::scenes::doctor", Loopback::Usual, || {
        shows("doctor", |stage| {
            let ssh = "10.0.0.9 51234 10.0.0.7 22";
            let start = crate::doctor::doctor(&stage.world).without_env("DISPLAY");
            let start =
                start.env("SSH_CONNECTION", ssh).env("USER", "ada").env("VSCODE_IPC_HOOK_CLI", "x");
            let person = stage.plays(start.without_env("BROWSER"));
            person.ends();
            let shot = Shot::take(stage, &person);
            person.finish().exits(0);
            shot
        });
    });
}
