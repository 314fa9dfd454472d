use std::future::pending;

use hyper::header::CONTENT_LENGTH;
use serde_json::Value;

use super::{Body, Fault, Reply, Schedule, Then};
use crate::merge::merge;
use crate::response::Response;

/// What follows the bytes of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// Its end.
    Proper,
    /// The end of the connection.
    CutOff,
    /// Nothing, without closing.
    Stall,
    /// Spaces, and no end.
    Endless,
}

/// The reply to a request.
pub(crate) enum Outcome {
    Response(Response, End),
    Garbled(Response),
    Close,
    Reset,
}

impl Outcome {
    /// Applies a fault. The request is processed only if the fault needs the normal response.
    pub(crate) async fn new(
        fault: Option<Fault>,
        schedule: &Schedule,
        normal: impl FnOnce() -> Response,
    ) -> Self {
        let Some(fault) = fault else { return Self::Response(normal(), End::Proper) };
        if !fault.delay.is_zero() {
            tokio::time::sleep(fault.delay).await;
        }
        match fault.then {
            Then::Hang => pending().await,
            Then::Hold => {
                schedule.released().await;
                Self::Response(normal(), End::Proper)
            }
            then => faulty(then, normal),
        }
    }

    /// The status of the response, if there is one.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Response(response, _) | Self::Garbled(response) => Some(response.status),
            Self::Close | Self::Reset => None,
        }
    }
}

fn faulty(then: Then, normal: impl FnOnce() -> Response) -> Outcome {
    let proper = |response| Outcome::Response(response, End::Proper);
    match then {
        Then::Normal | Then::Hang | Then::Hold => proper(normal()),
        Then::Respond(reply) => proper(reply.into()),
        Then::Redirect { status, location } => {
            proper(Response { status, ..Response::redirect(&location) })
        }
        Then::Merge(patch) => proper(edited(normal(), |body| merge(body, &patch))),
        Then::Replace { pointer, value } => {
            proper(edited(normal(), |body| replace(body, &pointer, value)))
        }
        Then::CutOff { after } => shortened(normal(), after, End::CutOff),
        Then::Stall { after } => shortened(normal(), after, End::Stall),
        Then::Endless => Outcome::Response(Response::json(200, &Value::from("")), End::Endless),
        Then::Lose => {
            normal();
            Outcome::Close
        }
        Then::Garble => Outcome::Garbled(normal()),
        Then::Close => Outcome::Close,
        Then::Reset => Outcome::Reset,
    }
}

/// A response that is not JSON is unchanged.
fn edited(response: Response, edit: impl FnOnce(&mut Value)) -> Response {
    let Ok(mut body) = serde_json::from_slice(&response.body) else { return response };
    edit(&mut body);
    Response { body: body.to_string().into_bytes(), ..response }
}

fn replace(body: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = body.pointer_mut(pointer) {
        *place = value;
    }
}

fn shortened(mut response: Response, after: usize, end: End) -> Outcome {
    let whole = response.body.len().to_string();
    response.body.truncate(after);
    Outcome::Response(response.with(CONTENT_LENGTH.as_str(), &whole), end)
}

impl From<Reply> for Response {
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
