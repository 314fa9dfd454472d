//! Networks that swallow, lose and delay what is sent, and name servers of any kind. Each test makes
//! its own, in namespaces that nobody else sees.

mod black_hole;
mod dns;
mod name_server;
mod packet_loss;
mod timeouts;

use std::time::{Duration, Instant};

use sandbox::{Endpoint, Scenario, Tls};

use crate::support::{Finished, Loopback, Start, StoredSignIn, World, in_own_namespaces};

/// Where every port is free, the issuer has this one.
const PORT: u16 = 4433;

/// Runs the test, of this full name, in a network of its own.
#[track_caller]
fn in_network_namespace(name: &str, test: fn()) {
    in_own_namespaces(&format!("network::{name}"), Loopback::Usual, test);
}

/// A person who signed in earlier, at the issuer of this name and port.
struct SignedIn {
    world: World,
    host: String,
    stored: StoredSignIn,
}

impl SignedIn {
    /// The issuer is there, and listens on `127.0.0.1`.
    fn at_the_issuer(name: &str) -> Self {
        let host = format!("{name}:{PORT}");
        let issuer = Some(format!("https://{host}"));
        Self::with_scenario(
            host,
            Scenario { tls: Tls::On, issuer, port: PORT, ..Scenario::default() },
        )
    }

    /// It is there, and is called by its address.
    fn on_any_port() -> Self {
        let world = World::with_scenario(Scenario { tls: Tls::On, ..Scenario::default() });
        let (host, stored) = (world.host().to_owned(), world.signed_in(-60));
        Self { world, host, stored }
    }

    /// It is not there.
    fn at(host: String) -> Self {
        let issuer = Some(format!("https://{host}"));
        Self::with_scenario(host, Scenario { tls: Tls::On, issuer, ..Scenario::default() })
    }

    fn with_scenario(host: String, scenario: Scenario) -> Self {
        let world = World::with_scenario(scenario);
        let stored = world.signed_in(-60);
        Self { world, host, stored }
    }

    /// The one command that does nothing but to send a secret at once; and how long it took.
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

    /// What is stored is all of what the issuer gave last.
    #[track_caller]
    fn assert_renewed(&self) {
        let (issued, tokens) = (self.world.sandbox.issued(), &self.world.auth_document()["tokens"]);
        assert_eq!(tokens["id_token"], issued.id_tokens.last().unwrap().as_str());
        assert_eq!(tokens["access_token"], issued.access_tokens.last().unwrap().as_str());
        assert_eq!(tokens["refresh_token"], issued.refresh_tokens.last().unwrap().as_str());
    }

    /// What is stored is what was stored, to the last byte.
    #[track_caller]
    fn assert_unchanged(&self) {
        assert!(self.world.auth_json().unwrap() == self.stored.text(), "it was changed");
    }

    fn requests(&self) -> usize {
        self.world.count(&Endpoint::TokenRefresh)
    }
}
