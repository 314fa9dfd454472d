//! JSON output: one document on one line in every case.

mod errors;
#[cfg(unix)]
mod signals;
mod stored_sign_in;
mod stream;

use serde_json::{Value, json};

use crate::support::Finished;

/// The fields of every error come first.
const FIELDS: [&str; 5] = ["kind", "message", "hint", "exit_code", "transient"];

/// The error in the only document of a failed run. It matches standard error.
#[track_caller]
fn error_in(finished: &Finished) -> Value {
    let error = finished.json()["error"].clone();
    let fields: Vec<&String> = error.as_object().unwrap().keys().collect();
    assert_eq!(fields[..FIELDS.len()], FIELDS, "{error}");
    assert_eq!(error["exit_code"], finished.code);
    let text = |field: &str| error[field].as_str().unwrap_or_default();
    let label = if error["kind"] == "interrupted" { "" } else { "error: " };
    finished.says(&format!("{label}{}", text("message")));
    finished.says(text("hint"));
    error
}

/// The kind of an error without a result.
#[track_caller]
fn assert_error(finished: &Finished, kind: &str, code: i32) -> Value {
    finished.exits(code);
    let error = error_in(finished);
    assert_eq!(finished.json(), json!({ "error": error }));
    assert_eq!(error["kind"], kind);
    error
}
