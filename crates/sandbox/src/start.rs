use std::sync::Arc;
use std::{io, iter};

use crate::issuer::{BrokenKey, Signer};
use crate::listen::{accept, listen};
use crate::running::Running;
use crate::sandbox::Sandbox;
use crate::server::{Authority, Observer, Serving, Side, TlsError};
use crate::world::World;
use crate::{Listeners, Scenario};

/// The sandbox, or a proxy, could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port could not be had.
    #[error("cannot listen on port {port}")]
    Listen {
        /// The port; 0 stands for any.
        port: u16,
        /// Why not.
        source: io::Error,
    },
    /// TLS could not be set up.
    #[error("cannot set up TLS")]
    Tls(#[from] TlsError),
    /// The signing key is damaged.
    #[error("cannot sign tokens")]
    Key(#[from] BrokenKey),
    /// The thread or its runtime did not start.
    #[error("cannot start a thread for the server")]
    Thread(#[source] io::Error),
}

/// Starts it in this runtime.
pub(crate) async fn start(
    scenario: Scenario,
    observer: Option<Observer>,
) -> Result<Sandbox, StartError> {
    let authority = Authority::for_scenario(&scenario)?;
    let scheme = if authority.is_some() { "https" } else { "http" };
    let (issuer, issuer_address) = listen(scenario.port).await?;
    let api = match scenario.listeners {
        Listeners::Shared => None,
        Listeners::Separate => Some(listen(scenario.api_port).await?),
    };
    let api_address = api.as_ref().map_or(issuer_address, |(_, address)| *address);
    let issuer_url = format!("{scheme}://{issuer_address}");
    let name = scenario.issuer.clone().unwrap_or_else(|| issuer_url.clone());
    let world = Arc::new(World::new(scenario, name, Signer::new()?));
    let tls = authority.as_ref().map(|authority| authority.acceptor.clone());
    let side = if api.is_some() { Side::Issuer } else { Side::Both };
    let listeners = iter::once((issuer, side)).chain(api.map(|(api, _)| (api, Side::Api)));
    let serve = |(listener, side)| {
        let serving = Serving {
            side,
            world: Arc::clone(&world),
            tls: tls.clone(),
            observer: observer.clone(),
        };
        tokio::spawn(accept(listener, move |stream| serving.clone().serve(stream)))
    };
    let tasks = listeners.map(serve).collect();
    Ok(Sandbox {
        world,
        issuer_url,
        issuer_address,
        api_url: format!("{scheme}://{api_address}"),
        api_address,
        ca_pem: authority.map(|authority| authority.pem),
        running: Running::Tasks(tasks),
    })
}

/// Starts it in a thread of its own, whose end is the end of the sandbox.
pub(crate) fn start_in_thread(scenario: Scenario) -> Result<Sandbox, StartError> {
    let started = Running::in_thread("sandbox", move || start(scenario, None));
    let (sandbox, running) = started.map_err(StartError::Thread)?;
    let mut sandbox = sandbox?;
    sandbox.running = running;
    Ok(sandbox)
}
