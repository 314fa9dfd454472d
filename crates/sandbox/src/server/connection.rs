use std::convert::Infallible;
use std::sync::Arc;

use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::io::{Ending, Socket};
use super::respond::{Connection, Observer, State, respond};
use crate::openai::Side;

/// The context of a listener.
#[derive(Clone)]
pub(crate) struct Serving {
    pub(crate) side: Side,
    pub(crate) state: Arc<State>,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) observer: Option<Observer>,
}

impl Serving {
    /// Serves until the client closes the connection or a fault ends it. Errors are ignored: the
    /// test checks the client.
    pub(crate) async fn serve(self, stream: TcpStream) {
        let number = self.state.count_connection();
        let connection =
            Connection { number, side: self.side, state: self.state, observer: self.observer };
        let ending = Arc::new(Ending::default());
        let socket = Socket::new(stream, Arc::clone(&ending));
        match self.tls {
            None => connection.http(socket, ending).await,
            Some(tls) => {
                if let Ok(socket) = tls.accept(socket).await {
                    connection.http(socket, ending).await;
                }
            }
        }
    }
}

impl Connection {
    /// HTTP/1.1 or HTTP/2, as the client selects.
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
