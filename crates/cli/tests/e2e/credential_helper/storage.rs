//! The life of a sign-in in `pass`.

use sandbox::{Account, Endpoint};

use super::pass::Pass;
use super::{LOCKS, assert_no_plaintext, document};
use crate::support::{Start, StoredSignIn, World};

/// Adds the option that selects the helper.
type Chosen = for<'w> fn(Start<'w>) -> Start<'w>;

fn by_flag(start: Start<'_>) -> Start<'_> {
    start.args(["--store", "helper:pass"])
}

fn by_variable(start: Start<'_>) -> Start<'_> {
    start.env("LOGIN_CLI_STORE", "helper:pass")
}

/// A machine with `pass` and a sandbox.
struct PassSetup {
    world: World,
    pass: Pass,
    chosen: Chosen,
}

impl PassSetup {
    fn new(chosen: Chosen) -> Option<Self> {
        Some(Self { pass: Pass::ready()?, world: World::new(), chosen })
    }

    fn given<'w>(&self, start: Start<'w>) -> Start<'w> {
        (self.chosen)(self.pass.given(start))
    }

    fn command(&self, name: &str) -> Start<'_> {
        self.given(self.world.command(name))
    }

    fn login(&self) -> Start<'_> {
        self.given(self.world.login())
    }

    /// Signs in and returns the URL of the entry.
    #[track_caller]
    fn signs_in(&self) -> String {
        let finished = self.login().with_trace_log().signs_in(Account::OWNER);
        let entry = self.pass.only_entry();
        finished.exits(0).says("Signed in as Ada Lovelace <ada@example.com>, plan plus, ");
        let place = format!(", stored in docker-credential-pass ({entry})\n");
        finished.says(&place);
        entry
    }

    /// The entry has the latest tokens.
    #[track_caller]
    fn assert_holds_last_tokens(&self, entry: &str) {
        let (held, issued) = (document(&self.pass.held(entry)), self.world.sandbox.issued());
        let tokens = &held["tokens"];
        assert!(tokens["access_token"] == issued.access_tokens.last().unwrap().as_str());
        assert!(tokens["refresh_token"] == issued.refresh_tokens.last().unwrap().as_str());
        assert!(tokens["id_token"] == issued.id_tokens.last().unwrap().as_str());
        assert_eq!(held["auth_mode"], "chatgpt");
        assert_eq!(self.world.stored_names(), LOCKS);
    }
}

// threats 108 109 179
#[test]
fn pass_stores_refreshes_and_removes_a_sign_in() {
    for chosen in [by_flag as Chosen, by_variable] {
        let Some(scene) = PassSetup::new(chosen) else { return };
        let world = &scene.world;
        scene.command("status").run().exits(3);
        let entry = scene.signs_in();
        scene.assert_holds_last_tokens(&entry);
        assert_eq!(scene.pass.entries()[&entry], "login-cli");

        let status = scene.command("status").run();
        status.exits(0);
        assert!(status.stdout.starts_with("Signed in     with ChatGPT\n"), "{}", status.stdout);
        let place = format!("\nStored in     docker-credential-pass ({entry})\n");
        assert!(status.stdout.ends_with(&place), "{}", status.stdout);

        // A fresh token needs no request.
        let requests = world.sandbox.requests().len();
        let fresh = &world.sandbox.issued().access_tokens[0];
        scene.command("token").run().exits(0).prints(&format!("{fresh}\n"));
        assert_eq!(world.sandbox.requests().len(), requests);

        scene.assert_refreshes_expired(&entry);
        scene.assert_refreshes_fresh(&entry);
        assert_no_plaintext(world, &[&scene.pass.store()]);
        scene.assert_logout(&entry);
    }
}

impl PassSetup {
    #[track_caller]
    fn assert_refreshes_expired(&self, entry: &str) {
        let expired = StoredSignIn::new(&self.world, -60).with("/theirs", 1.5);
        self.pass.hold(entry, &expired.text());
        let token = self.command("token").with_trace_log().run();
        let issued = self.world.sandbox.issued().access_tokens;
        token.exits(0).prints(&format!("{}\n", issued.last().unwrap()));
        assert_eq!(self.world.count(&Endpoint::TokenRefresh), 1);
        self.assert_holds_last_tokens(entry);
        assert_eq!(document(&self.pass.held(entry))["theirs"], 1.5);
    }

    #[track_caller]
    fn assert_refreshes_fresh(&self, entry: &str) {
        let refresh = self.command("refresh").with_trace_log().run();
        refresh.exits(0).prints("").says("Refreshed. The access token expires in ");
        assert_eq!(self.world.count(&Endpoint::TokenRefresh), 2);
        self.assert_holds_last_tokens(entry);
        assert_eq!(self.pass.only_entry(), entry);
    }

    #[track_caller]
    fn assert_logout(&self, entry: &str) {
        let refresh_token = self.world.sandbox.issued().refresh_tokens.pop().unwrap();
        let logout = self.command("logout").with_trace_log().run();
        logout.exits(0).prints("");
        let place = format!("revoked, and removed from docker-credential-pass ({entry}).\n");
        logout.says(&place);
        let revoked = self.world.sandbox.requests_at(&Endpoint::Revoke).pop().unwrap();
        assert!(String::from_utf8_lossy(&revoked.body).contains(&refresh_token));
        assert!(self.pass.entries().is_empty());
        self.command("logout").run().exits(0).says("You were not signed in.\n");
        self.command("token").run().exits(3).prints("");
        assert_eq!(self.world.stored_names(), LOCKS);
    }
}

/// Both sign-ins belong to the same account, so the old tokens are not revoked.
// threats 212
#[test]
fn second_sign_in_replaces_the_first() {
    let Some(scene) = PassSetup::new(by_flag) else { return };
    let entry = scene.signs_in();
    assert_eq!(scene.signs_in(), entry);
    scene.assert_holds_last_tokens(&entry);
    assert_eq!(scene.world.count(&Endpoint::Revoke), 0);
}

/// Each profile has its own entry and its own lock files.
#[test]
fn each_profile_has_its_own_entry() {
    let Some(scene) = PassSetup::new(by_variable) else { return };
    let default = scene.signs_in();
    let office =
        scene.login().args(["--profile", "office", "--no-api-key"]).signs_in(Account::MEMBER);
    office.exits(0).says("Signed in as Linus Pauling");
    let entries: Vec<String> = scene.pass.entries().into_keys().collect();
    let [_, office] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!(*office, default.replace("/login-cli/default/", "/login-cli/office/"));
    assert_eq!(document(&scene.pass.held(&default))["tokens"]["account_id"], "acct-ada");
    assert_eq!(document(&scene.pass.held(office))["tokens"]["account_id"], "acct-linus");

    let list = scene.command("profiles").run();
    list.exits(0).prints("* default  ada@example.com\n  office   linus@example.com\n");
    let token = scene.world.sandbox.issued().access_tokens.pop().unwrap();
    let start = scene.command("token").args(["--profile", "office"]);
    start.run().exits(0).prints(&format!("{token}\n"));

    scene.command("logout").args(["--profile", "office"]).run().exits(0);
    assert_eq!(scene.pass.only_entry(), default);
    assert_eq!(scene.world.stored_names(), ["auth.json.lock", "auth.lock", "profiles"]);
    for (name, folder) in scene.world.profiles() {
        assert_eq!(name, "office");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        assert!(names.into_iter().all(|name| LOCKS.contains(&name.to_str().unwrap())));
    }
    assert_no_plaintext(&scene.world, &[&scene.pass.store()]);
}

/// The entry of the default folder has the same URL on all machines that share a store.
#[test]
fn entry_of_default_folder_has_the_same_name_everywhere() {
    let Some(scene) = PassSetup::new(by_flag) else { return };
    scene.login().without_env("CODEX_HOME").signs_in(Account::OWNER).exits(0);
    assert_eq!(scene.pass.only_entry(), "https://auth.openai.com/login-cli/default");
    let folder = scene.world.path("home/.codex");
    scene.login().env("CODEX_HOME", folder).signs_in(Account::OWNER).exits(0);
    assert_eq!(scene.pass.only_entry(), "https://auth.openai.com/login-cli/default");
    scene.login().signs_in(Account::OWNER).exits(0);
    assert_eq!(scene.pass.entries().len(), 2);
}

#[test]
fn file_and_helper_are_independent() {
    let Some(scene) = PassSetup::new(by_flag) else { return };
    let stored = scene.world.signed_in(3600);
    let entry = scene.signs_in();
    assert_eq!(scene.world.auth_json().unwrap(), stored.text());
    scene.world.command("token").run().exits(0).prints(&format!("{}\n", stored.access_token));
    scene.command("logout").run().exits(0);
    assert!(!scene.pass.entries().contains_key(&entry));
    assert_eq!(scene.world.auth_json().unwrap(), stored.text());
    // The option overrides the variable.
    let start = by_variable(scene.pass.given(scene.world.command("token")));
    let file = start.args(["--store", "file"]).run();
    file.exits(0).prints(&format!("{}\n", stored.access_token));
}
