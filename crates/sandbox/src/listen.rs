use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use std::io;

use tokio_rustls::rustls;

/// Listens on loopback only.
pub(crate) async fn listen(port: u16) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

/// Accepts connections until it is aborted, which also ends its connections.
pub(crate) async fn accept<F>(listener: TcpListener, serve: impl Fn(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    // Out of sockets: an immediate retry would only use the CPU.
                    tokio::time::sleep(BREATH).await;
                    continue;
                };
                // Responses are small, and a test waits for each of them.
                let _ = stream.set_nodelay(true);
                connections.spawn(serve(stream));
            }
            // A task that is never joined stays in memory.
            Some(_) = connections.join_next() => {}
        }
    }
}

/// The pause after a failed accept.
const BREATH: Duration = Duration::from_millis(10);

/// The sandbox, or a proxy, could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A port could not be opened.
    #[error("cannot listen on port {port}")]
    Listen {
        /// The port; 0 stands for any.
        port: u16,
        /// The reason.
        source: io::Error,
    },
    /// A certificate could not be created.
    #[error("cannot create a certificate")]
    Certificate(#[from] rcgen::Error),
    /// TLS did not accept the certificate.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
    /// The fixture with the signing key is damaged.
    #[error("fixtures/issuer-test-key.pem is no RSA key in PKCS#8")]
    Key,
    /// The thread or its runtime did not start.
    #[error("cannot start a thread for the server")]
    Thread(#[source] io::Error),
}
