use sandbox::Trail;
use serde_json::Value;

use super::Page;

/// A run that is over.
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// What it logged, unless the test asked for the log itself.
    pub(crate) log: String,
    /// What the browsers saw.
    pub(crate) trails: Vec<Trail>,
    /// The answers to requests of another kind.
    pub(crate) pages: Vec<Page>,
}

impl Finished {
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        assert_eq!(self.code, code, "stderr: {}", self.stderr);
        self
    }

    /// Standard error has this in it.
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

    /// Standard error ends with these two lines.
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

    /// From the line that begins with `error:` on; everything when there is none.
    pub(crate) fn error_lines(&self) -> &str {
        let place = self.stderr.rfind("\nerror: ");
        place.map_or(&self.stderr, |place| &self.stderr[place + 1..])
    }

    /// Standard output as one JSON document and a newline.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.stdout.matches('\n').count(), 1, "{:?}", self.stdout);
        serde_json::from_str(self.stdout.strip_suffix('\n').unwrap()).unwrap()
    }

    /// Standard output as one JSON object in each line.
    #[track_caller]
    pub(crate) fn events(&self) -> Vec<Value> {
        assert!(self.stdout.ends_with('\n'), "{:?}", self.stdout);
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
