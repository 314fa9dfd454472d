//! How the user corrects a file that is not a valid `auth.json`.

use auth_store::ParseErrorKind;

/// What to change in the line that the message names.
pub(super) fn correction(kind: ParseErrorKind, field: Option<&str>) -> &'static str {
    match kind {
        ParseErrorKind::ByteOrderMark => {
            "remove the byte-order mark in front of the first {: save the file as UTF-8 without it"
        }
        ParseErrorKind::Encoding => "save the file as UTF-8",
        ParseErrorKind::Truncated => "put the whole file back from a copy",
        ParseErrorKind::Comment => "remove the comment",
        ParseErrorKind::TrailingComma => "remove that comma",
        ParseErrorKind::MissingComma => "put a comma there",
        ParseErrorKind::DuplicateKey => "keep one of the two",
        ParseErrorKind::Shape => match field {
            Some("last_refresh") => {
                "write the time with its zone, such as \"2026-11-21T18:48:46Z\", or null"
            }
            Some("tokens") => "write an object, {…}, or null",
            Some(_) => "write one text in quotes, without spaces and line breaks, or null",
            None => "write one object, {…}",
        },
        ParseErrorKind::Misplaced if matches!(field, Some("api_key" | "apiKey" | "openai")) => {
            "name it OPENAI_API_KEY, as Codex CLI does"
        }
        ParseErrorKind::Misplaced => {
            "write it as Codex CLI does, {\"tokens\": {\"id_token\": …, \"access_token\": …, \
             \"refresh_token\": …, \"account_id\": …}}"
        }
        _ => "correct that line",
    }
}
