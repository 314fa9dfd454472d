//! One connection: one request, one answer, and the deadlines of both.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::Limits;
use crate::classify::{Head, LARGEST_HEADERS, LONGEST_LINE, Refusal};
use crate::connection::Connection;
use crate::response_stream::ResponseStream;
use crate::session::{Response as Decision, Session};

/// Serves one connection to its end. What the connection was promised counts as kept when this is done
/// or dropped.
pub(crate) async fn serve_connection(
    stream: impl Stream,
    session: Arc<Session>,
    connection: Arc<Connection>,
) {
    let leaving = CompleteOnDrop(&session, &connection);
    let mut responses = ResponseStream::new(stream, &connection);
    match handle(&mut responses, &session, &connection).await {
        Ending::Answered => complete(&session, &connection, true),
        Ending::Unparsed(refusal) => refuse(&mut responses.stream, &session, refusal).await,
        Ending::Lost => return,
    }
    drop(leaving);
    drain(responses.stream).await;
}

/// A `TcpStream`, or what takes its place where no socket can be had.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

struct CompleteOnDrop<'a>(&'a Session, &'a Connection);

impl Drop for CompleteOnDrop<'_> {
    fn drop(&mut self) {
        complete(self.0, self.1, false);
    }
}

/// The connection has what it was promised, or has left without it.
fn complete(session: &Session, connection: &Connection, delivered: bool) {
    if let Some(pending) = connection.take_pending() {
        session.complete(pending, delivered);
    }
}

/// How the HTTP part of a connection ended.
enum Ending {
    Answered,
    Unparsed(Refusal),
    /// The other side left, or took too long.
    Lost,
}

async fn handle(
    responses: &mut ResponseStream<'_, impl Stream>,
    session: &Session,
    connection: &Connection,
) -> Ending {
    let ended = {
        // Decided before anything is awaited: hyper drops what it has not begun to answer when the
        // client resets the connection behind its request.
        let service = service_fn(|request| {
            let decision = session.receive(Head::from_request(&request), connection);
            answer(decision, request, session, connection)
        });
        let exchange =
            http(&session.limits).serve_connection(TokioIo::new(&mut *responses), service);
        let mut exchange = pin!(exchange);
        tokio::select! {
            ended = &mut exchange => Some(ended),
            () = connection.answering() => {
                timeout(session.limits.answer, exchange).await.ok()
            }
        }
    };
    match ended {
        _ if responses.watch.is_tls() => Ending::Unparsed(Refusal::Tls),
        _ if responses.watch.is_broken() => Ending::Unparsed(Refusal::BadRequest),
        Some(Ok(())) => Ending::Answered,
        Some(Err(error)) if error.is_parse_too_large() => {
            Ending::Unparsed(responses.watch.too_large())
        }
        Some(Err(error)) if error.is_parse() => Ending::Unparsed(Refusal::BadRequest),
        _ => Ending::Lost,
    }
}

fn http(limits: &Limits) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .keep_alive(false)
        .max_headers(MOST_HEADERS)
        .max_buf_size(LONGEST_LINE + LARGEST_HEADERS)
        .auto_date_header(false);
    http
}

/// A browser sends about twenty.
const MOST_HEADERS: usize = 64;

async fn answer(
    decision: Decision,
    request: Request<Incoming>,
    session: &Session,
    connection: &Connection,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let decision = match decision {
        Decision::AfterBody => match form(request, session.limits.head).await {
            Ok(body) => session.receive_form(&body, connection),
            Err(refusal) => Decision::Now(session.refuse(refusal)),
        },
        // It holds the code, and the answer can take a while.
        decided => {
            drop(request);
            decided
        }
    };
    let reply = match decision {
        Decision::Now(reply) => reply,
        // There is one body alone.
        Decision::AfterBody => session.refuse(Refusal::BadRequest),
        Decision::TheAnswer => session.answer().await,
    };
    connection.begin_answer();
    Ok(reply.into_response())
}

/// `handshake_failure`, as a record of its own: who speaks TLS gives up at once, and a browser that may
/// ask without it does so ([RFC 8446 §6](https://www.rfc-editor.org/rfc/rfc8446#section-6)).
const ALERT: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

/// The body of a form. No parameter of it is longer than in an address.
async fn form(request: Request<Incoming>, limit: Duration) -> Result<Zeroizing<Vec<u8>>, Refusal> {
    const TYPE: &str = "application/x-www-form-urlencoded";
    let named = request.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
    let essence = named.and_then(|it| it.split(';').next()).map(str::trim);
    if !essence.is_some_and(|essence| essence.eq_ignore_ascii_case(TYPE)) {
        return Err(Refusal::UnknownType);
    }
    let body = Limited::new(request.into_body(), LONGEST_LINE).collect();
    match timeout(limit, body).await {
        Ok(Ok(body)) => Ok(Zeroizing::new(body.to_bytes().into())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::BodyTooLarge),
        _ => Err(Refusal::BadRequest),
    }
}

/// Answers what hyper could not parse, since hyper's own answer went nowhere.
async fn refuse(stream: &mut impl Stream, session: &Session, refusal: Refusal) {
    let bytes = match refusal {
        Refusal::Tls => {
            session.reject(refusal);
            ALERT.into()
        }
        Refusal::HeadTooLarge => session.reject(refusal).into_bytes(),
        _ => session.refuse(refusal).into_bytes(),
    };
    let write = async {
        stream.write_all(&bytes).await?;
        stream.shutdown().await
    };
    // Whoever does not take the answer has no other use for the connection either.
    let _ = timeout(session.limits.answer, write).await;
}

/// Reads on for a moment after the answer: a socket that is closed with unread bytes resets the
/// connection, and the client may lose the answer
/// ([RFC 9112 §9.6](https://www.rfc-editor.org/rfc/rfc9112#section-9.6)).
async fn drain(mut stream: impl AsyncRead + Unpin) {
    const LONGEST: Duration = Duration::from_millis(500);
    const MOST_READS: usize = 1024;
    let mut sink = [0; 1024];
    let drain = async {
        for _ in 0..MOST_READS {
            if !matches!(stream.read(&mut sink).await, Ok(1..)) {
                return;
            }
        }
    };
    let _ = timeout(LONGEST, drain).await;
}
