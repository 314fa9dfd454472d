use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc;
use std::thread;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::issuer::{BrokenKey, Signer};
use crate::sandbox::{Running, Sandbox};
use crate::server::{Authority, Observer, Side, TlsError, accept};
use crate::world::World;
use crate::{Listeners, Scenario, Tls, Versions};

/// The sandbox could not be started.
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
    #[error("cannot start a thread for the sandbox")]
    Thread(#[source] io::Error),
}

/// Starts it in this runtime.
pub(crate) async fn start(
    scenario: Scenario,
    observer: Option<Observer>,
) -> Result<Sandbox, StartError> {
    let authority = authority(scenario.tls)?;
    let scheme = if authority.is_some() { "https" } else { "http" };
    let url = |address: SocketAddr| format!("{scheme}://{address}");
    let (first, address) = listen(scenario.port).await?;
    let issuer_url = url(address);
    let mut listeners = vec![(first, Side::Both)];
    let mut api_url = issuer_url.clone();
    if scenario.listeners == Listeners::Separate {
        let (second, address) = listen(scenario.api_port).await?;
        api_url = url(address);
        listeners[0].1 = Side::Issuer;
        listeners.push((second, Side::Api));
    }
    let issuer = scenario.issuer.clone().unwrap_or_else(|| issuer_url.clone());
    let world = Arc::new(World::new(scenario, issuer, Signer::new()?));
    let tls = authority.as_ref().map(|authority| authority.acceptor.clone());
    let serve = |(listener, side)| {
        let world = Arc::clone(&world);
        tokio::spawn(accept(listener, tls.clone(), side, world, observer.clone()))
    };
    let tasks = listeners.into_iter().map(serve).collect();
    Ok(Sandbox {
        world,
        api_url,
        issuer_url,
        ca_pem: authority.map(|authority| authority.pem),
        running: Running::Tasks(tasks),
    })
}

fn authority(tls: Tls) -> Result<Option<Authority>, TlsError> {
    match tls {
        Tls::Off => Ok(None),
        Tls::On => Authority::new(None, Versions::Both).map(Some),
        Tls::Http11 => Authority::new(None, Versions::Http11).map(Some),
        Tls::Broken(defect) => Authority::new(Some(defect), Versions::Both).map(Some),
    }
}

async fn listen(port: u16) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Starts it in a thread of its own, whose end is the end of the sandbox.
pub(crate) fn start_in_thread(scenario: Scenario) -> Result<Sandbox, StartError> {
    let (started, starting) = mpsc::channel();
    let (stop, stopped) = oneshot::channel();
    let thread = thread::Builder::new()
        .name("sandbox".to_owned())
        .spawn(move || run_in_thread(scenario, &started, stopped))
        .map_err(StartError::Thread)?;
    let outcome = starting.recv();
    let mut sandbox = outcome.map_err(|gone| StartError::Thread(io::Error::other(gone)))??;
    sandbox.running = Running::Thread { stop: Some(stop), thread: Some(thread) };
    Ok(sandbox)
}

fn run_in_thread(
    scenario: Scenario,
    started: &mpsc::Sender<Result<Sandbox, StartError>>,
    stopped: oneshot::Receiver<()>,
) {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    match runtime.enable_all().build() {
        Err(error) => drop(started.send(Err(StartError::Thread(error)))),
        Ok(runtime) => runtime.block_on(async {
            let _ = started.send(start(scenario, None).await);
            // Dropping the sender is the signal; nothing is ever sent.
            let _ = stopped.await;
        }),
    }
}
