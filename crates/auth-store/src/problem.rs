use std::fmt;

/// What is wrong with a text that is not an `auth.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// It begins with a byte-order mark.
    ByteOrderMark,
    /// It is not UTF-8.
    Encoding,
    /// It is incomplete.
    Truncated,
    /// It has a comment.
    Comment,
    /// It has a trailing comma.
    TrailingComma,
    /// A comma is missing between two values.
    MissingComma,
    /// It is not JSON.
    Syntax,
    /// An object has a key twice.
    DuplicateKey,
    /// A known field has a value of the wrong type or form.
    Shape,
    /// There is no sign-in of ours, and another program keeps a secret in this field.
    Misplaced,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ByteOrderMark => "it begins with a byte-order mark",
            Self::Encoding => "it is not UTF-8",
            Self::Truncated => "it ends too early",
            Self::Comment => "JSON has no comments",
            Self::TrailingComma => "there is an extra comma before this",
            Self::MissingComma => "a comma is missing before this",
            Self::Syntax => "it is not JSON",
            Self::DuplicateKey => "the key occurs twice",
            Self::Shape => "the value has the wrong type or form",
            Self::Misplaced => "this is the format of another program",
        })
    }
}
