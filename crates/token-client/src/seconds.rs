use std::time::Duration;

use serde::{Deserialize as _, Deserializer};
use serde_json::Value;

/// A number of seconds. Some servers send a string of a number where the RFC has a number; what is
/// neither is `None`.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Duration>, D::Error> {
    let seconds = match Value::deserialize(input)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Ok(seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
}
