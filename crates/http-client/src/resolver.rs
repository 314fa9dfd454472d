use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::net::lookup_host;
use tokio::time::timeout;

use crate::base_url::is_localhost;

/// The system's resolver with its own timeout, so that a DNS timeout is distinct from a server
/// timeout. `localhost`, to which plain http is sent, has loopback addresses only.
#[derive(Debug)]
pub(crate) struct Resolver {
    pub(crate) deadline: Duration,
}

/// Why a name could not be resolved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unresolved {
    #[error("the resolver did not respond")]
    TimedOut { name: String, after: Duration },
    #[error("{source}")]
    Refused { name: String, source: io::Error },
}

impl Resolver {
    /// The addresses of `host`, each with `port`.
    pub(crate) async fn look_up(
        &self,
        host: &str,
        port: u16,
    ) -> Result<Vec<SocketAddr>, Unresolved> {
        if is_localhost(host) {
            // The names under it are no question for a resolver.
            let found = self.ask_the_system("localhost", port).await;
            return Ok(loopback(found.unwrap_or_default(), port));
        }
        self.ask_the_system(host, port).await
    }

    async fn ask_the_system(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Unresolved> {
        let name = || host.to_owned();
        let refused = |source| Unresolved::Refused { name: name(), source };
        let found = timeout(self.deadline, lookup_host((host, port))).await;
        let timed_out = |_| Unresolved::TimedOut { name: name(), after: self.deadline };
        let found = found.map_err(timed_out)?.map_err(refused)?;
        let found: Vec<_> = found.collect();
        // Some resolvers return an empty list.
        if found.is_empty() { Err(refused(io::ErrorKind::NotFound.into())) } else { Ok(found) }
    }
}

/// The loopback addresses among those of `localhost`, in the order of the system: where it has only one,
/// another user may listen at the other.
fn loopback(mut found: Vec<SocketAddr>, port: u16) -> Vec<SocketAddr> {
    found.retain(|it| it.ip().to_canonical().is_loopback());
    if found.is_empty() {
        found.push((Ipv4Addr::LOCALHOST, port).into());
    }
    found
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = Self { deadline: self.deadline };
        Box::pin(async move {
            let found = resolver.look_up(name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time is too short for a resolver.
    // threats 84
    #[tokio::test]
    async fn localhost_is_loopback_without_a_resolver() {
        let resolver = Resolver { deadline: Duration::ZERO };
        for host in ["localhost", "app.localhost", "LocalHost."] {
            let found = resolver.look_up(host, 80).await.unwrap();
            assert_eq!(found, ["127.0.0.1:80".parse().unwrap()], "{host}");
        }
        for host in ["localhost.test", "notlocalhost"] {
            assert!(resolver.look_up(host, 80).await.is_err(), "{host}");
        }
    }

    // threats 84
    #[test]
    fn localhost_is_loopback_whatever_the_resolver_says() {
        for (found, expected) in [
            (vec!["[::1]:80", "127.0.0.1:80"], vec!["[::1]:80", "127.0.0.1:80"]),
            (vec!["10.0.0.1:80", "127.0.0.1:80"], vec!["127.0.0.1:80"]),
            (vec!["10.0.0.1:80"], vec!["127.0.0.1:80"]),
        ] {
            let addresses = |list: Vec<&str>| list.iter().map(|it| it.parse().unwrap()).collect();
            assert_eq!(loopback(addresses(found), 80), addresses(expected) as Vec<SocketAddr>);
        }
    }
}
