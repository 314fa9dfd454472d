use std::convert::Infallible;
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::io::{Ending, Socket};
use super::respond::{Observer, respond};
use super::side::Side;
use crate::world::World;

/// One connection, and what its requests need.
#[derive(Clone)]
pub(crate) struct Connection {
    pub(crate) number: u64,
    pub(crate) side: Side,
    pub(crate) world: Arc<World>,
    pub(crate) observer: Option<Observer>,
}

impl Connection {
    /// Serves until the client goes or a fault ends it. What goes wrong here is the client's to
    /// tell: the test looks there.
    pub(super) async fn serve(self, stream: TcpStream, tls: Option<TlsAcceptor>) {
        let ending = Arc::new(Ending::default());
        let socket = Socket::new(stream, Arc::clone(&ending));
        match tls {
            None => self.http(socket, ending).await,
            Some(tls) => {
                if let Ok(socket) = tls.accept(socket).await {
                    self.http(socket, ending).await;
                }
            }
        }
    }

    /// HTTP/1.1 or HTTP/2, whichever the client begins.
    async fn http(self, io: impl AsyncRead + AsyncWrite + Unpin + 'static, ending: Arc<Ending>) {
        let for_requests = Arc::clone(&ending);
        let service = service_fn(move |request| {
            let (connection, ending) = (self.clone(), Arc::clone(&for_requests));
            async move { Ok::<_, Infallible>(respond(connection, ending, request).await) }
        });
        let http = auto::Builder::new(TokioExecutor::new());
        tokio::select! {
            _ = http.serve_connection(TokioIo::new(io), service) => {}
            () = ending.decided() => {}
        }
    }
}
