//! Faults: errors that replace or change the normal response.

mod outcome;
mod schedule;
mod then;

use std::time::Duration;

use crate::Endpoint;

pub(crate) use outcome::{End, Outcome};
pub(crate) use schedule::Schedule;

pub use then::{Body, Reply, Then};

/// One fault: the endpoint, the requests, and the effect.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The endpoint.
    pub at: Endpoint,
    /// The requests that it affects. Each fault has its own counter.
    pub on: On,
    /// The delay before the effect.
    pub delay: Duration,
    /// The effect.
    pub then: Then,
}

impl Fault {
    /// A fault at every request to an endpoint.
    #[must_use]
    pub fn new(at: Endpoint, then: Then) -> Self {
        Self { at, on: On::Every, delay: Duration::ZERO, then }
    }

    /// Limits the fault to some requests.
    #[must_use]
    pub fn on(self, on: On) -> Self {
        Self { on, ..self }
    }

    /// Adds a delay.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }
}

/// Which requests to an endpoint a fault is for; the first is number 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum On {
    /// All of them.
    #[default]
    Every,
    /// Those with these numbers.
    Nth(Vec<u32>),
    /// The first requests.
    First(u32),
}

impl On {
    pub(crate) fn includes(&self, number: u32) -> bool {
        match self {
            Self::Every => true,
            Self::Nth(numbers) => numbers.contains(&number),
            Self::First(count) => number <= *count,
        }
    }
}
