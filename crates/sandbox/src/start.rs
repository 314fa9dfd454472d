use std::iter;
use std::sync::Arc;

use crate::listen::StartError;
use crate::listen::{accept, listen};
use crate::openai::{Side, Signer, World};
use crate::record::Recorded;
use crate::running::Running;
use crate::sandbox::Sandbox;
use crate::server::{Authority, Observer, Serving, State};
use crate::{Listeners, Scenario};

impl Sandbox {
    /// Starts a sandbox in this runtime.
    ///
    /// # Errors
    ///
    /// [`StartError`] if a port is in use, or if certificates cannot be created.
    pub async fn start(scenario: Scenario) -> Result<Self, StartError> {
        start(scenario, None).await
    }

    /// Starts a sandbox in this runtime that reports every request with the status of its response; `None` if a fault ended the
    /// connection.
    ///
    /// # Errors
    ///
    /// [`StartError`] if a port is in use, or if certificates cannot be created.
    pub async fn start_observed(
        scenario: Scenario,
        observer: impl Fn(&Recorded, Option<u16>) + Send + Sync + 'static,
    ) -> Result<Self, StartError> {
        start(scenario, Some(Arc::new(observer))).await
    }

    /// Starts a sandbox in its own thread and runtime, for tests that are not async.
    ///
    /// # Errors
    ///
    /// [`StartError`] if a port is in use, or if certificates cannot be created.
    pub fn start_in_thread(scenario: Scenario) -> Result<Self, StartError> {
        let started = Running::in_thread("sandbox", move || start(scenario, None));
        let (sandbox, running) = started.map_err(StartError::Thread)?;
        let mut sandbox = sandbox?;
        sandbox.running = running;
        Ok(sandbox)
    }
}

async fn start(scenario: Scenario, observer: Option<Observer>) -> Result<Sandbox, StartError> {
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
    let state = Arc::new(State::new(World::new(scenario, name, Signer::new()?)));
    let tls = authority.as_ref().map(|authority| authority.acceptor.clone());
    let side = if api.is_some() { Side::Issuer } else { Side::Both };
    let listeners = iter::once((issuer, side)).chain(api.map(|(api, _)| (api, Side::Api)));
    let serve = |(listener, side)| {
        let serving = Serving {
            side,
            state: Arc::clone(&state),
            tls: tls.clone(),
            observer: observer.clone(),
        };
        tokio::spawn(accept(listener, move |stream| serving.clone().serve(stream)))
    };
    let tasks = listeners.map(serve).collect();
    Ok(Sandbox {
        state,
        issuer_url,
        issuer_address,
        api_url: format!("{scheme}://{api_address}"),
        ca_pem: authority.map(|authority| authority.pem),
        running: Running::Tasks(tasks),
    })
}
