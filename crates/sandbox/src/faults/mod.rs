//! What goes wrong instead of the honest answer, or on top of it.

mod outcome;
mod reply;
mod schedule;
mod then;

use std::time::Duration;

use serde::Deserialize;

use crate::Endpoint;

pub(crate) use outcome::{End, Outcome};
pub(crate) use schedule::Schedule;

pub use outcome::Answered;
pub use reply::{Body, Reply};
pub use then::Then;

/// One thing that goes wrong: at which endpoint, at which of its requests, and what.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The endpoint.
    pub at: Endpoint,
    /// Which of the requests there; each fault counts for itself.
    #[serde(default)]
    pub on: On,
    /// What is waited before anything else happens.
    #[serde(default, deserialize_with = "crate::scenario::duration")]
    pub delay: Duration,
    /// What happens.
    #[serde(default)]
    pub then: Then,
}

impl Fault {
    /// A fault at every request to an endpoint.
    #[must_use]
    pub fn new(at: Endpoint, then: Then) -> Self {
        Self { at, on: On::Every, delay: Duration::ZERO, then }
    }

    /// The same fault at fewer requests.
    #[must_use]
    pub fn on(self, on: On) -> Self {
        Self { on, ..self }
    }

    /// The same fault, later.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

/// Which requests to an endpoint a fault is for; the first is number 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// All of them.
    #[default]
    Every,
    /// Those with these numbers.
    Nth(Vec<u32>),
    /// The first so many.
    First(u32),
    /// This one and all later ones.
    From(u32),
}

impl On {
    pub(crate) fn includes(&self, number: u32) -> bool {
        match self {
            Self::Every => true,
            Self::Nth(numbers) => numbers.contains(&number),
            Self::First(count) => number <= *count,
            Self::From(first) => number >= *first,
        }
    }
}
