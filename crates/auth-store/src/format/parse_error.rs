use serde_json::error::Category;

use crate::Problem;
use crate::object::Members;

/// Where and why a text is not an `auth.json`, without anything of the text itself.
#[derive(Debug, PartialEq)]
pub(crate) struct ParseError {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) field: Option<String>,
    pub(crate) problem: Problem,
}

impl ParseError {
    /// The text is not JSON.
    pub(super) fn syntax(text: &str, error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let problem = match error.classify() {
            Category::Eof => Problem::Truncated,
            _ => syntax(text, line, column),
        };
        Self { line, column, field: None, problem }
    }

    /// What is wrong with the byte at this offset.
    pub(super) fn at(bytes: &[u8], offset: usize, problem: Problem) -> Self {
        let before = &bytes[..offset];
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        Self {
            line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
            column: 1 + offset - line_start,
            field: None,
            problem,
        }
    }

    /// What is wrong with a value, which is a part of the text.
    pub(super) fn at_value(text: &str, value: &str, problem: Problem) -> Self {
        let offset = value.as_ptr().addr() - text.as_ptr().addr();
        Self::at(text.as_bytes(), offset, problem)
    }

    /// What is wrong with the value of a field.
    pub(super) fn at_field(text: &str, path: &[&str], problem: Problem) -> Self {
        let value = path.iter().try_fold(text, |object, name| {
            let Members(members) = serde_json::from_str(object).ok()?;
            members.into_iter().find(|(member, _)| member == name).map(|(_, value)| value)
        });
        let field = Some(path.join("."));
        Self { field, ..Self::at_value(text, value.unwrap_or(text), problem) }
    }
}

/// What people write that other formats have, and JSON has not.
fn syntax(text: &str, line: usize, column: usize) -> Problem {
    let line_start =
        text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let offset = line_start + column.saturating_sub(1);
    let (before, rest) = text.as_bytes().split_at(offset.min(text.len()));
    match rest {
        [b'#', ..] | [b'/', b'/' | b'*', ..] => Problem::Comment,
        // A file system that loses power leaves blocks that were never written.
        [0, ..] => Problem::Truncated,
        [b'}' | b']', ..] if before.trim_ascii_end().ends_with(b",") => Problem::TrailingComma,
        [b'"', ..] if ends_a_value(before.trim_ascii_end()) => Problem::MissingComma,
        _ => Problem::Syntax,
    }
}

fn ends_a_value(text: &[u8]) -> bool {
    text.last().is_some_and(|&byte| byte.is_ascii_alphanumeric() || b"\"]}".contains(&byte))
}
