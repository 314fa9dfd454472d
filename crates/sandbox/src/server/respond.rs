use std::future::pending;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::CONTENT_LENGTH;
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::body::{AnswerBody, End};
use super::connection::Connection;
use super::io::Ending;
use crate::answer::Answer;
use crate::fault::{Body, Fault, Reply, Then};
use crate::merge::merge;
use crate::params::Params;
use crate::record::Recorded;
use crate::{Endpoint, route};

/// Hears of every request once it is answered, or once it is clear that it never is.
pub(crate) type Observer = Arc<dyn Fn(&Recorded, Answered) + Send + Sync>;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It was answered with this status.
    With(u16),
    /// A fault ended its connection.
    Not,
}

/// What a request gets.
enum Outcome {
    Answer(Answer, End),
    Garbled(Answer),
    Close,
    Reset,
}

pub(super) async fn respond(
    connection: Connection,
    ending: Arc<Ending>,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let request = match receive(connection.number, request).await {
        Ok(request) => request,
        Err(too_large) => return response(too_large, End::Proper),
    };
    let fault = connection.world.fault_for(&request);
    connection.world.log.add(request.clone());
    let outcome = outcome(&connection, &request, fault).await;
    observe(&connection, &request, &outcome);
    match outcome {
        // HTTP/2 leaves it to the service that an answer to HEAD has no body.
        Outcome::Answer(answer, _) if request.method == "HEAD" => {
            return response(Answer { body: Vec::new(), ..answer }, End::Proper);
        }
        Outcome::Answer(answer, end) => return response(answer, end),
        Outcome::Garbled(answer) => {
            ending.garble();
            return response(answer, End::Proper);
        }
        Outcome::Close => ending.close(),
        Outcome::Reset => ending.reset(),
    }
    // The connection drops this future together with itself.
    pending().await
}

async fn receive(connection: u64, request: Request<Incoming>) -> Result<Recorded, Answer> {
    const LARGEST: usize = 1024 * 1024;
    let (head, body) = request.into_parts();
    let body = Limited::new(body, LARGEST).collect().await;
    let body =
        body.map_err(|_| Answer::json(413, &json!({"error": "body too large or cut off"})))?;
    let header = |(name, value): (&hyper::header::HeaderName, &hyper::header::HeaderValue)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        (name.as_str().to_owned(), value.into_owned())
    };
    let mut recorded = Recorded {
        connection,
        endpoint: Endpoint::of(head.method.as_str(), head.uri.path()),
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers.iter().map(header).collect(),
        body: body.to_bytes().to_vec(),
        version: head.version,
    };
    let params = Params::of_body(&recorded).ok();
    let grant_type = params.as_ref().and_then(|params| params.get("grant_type"));
    recorded.endpoint = recorded.endpoint.with_grant(grant_type);
    Ok(recorded)
}

async fn outcome(connection: &Connection, request: &Recorded, fault: Option<Fault>) -> Outcome {
    let world = &connection.world;
    let honest = || route::answer(world, connection.side, request);
    let proper = |answer| Outcome::Answer(answer, End::Proper);
    let Some(fault) = fault else { return proper(honest()) };
    if !fault.delay.is_zero() {
        tokio::time::sleep(fault.delay).await;
    }
    match fault.then {
        Then::Honest => proper(honest()),
        Then::Answer(reply) => proper(reply.into()),
        Then::Redirect { status, location } => proper(redirect(status, &location)),
        Then::Merge(patch) => proper(edited(honest(), |body| merge(body, &patch))),
        Then::Replace { pointer, value } => {
            proper(edited(honest(), |body| replace(body, &pointer, value)))
        }
        Then::CutOff { after } => shortened(honest(), after, End::CutOff),
        Then::Stall { after } => shortened(honest(), after, End::Stall),
        Then::Endless => Outcome::Answer(Answer::json(200, &Value::from("")), End::Endless),
        Then::Hang => pending().await,
        Then::Hold => {
            world.released().await;
            proper(honest())
        }
        Then::Lose => {
            honest();
            Outcome::Close
        }
        Then::Garble => Outcome::Garbled(honest()),
        Then::Close => Outcome::Close,
        Then::Reset => Outcome::Reset,
    }
}

fn redirect(status: u16, location: &str) -> Answer {
    let answer = Answer::redirect(location);
    Answer { status, ..answer }
}

/// An answer that is not JSON stays as it is.
fn edited(answer: Answer, edit: impl FnOnce(&mut Value)) -> Answer {
    let Ok(mut body) = serde_json::from_slice(&answer.body) else { return answer };
    edit(&mut body);
    Answer { body: body.to_string().into_bytes(), ..answer }
}

fn replace(body: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = body.pointer_mut(pointer) {
        *place = value;
    }
}

fn shortened(mut answer: Answer, after: usize, end: End) -> Outcome {
    let whole = answer.body.len().to_string();
    answer.body.truncate(after);
    Outcome::Answer(answer.with(CONTENT_LENGTH.as_str(), &whole), end)
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        let names_its_type =
            |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
        let mut headers = reply.headers;
        let body = match reply.body {
            Body::Text(text) => text.into_bytes(),
            Body::Bytes(bytes) => bytes,
            Body::Json(value) => {
                if !headers.iter().any(names_its_type) {
                    headers.push(("content-type".to_owned(), "application/json".to_owned()));
                }
                value.to_string().into_bytes()
            }
        };
        Self { status: reply.status, headers, body }
    }
}

fn observe(connection: &Connection, request: &Recorded, outcome: &Outcome) {
    let answered = match outcome {
        Outcome::Answer(answer, _) | Outcome::Garbled(answer) => Answered::With(answer.status),
        Outcome::Close | Outcome::Reset => Answered::Not,
    };
    if let Some(observer) = &connection.observer {
        observer(request, answered);
    }
}

/// A scenario may ask for what HTTP cannot carry; the test that did should see it.
fn response(answer: Answer, end: End) -> Response<AnswerBody> {
    let mut response = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let response = response.body(AnswerBody::new(answer.body, end));
    response.unwrap_or_else(|error| {
        let text = format!("the scenario's answer cannot be sent: {error}");
        let mut response = Response::new(AnswerBody::new(text.into_bytes(), End::Proper));
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
