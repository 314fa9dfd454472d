use std::future::pending;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{DATE, STRICT_TRANSPORT_SECURITY};
use hyper::{Request, StatusCode};
use serde_json::json;

use super::body::ResponseBody;
use super::io::Ending;
use crate::Endpoint;
use crate::faults::{End, Outcome, Schedule};
use crate::openai::{self, Params, Side, World};
use crate::record::Recorded;
use crate::response::Response;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::log::Log;

/// Called for every request with the status of its response; `None` if a fault ended the connection.
pub(crate) type Observer = Arc<dyn Fn(&Recorded, Option<u16>) + Send + Sync>;

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
) -> hyper::Response<ResponseBody> {
    let state = &connection.state;
    let world = &state.world;
    let request = match receive(connection.number, request).await {
        Ok(request) => request,
        Err(too_large) => return response(world, too_large, End::Proper),
    };
    let fault = state.faults.next(&request);
    state.log.add(request.clone());
    let normal = || openai::respond(world, connection.side, &request);
    let outcome = Outcome::new(fault, &state.faults, normal).await;
    if let Some(observer) = &connection.observer {
        observer(&request, outcome.status());
    }
    match outcome {
        // With HTTP/2, the service must omit the body of a response to HEAD.
        Outcome::Response(to_get, _) if request.method == "HEAD" => {
            return response(world, Response { body: Vec::new(), ..to_get }, End::Proper);
        }
        Outcome::Response(it, end) => return response(world, it, end),
        Outcome::Garbled(it) => {
            ending.garble();
            return response(world, it, End::Proper);
        }
        Outcome::Close => ending.close(),
        Outcome::Reset => ending.reset(),
    }
    // The connection drops this future together with itself.
    pending().await
}

async fn receive(connection: u64, request: Request<Incoming>) -> Result<Recorded, Response> {
    const LARGEST: usize = 1024 * 1024;
    let (head, body) = request.into_parts();
    let body = Limited::new(body, LARGEST).collect().await;
    let body =
        body.map_err(|_| Response::json(413, &json!({"error": "body too large or cut off"})))?;
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
    let params = Params::from_body(&recorded).ok();
    let grant_type = params.as_ref().and_then(|params| params.get("grant_type"));
    recorded.endpoint = recorded.endpoint.with_grant(grant_type);
    Ok(recorded)
}

/// A scenario may have an invalid response, which is reported to the test.
fn response(world: &World, it: Response, end: End) -> hyper::Response<ResponseBody> {
    let mut response = hyper::Response::builder().status(it.status);
    let says_the_date = |(name, _): &(String, String)| name.eq_ignore_ascii_case(DATE.as_str());
    if !it.headers.iter().any(says_the_date) {
        response = response.header(DATE, world.date());
    }
    if world.scenario.strict_transport {
        response = response.header(STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    for (name, value) in &it.headers {
        response = response.header(name, value);
    }
    let response = response.body(ResponseBody::new(it.body, end));
    response.unwrap_or_else(|error| {
        let text = format!("the scenario's response cannot be sent: {error}");
        let body = ResponseBody::new(text.into_bytes(), End::Proper);
        let mut response = hyper::Response::new(body);
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}

/// The shared state of all connections.
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) faults: Schedule,
    pub(crate) log: Log<Recorded>,
    connections: AtomicU64,
}

impl State {
    pub(crate) fn new(world: World) -> Self {
        let faults = Schedule::new(&world.scenario.faults);
        Self { world, faults, log: Log::new(), connections: AtomicU64::new(0) }
    }

    /// Counts a connection, and returns the new count.
    pub(crate) fn count_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}
