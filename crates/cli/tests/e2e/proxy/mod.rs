//! A network that only a proxy can leave.

use std::net::SocketAddr;

use sandbox::{Account, Proxy, ProxyScenario, Scenario, Tls};
use url::Url;

use crate::support::{Finished, Start, World};

mod failures;
mod sign_in;
mod tls_inspection;

/// A name that only the proxy resolves.
const ISSUER: &str = "https://issuer.test";

/// A world behind a proxy.
struct Behind {
    world: World,
    proxy: Proxy,
}

impl Behind {
    fn new(proxy: ProxyScenario) -> Self {
        let issuer = Some(ISSUER.to_owned());
        let world = World::with_scenario(Scenario { tls: Tls::On, issuer, ..Scenario::default() });
        let proxy = proxy.host("issuer.test", 443, listener(&world));
        let proxy = Proxy::start_in_thread(proxy).unwrap();
        Self { world, proxy }
    }

    /// The proxy URL for a variable.
    fn url(&self, scheme: &str, login: &str) -> String {
        format!("{scheme}://{login}{}", self.proxy.address())
    }

    fn login(&self) -> Start<'_> {
        self.there(Start::new(&self.world, "login"))
    }

    fn create_key(&self) -> Start<'_> {
        self.there(Start::new(&self.world, "create-key"))
    }

    fn there<'w>(&'w self, start: Start<'w>) -> Start<'w> {
        let servers = ["--issuer", ISSUER, "--api-base", ISSUER];
        start.args(servers).args(["--no-browser", "--port", "0"])
    }

    /// The browser does not use the proxy.
    #[track_caller]
    fn signs_in(&self, start: Start<'_>) -> Finished {
        let running = start.start();
        let url = running.auth_url();
        assert!(url.as_str().starts_with(ISSUER), "{url}");
        let nearby = url.as_str().replacen(ISSUER, self.world.sandbox.issuer_url(), 1);
        let person = self.world.sandbox.person(Account::OWNER);
        running.visit_at(&Url::parse(&nearby).unwrap(), &person);
        running.finish()
    }
}

fn listener(world: &World) -> SocketAddr {
    let port = Url::parse(world.sandbox.issuer_url()).unwrap().port().unwrap();
    SocketAddr::from(([127, 0, 0, 1], port))
}
