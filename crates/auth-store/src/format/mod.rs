mod fields;
mod names;
pub(crate) mod object;
pub(crate) mod other_formats;
mod parse_error;

use std::io;

use serde_json::value::RawValue;
use zeroize::Zeroizing;

pub(crate) use parse_error::ParseError;
pub use parse_error::ParseErrorKind;

use crate::AuthDocument;
use object::Object;

/// For an [`ExternalStore`](crate::ExternalStore) that looks into the text.
impl AuthDocument {
    /// Parses the text of an `auth.json`; `None` if it is none.
    #[must_use]
    pub fn from_bytes(text: &[u8]) -> Option<Self> {
        parse(text).ok()
    }

    /// The text of the `auth.json`.
    ///
    /// # Errors
    ///
    /// It cannot be written as JSON.
    pub fn to_bytes(&self) -> io::Result<Zeroizing<Vec<u8>>> {
        serialize(self)
    }
}

/// Reads a document. Without a sign-in of ours, the sign-in of another program is an error, so that a
/// person learns of it.
pub(crate) fn parse(bytes: &[u8]) -> Result<AuthDocument, ParseError> {
    let text = utf8(bytes)?;
    let source = serde_json::from_str::<&RawValue>(text)
        .map_err(|error| ParseError::syntax(text, &error))?
        .get();
    names::check_unique(text, source)?;
    let Ok(object) = Object::parse(source) else {
        return Err(ParseError::at_value(text, source, ParseErrorKind::Shape));
    };
    if let Some(field) = fields::find_malformed_field(&object) {
        return Err(ParseError::at_field(text, &field, ParseErrorKind::Shape));
    }
    let document = AuthDocument { object };
    match fields::other_sign_in(&document.object) {
        Some(field) if !document.is_signed_in() => {
            Err(ParseError::at_field(text, &field, ParseErrorKind::Misplaced))
        }
        _ => Ok(document),
    }
}

/// The bytes of the file. The length is counted first: a buffer that grows leaves copies behind.
pub(crate) fn serialize(document: &AuthDocument) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut length = Length(0);
    serde_json::to_writer_pretty(&mut length, &document.object)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer_pretty(&mut *bytes, &document.object)?;
    Ok(bytes)
}

struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, ParseError> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        return Err(ParseError::at(bytes, 0, ParseErrorKind::ByteOrderMark));
    }
    std::str::from_utf8(bytes)
        .map_err(|error| ParseError::at(bytes, error.valid_up_to(), ParseErrorKind::Encoding))
}

#[cfg(test)]
mod tests;
