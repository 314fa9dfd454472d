//! `--store postgres://…` with a real PostgreSQL, which each test starts. Where it is not installed, the tests are
//! reported as skipped.

#[expect(dead_code, unused_imports, reason = "the tests of postgres-store use all of it")]
#[path = "../../../../postgres-store/tests/postgres/fixture/mod.rs"]
mod fixture;

mod cache;
mod commands;
mod commit;
mod connections;
mod doctor;
mod failures;
mod interrupted;
mod machines;
mod sign_in;

use postgres_store::{Keys, setup_sql};
use sandbox::{Endpoint, Scenario};

use crate::support::{Running, Start, StoredSignIn, World};
use fixture::{PASSWORD, Server};

/// Long enough that a token is not due.
const HOUR: i64 = 60 * 60;

/// A database with the rows `default` and `team-a` for the user `ci`, and the key.
struct Fleet {
    world: World,
    server: Server,
}

impl Fleet {
    fn start(test: &str) -> Option<Self> {
        Self::with_scenario(test, Scenario::default())
    }

    fn with_scenario(test: &str, scenario: Scenario) -> Option<Self> {
        Some(Self::empty(test, scenario)?.set_up())
    }

    /// On a database with more settings.
    fn with_settings(test: &str, settings: &[&str]) -> Option<Self> {
        let server = Server::with_settings(test, settings)?;
        Some(Self::on(server, Scenario::default()).set_up())
    }

    fn set_up(self) -> Self {
        self.server.sql(&setup_sql("ci", &["default", "team-a"]));
        Keys::create(self.world.path("keys")).unwrap();
        self
    }

    /// A database that is not set up, and no key.
    fn empty(test: &str, scenario: Scenario) -> Option<Self> {
        Some(Self::on(Server::start(test)?, scenario))
    }

    fn on(server: Server, scenario: Scenario) -> Self {
        server.create_user("ci");
        let world = World::with_scenario(scenario);
        world.register_secret(PASSWORD);
        Self { world, server }
    }

    /// With a sign-in in the row `default`, whose access token expires in so many seconds.
    fn signed_in(test: &str, seconds_left: i64) -> Option<(Self, StoredSignIn)> {
        let fleet = Self::start(test)?;
        let sign_in = fleet.import(seconds_left);
        Some((fleet, sign_in))
    }

    fn import(&self, seconds_left: i64) -> StoredSignIn {
        let sign_in = self.world.signed_in(seconds_left);
        self.command("store").args(["import", "--replace"]).run().exits(0);
        assert_eq!(self.world.auth_json(), None);
        // Each test begins without a cache.
        let _ = std::fs::remove_dir_all(self.world.path("run/login-cli"));
        sign_in
    }

    fn url(&self) -> String {
        self.url_at(self.server.port())
    }

    fn url_at(&self, port: u16) -> String {
        format!("postgres://ci@127.0.0.1:{port}/ops?sslmode=disable")
    }

    /// A command of the first machine.
    fn command(&self, name: &str) -> Start<'_> {
        self.command_on(name, &self.url())
    }

    fn command_on(&self, name: &str, url: &str) -> Start<'_> {
        let start = self.world.command(name).args(["--store", url]);
        start.env("PGPASSWORD", PASSWORD).env("LOGIN_CLI_STORE_KEY_FILE", self.world.path("keys"))
    }

    /// A command of another machine, with folders of its own.
    fn on_machine(&self, number: usize, name: &str) -> Start<'_> {
        let folder = self.world.path(&format!("machine-{number}"));
        std::fs::create_dir_all(&folder).unwrap();
        self.command(name)
            .args(["--codex-home".into(), folder.join("codex")])
            .env("XDG_RUNTIME_DIR", folder)
    }

    fn refreshes(&self) -> usize {
        self.world.count(&Endpoint::TokenRefresh)
    }

    fn row(&self, column: &str) -> String {
        self.server.sql(&format!("SELECT {column} FROM login_cli.sign_ins WHERE name = 'default'"))
    }
}

/// Waits for the address and the code on standard error.
fn device_code(running: &Running<'_>) -> (String, String) {
    running.says("Ctrl-C cancels.");
    let said = running.said();
    let mut lines = said.lines().filter(|line| !line.is_empty()).skip(1).step_by(2);
    (lines.next().unwrap().to_owned(), lines.next().unwrap().trim().to_owned())
}
