use serde_json::error::Category;

use crate::format::object::Members;

/// What is wrong with a text that is not an `auth.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// It begins with a byte-order mark.
    #[error("it begins with a byte-order mark")]
    ByteOrderMark,
    /// It is not UTF-8.
    #[error("it is not UTF-8")]
    Encoding,
    /// It is incomplete.
    #[error("it ends too early")]
    Truncated,
    /// It has a comment.
    #[error("JSON has no comments")]
    Comment,
    /// It has a trailing comma.
    #[error("there is an extra comma before this")]
    TrailingComma,
    /// A comma is missing between two values.
    #[error("a comma is missing before this")]
    MissingComma,
    /// It is not JSON.
    #[error("it is not JSON")]
    Syntax,
    /// An object has a key twice.
    #[error("the key occurs twice")]
    DuplicateKey,
    /// A known field has a value of the wrong type or form.
    #[error("the value has the wrong type or form")]
    Shape,
    /// There is no sign-in of ours, and another program keeps a secret in this field.
    #[error("this is the format of another program")]
    Misplaced,
}

/// Where and why a text is not an `auth.json`, without anything of the text itself.
#[derive(Debug, PartialEq)]
pub(crate) struct ParseError {
    pub(crate) line: usize,
    pub(crate) column: usize,
    pub(crate) field: Option<String>,
    pub(crate) kind: ParseErrorKind,
}

impl ParseError {
    /// The text is not JSON.
    pub(super) fn syntax(text: &str, error: &serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        let kind = match error.classify() {
            Category::Eof => ParseErrorKind::Truncated,
            _ => syntax_error_kind(text, line, column),
        };
        Self { line, column, field: None, kind }
    }

    /// What is wrong with the byte at this offset.
    pub(super) fn at(bytes: &[u8], offset: usize, kind: ParseErrorKind) -> Self {
        let before = &bytes[..offset];
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        Self {
            line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
            column: 1 + offset - line_start,
            field: None,
            kind,
        }
    }

    /// What is wrong with a value, which is a part of the text.
    pub(super) fn at_value(text: &str, value: &str, kind: ParseErrorKind) -> Self {
        let offset = value.as_ptr().addr() - text.as_ptr().addr();
        Self::at(text.as_bytes(), offset, kind)
    }

    /// What is wrong with the value of a field.
    pub(super) fn at_field(text: &str, path: &[&str], kind: ParseErrorKind) -> Self {
        let value = path.iter().try_fold(text, |object, name| {
            let Members(members) = serde_json::from_str(object).ok()?;
            members.into_iter().find(|(member, _)| member == name).map(|(_, value)| value)
        });
        let field = Some(path.join("."));
        Self { field, ..Self::at_value(text, value.unwrap_or(text), kind) }
    }
}

/// What people write that other formats have, and JSON has not.
fn syntax_error_kind(text: &str, line: usize, column: usize) -> ParseErrorKind {
    let line_start =
        text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum::<usize>();
    let offset = line_start + column.saturating_sub(1);
    let (before, rest) = text.as_bytes().split_at(offset.min(text.len()));
    match rest {
        [b'#', ..] | [b'/', b'/' | b'*', ..] => ParseErrorKind::Comment,
        // A file system that loses power leaves blocks that were never written.
        [0, ..] => ParseErrorKind::Truncated,
        [b'}' | b']', ..] if before.trim_ascii_end().ends_with(b",") => {
            ParseErrorKind::TrailingComma
        }
        [b'"', ..] if ends_a_value(before.trim_ascii_end()) => ParseErrorKind::MissingComma,
        _ => ParseErrorKind::Syntax,
    }
}

fn ends_a_value(text: &[u8]) -> bool {
    text.last().is_some_and(|&byte| byte.is_ascii_alphanumeric() || b"\"]}".contains(&byte))
}
