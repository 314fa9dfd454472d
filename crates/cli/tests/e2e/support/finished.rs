use sandbox::Trail;
use serde_json::Value;

use super::Page;

/// A finished run.
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The log, unless the test asked for it on standard error.
    pub(crate) log: String,
    /// The pages that browsers visited.
    pub(crate) trails: Vec<Trail>,
    /// The responses to other requests.
    pub(crate) pages: Vec<Page>,
}

impl Finished {
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "stderr: {}", self.stderr);
        self
    }

    /// Asserts that standard error contains this text.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "no {text:?} in {}", self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says_nothing_of(&self, text: &str) -> &Self {
        assert!(!self.stderr.contains(text), "{text:?} in {}", self.stderr);
        self
    }

    /// Asserts that standard error ends with these two lines.
    #[track_caller]
    pub(crate) fn fails_with(&self, error: &str, hint: &str) -> &Self {
        assert_eq!(self.error_lines(), format!("error: {error}\nhint: {hint}\n"));
        self
    }

    #[track_caller]
    pub(crate) fn prints(&self, stdout: &str) -> &Self {
        assert_eq!(self.stdout, stdout);
        self
    }

    /// The output from the line that starts with `error:`; all output without one.
    pub(crate) fn error_lines(&self) -> &str {
        let place = self.stderr.rfind("\nerror: ");
        place.map_or(&self.stderr, |place| &self.stderr[place + 1..])
    }

    /// Parses standard output as one JSON document with a newline.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.matches('\n').count(), 1, "{:?}", self.stdout);
        serde_json::from_str(self.stdout.strip_suffix('\n').unwrap()).unwrap()
    }

    /// Parses each line of standard output as a JSON object.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Value> {
        assert!(self.stdout.ends_with('\n'), "{:?}", self.stdout);
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
