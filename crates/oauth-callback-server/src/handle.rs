//! Handles one connection: one request, one response, and their timeouts.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, join, sink};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::classify::{Head, Refusal};
use crate::connection::Connection;
use crate::limits::{MAX_HEAD, MAX_HEADER_COUNT, MAX_REQUEST_LINE};
use crate::request_head::read_head;
use crate::session::{Response, Session};

/// Serves one connection. Its pending response counts as complete when this ends or is dropped.
pub(crate) async fn serve_connection(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    session: Arc<Session>,
    connection: Arc<Connection>,
) {
    let pending = CompleteOnDrop(&session, &connection);
    let Some(response) = response(&mut stream, &session, &connection).await else {
        return;
    };
    let write = async {
        stream.write_all(&response).await?;
        stream.shutdown().await
    };
    if let Ok(Ok(())) = timeout(session.limits.response, write).await {
        complete(&session, &connection, true);
    }
    drop(pending);
    drain(stream).await;
}

struct CompleteOnDrop<'a>(&'a Session, &'a Connection);

impl Drop for CompleteOnDrop<'_> {
    fn drop(&mut self) {
        complete(self.0, self.1, false);
    }
}

fn complete(session: &Session, connection: &Connection, sent: bool) {
    if let Some(pending) = connection.take_pending() {
        session.complete(pending, sent);
    }
}

/// The response to the first request. `None` if the client closes the connection, or does not finish the head in time.
async fn response(
    stream: &mut (impl AsyncRead + Unpin),
    session: &Session,
    connection: &Connection,
) -> Option<Zeroizing<Vec<u8>>> {
    let refusal = match read_head(stream, session.limits.head).await? {
        Ok(head) => match exchange(head, stream, session, connection).await {
            Ok(response) => return response,
            Err(error) if error.is_parse_too_large() => Refusal::HeadTooLarge,
            Err(error) if error.is_parse() => Refusal::BadRequest,
            Err(_) => return None,
        },
        Err(refusal) => refusal,
    };
    Some(match refusal {
        Refusal::Tls => {
            session.reject(refusal);
            HANDSHAKE_FAILURE.to_vec().into()
        }
        Refusal::HeadTooLarge => session.reject(refusal).into_bytes(),
        _ => session.refuse(refusal).into_bytes(),
    })
}

/// hyper parses the request, and reads a form. It writes nothing: its own responses to invalid requests lack the
/// headers of [`Reply`](crate::reply::Reply), and it copies a page into a buffer that it does not wipe.
async fn exchange(
    head: Vec<u8>,
    stream: &mut (impl AsyncRead + Unpin),
    session: &Session,
    connection: &Connection,
) -> hyper::Result<Option<Zeroizing<Vec<u8>>>> {
    let responded = OnceLock::new();
    // `receive` comes before any await: hyper drops a request without a response if the client resets the connection.
    let service = service_fn(|request| {
        let response = session.receive(Head::from_request(&request), connection);
        async {
            let _ = responded.set(respond(response, request, session, connection).await);
            Err::<hyper::Response<String>, _>("the response is written by this crate")
        }
    });
    let io = join(head.chain(stream), sink());
    let result = http(session.limits.head).serve_connection(TokioIo::new(io), service).await;
    match (responded.into_inner(), result) {
        (None, Err(error)) => Err(error),
        (response, _) => Ok(response),
    }
}

fn http(head_timeout: Duration) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(head_timeout)
        .max_headers(MAX_HEADER_COUNT)
        .max_buf_size(MAX_HEAD);
    http
}

async fn respond(
    response: Response,
    request: Request<Incoming>,
    session: &Session,
    connection: &Connection,
) -> Zeroizing<Vec<u8>> {
    let is_head = request.method() == Method::HEAD;
    let response = match response {
        Response::AfterBody => match form(request, session.limits.head).await {
            Ok(body) => session.receive_form(&body, connection),
            Err(refusal) => Response::Now(session.refuse(refusal)),
        },
        // The request contains the code, and the outcome can take a while.
        response => {
            drop(request);
            response
        }
    };
    let reply = match response {
        Response::Now(reply) => reply,
        // A request has one body.
        Response::AfterBody => session.refuse(Refusal::BadRequest),
        Response::Outcome => session.outcome().await,
    };
    if is_head { reply.head().into() } else { reply.into_bytes() }
}

/// Reads the body of a form. It may be as long as a request line.
async fn form(request: Request<Incoming>, limit: Duration) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let media_type = content_type.and_then(|it| it.split(';').next()).map(str::trim);
    if !media_type.is_some_and(|it| it.eq_ignore_ascii_case(MEDIA_TYPE)) {
        return Err(Refusal::UnknownType);
    }
    let body = Limited::new(request.into_body(), MAX_REQUEST_LINE).collect();
    match timeout(limit, body).await {
        Ok(Ok(body)) => Ok(Zeroizing::new(body.to_bytes().into())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::BodyTooLarge),
        _ => Err(Refusal::BadRequest),
    }
}

/// A TLS alert record, `handshake_failure` ([RFC 8446 §6](https://www.rfc-editor.org/rfc/rfc8446#section-6)). A
/// browser that may fall back to http does so at once.
const HANDSHAKE_FAILURE: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

/// Reads the rest of the request after the response. Closing a socket with unread bytes resets the connection,
/// and the client may lose the response ([RFC 9112 §9.6](https://www.rfc-editor.org/rfc/rfc9112#section-9.6)).
async fn drain(mut stream: impl AsyncRead + Unpin) {
    const LIMIT: Duration = Duration::from_millis(500);
    const MAX_READS: usize = 1024;
    let mut buffer = [0; 1024];
    let drain = async {
        for _ in 0..MAX_READS {
            if !matches!(stream.read(&mut buffer).await, Ok(1..)) {
                return;
            }
        }
    };
    let _ = timeout(LIMIT, drain).await;
}
