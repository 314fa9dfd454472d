use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::connection::Connection;
use super::respond::Observer;
use super::side::Side;
use crate::world::World;

/// Accepts until it is aborted, which ends its connections, too.
pub(crate) async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    side: Side,
    world: Arc<World>,
    observer: Option<Observer>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else {
                    // Out of sockets: trying again at once would only keep the others from closing.
                    tokio::time::sleep(BREATH).await;
                    continue;
                };
                let connection = Connection {
                    number: world.count_connection(),
                    side,
                    world: Arc::clone(&world),
                    observer: observer.clone(),
                };
                connections.spawn(connection.serve(stream, tls.clone()));
            }
            // A task that is never joined stays in memory.
            Some(_) = connections.join_next() => {}
        }
    }
}

/// The rest after a connection that could not be accepted.
const BREATH: Duration = Duration::from_millis(10);
