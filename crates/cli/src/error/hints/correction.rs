//! How the user corrects a file that is not a valid `auth.json`.

use auth_store::Problem;

/// What to change in the line that the message names.
pub(super) fn correction(problem: Problem, field: Option<&str>) -> &'static str {
    match problem {
        Problem::ByteOrderMark => {
            "remove the byte-order mark in front of the first {: save the file as UTF-8 without it"
        }
        Problem::Encoding => "save the file as UTF-8",
        Problem::Truncated => "put the whole file back from a copy",
        Problem::Comment => "remove the comment",
        Problem::TrailingComma => "remove that comma",
        Problem::MissingComma => "put a comma there",
        Problem::DuplicateKey => "keep one of the two",
        Problem::Shape => match field {
            Some("last_refresh") => {
                "write the time with its zone, such as \"2026-11-21T18:48:46Z\", or null"
            }
            Some("tokens") => "write an object, {…}, or null",
            Some(_) => "write one text in quotes, without spaces and line breaks, or null",
            None => "write one object, {…}",
        },
        Problem::Misplaced if matches!(field, Some("api_key" | "apiKey" | "openai")) => {
            "name it OPENAI_API_KEY, as Codex CLI does"
        }
        Problem::Misplaced => {
            "write it as Codex CLI does, {\"tokens\": {\"id_token\": …, \"access_token\": …, \
             \"refresh_token\": …, \"account_id\": …}}"
        }
        _ => "correct that line",
    }
}
