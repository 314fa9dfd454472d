use std::future::pending;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{DATE, STRICT_TRANSPORT_SECURITY};
use hyper::{Request, Response, StatusCode};
use serde_json::json;

use super::body::AnswerBody;
use super::io::Ending;
use super::state::State;
use crate::Endpoint;
use crate::answer::Answer;
use crate::faults::{Answered, End, Outcome};
use crate::openai::{self, Params, Side, World};
use crate::record::Recorded;

/// Called for every request with its outcome.
pub(crate) type Observer = Arc<dyn Fn(&Recorded, Answered) + Send + Sync>;

/// A connection, and the context of its requests.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) number: u64,
    pub(super) side: Side,
    pub(super) state: Arc<State>,
    pub(super) observer: Option<Observer>,
}

pub(super) async fn respond(
    connection: Connection,
    ending: Arc<Ending>,
    request: Request<Incoming>,
) -> Response<AnswerBody> {
    let state = &connection.state;
    let world = &state.world;
    let request = match receive(connection.number, request).await {
        Ok(request) => request,
        Err(too_large) => return response(world, too_large, End::Proper),
    };
    let fault = state.faults.next(&request);
    state.log.add(request.clone());
    let honest = || openai::answer(world, connection.side, &request);
    let outcome = Outcome::new(fault, &state.faults, honest).await;
    if let Some(observer) = &connection.observer {
        observer(&request, outcome.answered());
    }
    match outcome {
        // With HTTP/2, the service must omit the body of a response to HEAD.
        Outcome::Answer(answer, _) if request.method == "HEAD" => {
            let answer = Answer { body: Vec::new(), ..answer };
            return response(world, answer, End::Proper);
        }
        Outcome::Answer(answer, end) => return response(world, answer, end),
        Outcome::Garbled(answer) => {
            ending.garble();
            return response(world, answer, End::Proper);
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
        endpoint: Endpoint::from_request(head.method.as_str(), head.uri.path()),
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

/// A scenario may have an invalid response, which is reported to the test.
fn response(world: &World, answer: Answer, end: End) -> Response<AnswerBody> {
    let mut response = Response::builder().status(answer.status);
    let says_the_date = |(name, _): &(String, String)| name.eq_ignore_ascii_case(DATE.as_str());
    if !answer.headers.iter().any(says_the_date) {
        response = response.header(DATE, world.date());
    }
    if world.scenario.strict_transport {
        response = response.header(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    for (name, value) in &answer.headers {
        response = response.header(name, value);
    }
    let response = response.body(AnswerBody::new(answer.body, end));
    response.unwrap_or_else(|error| {
        let text = format!("the scenario's answer cannot be sent: {error}");
        let body = AnswerBody::new(text.into_bytes(), End::Proper);
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
