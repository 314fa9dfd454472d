//! Networks that drop, lose and delay packets, and various name servers. Each test has its own
//! namespaces.

mod black_hole;
mod dns;
mod name_server;
mod packet_loss;
mod timeouts;

use std::time::{Duration, Instant};

use sandbox::{Endpoint, Scenario, Tls};

use crate::support::{Finished, Loopback, Start, StoredSignIn, World, in_own_namespaces};

/// The port of the issuer; every port is free in the namespace.
const PORT: u16 = 4433;

/// Runs the test with this full name in its own network.
#[track_caller]
fn in_network_namespace(name: &str, test: fn()) {
    in_own_namespaces(&format!("network::{name}"), Loopback::Usual, test);
}

/// A stored sign-in at the issuer with this host name and port.
struct SignedIn {
    world: World,
    host: String,
    stored: StoredSignIn,
}

impl SignedIn {
    /// The issuer runs on `127.0.0.1`.
    fn at_the_issuer(name: &str) -> Self {
        let host = format!("{name}:{PORT}");
        let issuer = Some(format!("https://{host}"));
        Self::with_scenario(
            host,
            Scenario { tls: Tls::On, issuer, port: PORT, ..Scenario::default() },
        )
    }

    /// The issuer runs and is reached by its address.
    fn on_any_port() -> Self {
        let world = World::with_scenario(Scenario { tls: Tls::On, ..Scenario::default() });
        let (host, stored) = (world.host().to_owned(), world.signed_in(-60));
        Self { world, host, stored }
    }

    /// The issuer does not run.
    fn at(host: String) -> Self {
        let issuer = Some(format!("https://{host}"));
        Self::with_scenario(host, Scenario { tls: Tls::On, issuer, ..Scenario::default() })
    }

    fn with_scenario(host: String, scenario: Scenario) -> Self {
        let world = World::with_scenario(scenario);
        let stored = world.signed_in(-60);
        Self { world, host, stored }
    }

    /// `refresh` sends a secret immediately and does nothing else. Returns the duration too.
    fn refreshes(&self) -> (Finished, Duration) {
        let begun = Instant::now();
        let finished = self.refresh().run();
        (finished, begun.elapsed())
    }

    fn refresh(&self) -> Start<'_> {
        let issuer = format!("https://{}", self.host);
        let refresh = self.world.program(["refresh", "--issuer", &issuer]);
        refresh.arg("--ca-file").arg(self.world.ca_file()).with_trace_log()
    }

    /// The stored tokens are the latest ones of the issuer.
    #[track_caller]
    fn assert_renewed(&self) {
        let (issued, tokens) = (self.world.sandbox.issued(), &self.world.auth_document()["tokens"]);
        assert_eq!(tokens["id_token"], issued.id_tokens.last().unwrap().as_str());
        assert_eq!(tokens["access_token"], issued.access_tokens.last().unwrap().as_str());
        assert_eq!(tokens["refresh_token"], issued.refresh_tokens.last().unwrap().as_str());
    }

    /// The stored file is unchanged.
    #[track_caller]
    fn assert_unchanged(&self) {
        assert!(self.world.auth_json().unwrap() == self.stored.text(), "the file changed");
    }

    fn requests(&self) -> usize {
        self.world.count(&Endpoint::TokenRefresh)
    }
}
