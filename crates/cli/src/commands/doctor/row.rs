use std::borrow::Cow;

use diagnostics::{Check, Finding, Status};
use terminal_ui::Hint;

use super::{host, network, ports, store};
use crate::failure::Failure;

/// One check, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// What it is about, together with its neighbours.
    pub(super) area: &'static str,
    pub(super) status: Status,
    pub(super) text: Text,
}

/// The words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) name: Cow<'static, str>,
    /// What was found. It may have text from outside in it, and is cleaned where it is printed.
    pub(super) found: String,
    /// What a person can do, step by step.
    pub(super) remedy: Vec<Hint>,
}

impl From<Check> for Row {
    fn from(Check { status, finding }: Check) -> Self {
        let (area, text) = match finding {
            Finding::Store(finding) => ("store", store::text(finding)),
            Finding::Port(finding) => ("ports", ports::text(finding)),
            Finding::Localhost(finding) => ("names", host::localhost(&finding, status)),
            Finding::Browser(finding) => ("browser", host::browser(&finding)),
            Finding::Session(finding) => ("session", host::session(&finding)),
            Finding::Network(finding) => ("network", network::settings(finding)),
            Finding::Server(finding) => network::server(finding),
            Finding::Clock(finding) => ("clock", network::clock(&finding, status)),
        };
        Self { area, status, text }
    }
}

impl Text {
    pub(super) fn new(name: impl Into<Cow<'static, str>>, found: impl Into<String>) -> Self {
        Self { name: name.into(), found: found.into(), remedy: Vec::new() }
    }

    /// What another command would fail with here, and its hint.
    pub(super) fn failed(name: impl Into<Cow<'static, str>>, failure: impl Into<Failure>) -> Self {
        let failure = failure.into();
        Self { remedy: failure.hint().into_iter().collect(), ..Self::new(name, failure.what()) }
    }

    /// Adds a step.
    pub(super) fn remedy(mut self, step: impl Into<Hint>) -> Self {
        self.remedy.push(step.into());
        self
    }

    pub(super) fn without_remedy(self) -> Self {
        Self { remedy: Vec::new(), ..self }
    }
}
