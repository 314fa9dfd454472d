use std::future::pending;

use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use serde_json::Value;

use super::body::End;
use super::bomb::bomb;
use super::connection::Connection;
use super::respond::Answered;
use super::verbatim::Verbatim;
use crate::answer::Answer;
use crate::fault::{Body, Fault, Reply, Then};
use crate::merge::merge;
use crate::record::Recorded;
use crate::route;

/// What a request gets.
pub(super) enum Outcome {
    Answer(Answer, End),
    Garbled(Answer),
    Verbatim(Verbatim),
    Close,
    Reset,
}

impl Outcome {
    pub(super) async fn for_request(
        connection: &Connection,
        request: &Recorded,
        fault: Option<Fault>,
    ) -> Self {
        let honest = || route::answer(&connection.world, connection.side, request);
        let Some(fault) = fault else { return Self::Answer(honest(), End::Proper) };
        if !fault.delay.is_zero() {
            tokio::time::sleep(fault.delay).await;
        }
        match fault.then {
            Then::Hang => pending().await,
            Then::Hold => {
                connection.world.released().await;
                Self::Answer(honest(), End::Proper)
            }
            then => faulty(then, honest),
        }
    }

    pub(super) fn answered(&self) -> Answered {
        match self {
            Self::Answer(answer, _) | Self::Garbled(answer) => Answered::With(answer.status),
            Self::Verbatim(_) => Answered::Verbatim,
            Self::Close | Self::Reset => Answered::Not,
        }
    }
}

/// The request does what it should only where the honest answer is asked for.
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
        Then::ResetAfter { after } => shortened(honest(), after, End::Reset),
        Then::Stall { after } => shortened(honest(), after, End::Stall),
        Then::Drip { every } => Outcome::Answer(honest(), End::Slow(every)),
        Then::Endless => Outcome::Answer(Answer::json(200, &Value::from("")), End::Endless),
        Then::Bomb { spaces } => proper(packed(honest(), spaces)),
        Then::Head(head) => Outcome::Verbatim(Verbatim::once([head, honest().body].concat())),
        Then::Raw(bytes) => Outcome::Verbatim(Verbatim::once(bytes)),
        Then::Flood { first, again } => Outcome::Verbatim(Verbatim::endless(first, again)),
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

fn packed(answer: Answer, spaces: u64) -> Answer {
    let body = bomb(spaces, &answer.body);
    Answer { body, ..answer }.with(CONTENT_ENCODING.as_str(), "gzip")
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
