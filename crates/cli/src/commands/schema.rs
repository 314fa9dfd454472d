use serde_json::Value;

use crate::context::Context;
use crate::output::{Output, OutputError};

/// The JSON Schema of every document, event and error. The end-to-end tests validate the JSON of each run
/// against it.
const SCHEMA: &str = include_str!("../schema.json");

/// `login-cli schema`.
pub(crate) fn run(context: &Context) -> Result<(), OutputError> {
    let output: &Output = &context.output;
    output.document(|| serde_json::from_str(SCHEMA).unwrap_or(Value::Null))?;
    output.text(|| SCHEMA.trim_end())
}
