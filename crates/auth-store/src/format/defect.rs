use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use crate::{Problem, flat};

/// Where and why a text is not an `auth.json`; nothing of the text itself.
#[derive(Debug, PartialEq)]
pub(crate) struct Defect {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) field: Option<String>,
    pub(crate) problem: Problem,
}

impl Defect {
    /// Why reading `text` ended at `path`; `problem` is what a value that JSON allows and the reader
    /// refuses stands for.
    pub(super) fn new(
        text: &str,
        error: &serde_json::Error,
        path: Option<&Path>,
        problem: Problem,
    ) -> Self {
        let (line, column) = (error.line(), error.column());
        let problem = match error.classify() {
            Category::Data => problem,
            Category::Eof => Problem::Truncated,
            Category::Syntax | Category::Io => syntax(text, line, column),
        };
        Self { line, column, field: path.and_then(field), problem }
    }

    /// What is wrong with the byte at this place.
    pub(super) fn at(bytes: &[u8], place: usize, problem: Problem) -> Self {
        let before = &bytes[..place];
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        Self {
            line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
            column: 1 + place - line_start,
            field: None,
            problem,
        }
    }
}

/// What people write that other formats have, and JSON has not.
fn syntax(text: &str, line: usize, column: usize) -> Problem {
    let line_start =
        text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let place = line_start + column.saturating_sub(1);
    let (before, rest) = text.as_bytes().split_at(place.min(text.len()));
    match rest {
        [b'#', ..] | [b'/', b'/' | b'*', ..] => Problem::Comment,
        // Blocks that a file system has not written before the power was gone.
        [0, ..] => Problem::Truncated,
        [b'}' | b']', ..] if before.trim_ascii_end().ends_with(b",") => Problem::TrailingComma,
        [b'"', ..] if ends_a_value(before.trim_ascii_end()) => Problem::MissingComma,
        _ => Problem::Syntax,
    }
}

fn ends_a_value(text: &[u8]) -> bool {
    text.last().is_some_and(|&byte| byte.is_ascii_alphanumeric() || b"\"]}".contains(&byte))
}

/// The names that may be shown; another name is content, and content is not shown.
pub(super) const NAMES: [&str; 9] = [
    "auth_mode",
    "OPENAI_API_KEY",
    "personal_access_token",
    "tokens",
    "id_token",
    "access_token",
    "refresh_token",
    "account_id",
    "last_refresh",
];

fn is_known(name: &str) -> bool {
    NAMES.contains(&name) || flat::is_secret(name) || name == flat::PROVIDER
}

fn field(path: &Path) -> Option<String> {
    let name = |segment: &Segment| match segment {
        Segment::Map { key } if is_known(key) => Some(key.clone()),
        Segment::Map { .. } | Segment::Seq { .. } => Some("*".to_owned()),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    let names: Vec<String> = path.iter().filter_map(name).collect();
    (!names.is_empty()).then(|| names.join("."))
}
