//! The effects of a revocation for each policy of an issuer. No stored sign-in ends without the
//! user's request, and no valid token is left without a message.

use std::fs;
use std::path::PathBuf;

use sandbox::{Account, Endpoint, Fault, On, Policy, Reuse, Revocation, Rotation, Scenario, Then};
use serde_json::Value;

use crate::support::{Finished, Start, StoredSignIn, TEST_TIMEOUT, World, write};

const HOUR: i64 = 60 * 60;

/// The command that ends the sign-in of the default profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Login,
    Logout,
    LogoutLocal,
    /// Another program replaces the sign-in during its refresh.
    Supersede,
}

/// One cell of the matrix.
struct Case {
    world: World,
    profiles: &'static [&'static str],
    name: String,
}

const DEFAULT: &str = "default";

impl Case {
    /// The owner is signed in in the default profile, and `other` in all other profiles.
    fn new(policy: Policy, other: &str, profiles: &'static [&'static str], name: String) -> Self {
        let hold = Fault { on: On::First(1), ..Fault::new(Endpoint::TokenRefresh, Then::Hold) };
        let faults = if name.contains("Supersede") { vec![hold] } else { Vec::new() };
        let world = World::with_scenario(Scenario { policy, faults, ..Scenario::default() });
        let case = Self { world, profiles, name };
        for profile in profiles {
            let account = if *profile == DEFAULT { Account::OWNER } else { other };
            let path = case.auth_json(profile);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            write(&path, &StoredSignIn::minted(&case.world, account, HOUR).text());
        }
        case
    }

    fn login(&self, profile: &str) -> Start<'_> {
        self.world.login().args(["--profile", profile])
    }

    fn command(&self, command: &str, profile: &str) -> Start<'_> {
        self.world.command(command).args(["--profile", profile])
    }

    fn auth_json(&self, profile: &str) -> PathBuf {
        let home = self.world.codex_home();
        let folder = if profile == DEFAULT { home } else { home.join("profiles").join(profile) };
        folder.join("auth.json")
    }

    fn refresh_token(&self, profile: &str) -> Option<String> {
        let text = fs::read_to_string(self.auth_json(profile)).ok()?;
        let document: Value = serde_json::from_str(&text).unwrap();
        document["tokens"]["refresh_token"].as_str().map(str::to_owned)
    }

    fn act(&self, action: Action, account: &str) -> Finished {
        match action {
            Action::Login => self.login(DEFAULT).signs_in(account),
            Action::Logout => self.command("logout", DEFAULT).run(),
            Action::LogoutLocal => self.command("logout", DEFAULT).arg("--local").run(),
            Action::Supersede => {
                let refresh = self.command("refresh", DEFAULT).start();
                self.world
                    .sandbox
                    .wait_for_requests_blocking(&Endpoint::TokenRefresh, 1, TEST_TIMEOUT)
                    .unwrap();
                let theirs = StoredSignIn::minted(&self.world, account, HOUR);
                write(&self.auth_json(DEFAULT), &theirs.text());
                self.world.sandbox.release();
                refresh.finish()
            }
        }
    }

    /// Every valid refresh token is stored or reported. Every stored one is valid or reported.
    /// Returns the number of valid tokens that are not stored.
    #[track_caller]
    fn assert_tokens(&self, finished: &Finished) -> usize {
        let name = &self.name;
        let stored: Vec<String> =
            self.profiles.iter().filter_map(|profile| self.refresh_token(profile)).collect();
        let live = self.world.sandbox.live_refresh_tokens();
        let left = live.iter().filter(|token| !stored.contains(token)).count();
        let is_said = finished.stderr.replace('\n', " ").contains("were not revoked");
        assert!(left == 0 || is_said, "{name}: {left} tokens left behind\n{}", finished.stderr);
        assert!(left <= 1, "{name}: {left} tokens left behind");
        for profile in self.profiles {
            if self.refresh_token(profile).is_none() {
                continue;
            }
            let refreshed = self.command("refresh", profile).run();
            let is_told = finished.stderr.contains("may have ended these sign-ins too");
            assert!(
                refreshed.code == 0 || is_told && refreshed.code == 3,
                "{name}: the sign-in of {profile} is dead\n{}",
                refreshed.stderr
            );
        }
        left
    }
}

/// Runs the 16 cells of one policy and returns the number of valid tokens that are not stored.
#[track_caller]
fn assert_no_sign_in_ends(policy: Policy) -> usize {
    let one: &[&str] = &[DEFAULT];
    let three: &[&str] = &[DEFAULT, "work", "play"];
    let mut left = 0;
    for account in [Account::OWNER, Account::NEW_OWNER] {
        for profiles in [one, three] {
            for action in [Action::Login, Action::Logout, Action::LogoutLocal, Action::Supersede] {
                let name = format!("{account}, {} profiles, {action:?}", profiles.len());
                let case = Case::new(policy, account, profiles, name);
                let finished = case.act(action, account);
                finished.exits(0);
                left += case.assert_tokens(&finished);
            }
        }
    }
    left
}

/// With separate tokens, four cells log out with `--local`, and in four cells the new sign-in
/// belongs to the same account.
const LEFT: usize = 8;

// threats 212
#[test]
fn no_sign_in_ends_if_revocation_ends_one_token() {
    assert_eq!(assert_no_sign_in_ends(Policy::default()), LEFT);
}

// threats 212
#[test]
fn no_sign_in_ends_if_revocation_ends_the_token_family() {
    let revocation = Revocation::Family;
    assert_eq!(assert_no_sign_in_ends(Policy { revocation, ..Policy::default() }), LEFT);
}

// threats 212
#[test]
fn no_sign_in_ends_if_revocation_ends_all_of_a_person() {
    let revocation = Revocation::Person;
    assert_eq!(assert_no_sign_in_ends(Policy { revocation, ..Policy::default() }), LEFT);
}

/// The new sign-in has the old token. A token is left only with `--local` and without another
/// profile.
// threats 212 213
#[test]
fn token_that_the_server_keeps_is_not_revoked() {
    let rotation = Rotation::Same;
    assert_eq!(assert_no_sign_in_ends(Policy { rotation, ..Policy::default() }), 3);
}

// threats 212
#[test]
fn no_sign_in_ends_if_token_reuse_ends_the_family() {
    let reuse = Reuse::RevokesFamily;
    assert_eq!(assert_no_sign_in_ends(Policy { reuse, ..Policy::default() }), LEFT);
}
