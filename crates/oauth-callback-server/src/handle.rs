//! Handles one connection: one request, one response, and their timeouts.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response as HttpResponse};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::classify::{Head, Refusal};
use crate::connection::Connection;
use crate::limits::{Limits, MAX_HEADER_COUNT, MAX_HEADERS, MAX_REQUEST_LINE};
use crate::response_stream::ResponseStream;
use crate::session::{Response, Session};

/// A `TcpStream`, or the stream of a fuzz target.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

/// Serves one connection. Its pending response counts as complete when this ends or is dropped.
pub(crate) async fn serve_connection(
    stream: impl Stream,
    session: Arc<Session>,
    connection: Arc<Connection>,
) {
    let pending = CompleteOnDrop(&session, &connection);
    let mut responses = ResponseStream::new(stream, &connection);
    match handle(&mut responses, &session, &connection).await {
        Outcome::Responded => complete(&session, &connection, true),
        Outcome::Invalid(refusal) => refuse(&mut responses.stream, &session, refusal).await,
        Outcome::Closed => return,
    }
    drop(pending);
    drain(responses.stream).await;
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

/// The end of the HTTP exchange.
enum Outcome {
    Responded,
    /// hyper cannot parse the request.
    Invalid(Refusal),
    /// The client closed the connection, or a timeout expired.
    Closed,
}

async fn handle(
    responses: &mut ResponseStream<'_, impl Stream>,
    session: &Session,
    connection: &Connection,
) -> Outcome {
    let result = {
        // `receive` comes before any await: hyper drops a request without a response if the client resets the
        // connection.
        let service = service_fn(|request| {
            let response = session.receive(Head::from_request(&request), connection);
            respond(response, request, session, connection)
        });
        let exchange =
            http(&session.limits).serve_connection(TokioIo::new(&mut *responses), service);
        let mut exchange = pin!(exchange);
        tokio::select! {
            result = &mut exchange => Some(result),
            () = connection.response_begun() => {
                timeout(session.limits.response, exchange).await.ok()
            }
        }
    };
    match result {
        _ if responses.head.is_tls() => Outcome::Invalid(Refusal::Tls),
        _ if responses.head.has_bare_line_feed() => Outcome::Invalid(Refusal::BadRequest),
        Some(Ok(())) => Outcome::Responded,
        Some(Err(error)) if error.is_parse_too_large() => {
            Outcome::Invalid(responses.head.too_large())
        }
        Some(Err(error)) if error.is_parse() => Outcome::Invalid(Refusal::BadRequest),
        _ => Outcome::Closed,
    }
}

fn http(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .keep_alive(false)
        .max_headers(MAX_HEADER_COUNT)
        .max_buf_size(MAX_REQUEST_LINE + MAX_HEADERS)
        .auto_date_header(false);
    http
}

async fn respond(
    response: Response,
    request: Request<Incoming>,
    session: &Session,
    connection: &Connection,
) -> Result<HttpResponse<Full<Bytes>>, Infallible> {
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
    connection.begin_response();
    Ok(reply.into_response())
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

/// Responds to a request that hyper cannot parse. `ResponseStream` discards hyper's own response.
async fn refuse(stream: &mut impl Stream, session: &Session, refusal: Refusal) {
    let bytes = match refusal {
        Refusal::Tls => {
            session.reject(refusal);
            HANDSHAKE_FAILURE.into()
        }
        Refusal::HeadTooLarge => session.reject(refusal).into_bytes(),
        _ => session.refuse(refusal).into_bytes(),
    };
    let write = async {
        stream.write_all(&bytes).await?;
        stream.shutdown().await
    };
    // A client that does not read the response gets no other.
    let _ = timeout(session.limits.response, write).await;
}

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
