use super::{Rule, Scope};
use crate::sources::Source;
use crate::threats::named_by;

impl Rule {
    pub(super) fn broken_by(&self, sources: &[Source]) -> Vec<String> {
        let mut faults = Vec::new();
        for source in sources {
            for (number, line) in self.scope.lines(source) {
                if let Some(word) = self.words.iter().find(|word| self.scope.finds(line, word)) {
                    let Self { reason, .. } = self;
                    faults.push(format!("{}:{number}: `{word}`: {reason}", source.path));
                }
            }
        }
        faults
    }
}

impl Scope {
    /// The lines it covers, numbered from 1, without comments.
    fn lines(self, source: &Source) -> Vec<(usize, &str)> {
        let path = source.path.as_str();
        let one_of = |crates: &[&str]| crates.iter().any(|name| path.starts_with(name));
        let tools = ["crates/cli/", "crates/sandbox/", "crates/rigs/", "xtask/"];
        let starts_one = ["crates/credential-helper/"];
        let has_terminal = ["crates/terminal-ui/"];
        let offline = [
            "crates/auth-store/",
            "crates/credentials/",
            "crates/pkce/",
            "crates/shared-file/",
            "crates/token-source/",
        ];
        let of_openai =
            ["crates/auth-store/", "crates/login/", "crates/platform-api/", "crates/diagnostics/"];
        let lines: Vec<_> = match self {
            Self::Attributes => numbered(source).collect(),
            Self::Tests => numbered(source).skip(shipped(source).count()).collect(),
            Self::Libraries if !one_of(&tools) => shipped(source).collect(),
            Self::StartNothing if !one_of(&tools) && !one_of(&starts_one) => {
                shipped(source).collect()
            }
            Self::NoTerminal if !one_of(&tools) && !one_of(&has_terminal) => {
                shipped(source).collect()
            }
            Self::Offline if one_of(&offline) => shipped(source).collect(),
            Self::Neutral if !one_of(&tools) && !one_of(&of_openai) => shipped(source).collect(),
            Self::Libraries
            | Self::NoTerminal
            | Self::StartNothing
            | Self::Offline
            | Self::Neutral => Vec::new(),
        };
        lines.into_iter().filter(|(_, line)| !line.trim_start().starts_with("//")).collect()
    }

    fn finds(self, line: &str, word: &str) -> bool {
        match self {
            Self::Attributes => line.trim_start().starts_with(word),
            _ => line.contains(word),
        }
    }
}

fn numbered(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    source.text.lines().enumerate().map(|(index, line)| (index + 1, line))
}

/// The lines before a file's own tests, which stand last; none in a file that is not shipped.
pub(super) fn shipped(source: &Source) -> impl Iterator<Item = (usize, &str)> {
    let apart = ["/tests/", "/examples/"].iter().any(|folder| source.path.contains(folder))
        || source.path.ends_with("tests.rs");
    numbered(source).take_while(move |(_, line)| !apart && !opens_tests(line))
}

fn opens_tests(line: &str) -> bool {
    line.starts_with("mod ") && line.ends_with("tests {")
}

pub(super) fn manifest_faults(manifest: &Source) -> Vec<String> {
    let mut section = "";
    let mut faults = Vec::new();
    for (number, line) in numbered(manifest) {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
        }
        let entry = !(line.is_empty() || line.starts_with(['[', '#']));
        let declares = entry && section.ends_with("dependencies");
        if section.contains("dependencies.") || (declares && !line.contains("workspace = true")) {
            faults.push(format!("{}:{number}: declare it at the root", manifest.path));
            section = "";
        }
    }
    faults.extend(not_inherited(manifest));
    faults
}

fn not_inherited(manifest: &Source) -> Vec<String> {
    // `rust-version` is what each crate needs.
    let fields = ["version", "edition", "license", "publish"];
    let inherits = |field: &&str| manifest.text.contains(&format!("\n{field}.workspace = true"));
    let path = &manifest.path;
    let missing = fields.iter().filter(|field| !inherits(field));
    let mut faults: Vec<_> =
        missing.map(|field| format!("{path}: `{field}` is the workspace's")).collect();
    if !manifest.text.contains("\n[lints]\nworkspace = true") {
        faults.push(format!("{path}: `[lints]` are the workspace's"));
    }
    faults
}

pub(super) fn front_page_faults(page: &Source) -> Vec<String> {
    let leads_on = ["//", "#", "mod ", "pub mod ", "use ", "pub use ", "}", " "];
    let logic = |line: &&str| !line.is_empty() && !leads_on.iter().any(|one| line.starts_with(one));
    let path = &page.path;
    let mut faults: Vec<_> = page
        .text
        .lines()
        .filter(logic)
        .map(|line| format!("{path}: `{line}` belongs into a module"))
        .collect();
    if !page.text.contains("#![doc = include_str!(\"../examples/") {
        faults.push(format!("{path}: the front page includes no example from `examples/`"));
    }
    faults
}

pub(super) fn misplaced_threats(source: &Source) -> Vec<String> {
    let lines: Vec<_> = numbered(source).map(|(number, line)| (number, line.trim())).collect();
    let comments = lines.iter().filter(|(_, line)| line.starts_with("// threats"));
    comments
        .filter(|(number, line)| named_by(line).is_none() || !is_above_a_test(&lines[*number..]))
        .map(|(number, line)| format!("{}:{number}: `{line}` stands above no test", source.path))
        .collect()
}

/// A test, or an assertion that tests share.
fn is_above_a_test(below: &[(usize, &str)]) -> bool {
    below
        .iter()
        .map(|(_, line)| line)
        .take_while(|line| line.starts_with("//") || line.starts_with("#["))
        .any(|line| line.starts_with("#[") && (line.contains("test") || *line == "#[track_caller]"))
}
