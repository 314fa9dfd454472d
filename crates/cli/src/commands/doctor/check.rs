use crate::failure::Failure;
use terminal_ui::Hint;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// What it is about, together with its neighbours.
    pub(super) area: &'static str,
    pub(super) name: &'static str,
    pub(super) verdict: Verdict,
    /// What is there. It may have text from outside in it, and is cleaned where it is printed.
    pub(super) found: String,
    /// What a person can do, step by step.
    pub(super) remedy: Vec<Hint>,
}

/// What that means for a sign-in, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    Good,
    /// It works, and there is something to know.
    Note,
    /// It works, or something else than a sign-in does not.
    Warning,
    /// No sign-in can work.
    Problem,
}

impl Check {
    pub(super) fn new(
        area: &'static str,
        name: &'static str,
        verdict: Verdict,
        found: impl Into<String>,
    ) -> Self {
        Self { area, name, verdict, found: found.into(), remedy: Vec::new() }
    }

    /// What another command would fail with here, and its hint.
    pub(super) fn failed(
        area: &'static str,
        name: &'static str,
        verdict: Verdict,
        failure: impl Into<Failure>,
    ) -> Self {
        let failure = failure.into();
        Self {
            remedy: failure.hint().into_iter().collect(),
            ..Self::new(area, name, verdict, failure.what())
        }
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
