use std::future::pending;

use hyper::header::CONTENT_LENGTH;
use serde_json::Value;

use super::{Body, Fault, Reply, Schedule, Then};
use crate::answer::Answer;
use crate::merge::merge;

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

/// The outcome of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answered {
    /// A response with this status was sent.
    With(u16),
    /// A fault ended its connection.
    Not,
}

/// The reply to a request.
pub(crate) enum Outcome {
    Answer(Answer, End),
    Garbled(Answer),
    Close,
    Reset,
}

impl Outcome {
    /// Applies a fault. The request is processed only if the fault needs the normal response.
    pub(crate) async fn new(
        fault: Option<Fault>,
        schedule: &Schedule,
        honest: impl FnOnce() -> Answer,
    ) -> Self {
        let Some(fault) = fault else { return Self::Answer(honest(), End::Proper) };
        if !fault.delay.is_zero() {
            tokio::time::sleep(fault.delay).await;
        }
        match fault.then {
            Then::Hang => pending().await,
            Then::Hold => {
                schedule.released().await;
                Self::Answer(honest(), End::Proper)
            }
            then => faulty(then, honest),
        }
    }

    pub(crate) fn answered(&self) -> Answered {
        match self {
            Self::Answer(answer, _) | Self::Garbled(answer) => Answered::With(answer.status),
            Self::Close | Self::Reset => Answered::Not,
        }
    }
}

fn faulty(then: Then, honest: impl FnOnce() -> Answer) -> Outcome {
    let proper = |answer| Outcome::Answer(answer, End::Proper);
    match then {
        Then::Honest | Then::Hang | Then::Hold => proper(honest()),
        Then::Answer(reply) => proper(reply.into()),
        Then::Redirect { status, location } => proper(redirect(status, &location)),
        Then::Merge(patch) => proper(edited(honest(), |body| merge(body, &patch))),
        Then::Replace { pointer, value } => {
            proper(edited(honest(), |body| replace(body, &pointer, value)))
        }
        Then::CutOff { after } => shortened(honest(), after, End::CutOff),
        Then::Stall { after } => shortened(honest(), after, End::Stall),
        Then::Endless => Outcome::Answer(Answer::json(200, &Value::from("")), End::Endless),
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

/// A response that is not JSON is unchanged.
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
