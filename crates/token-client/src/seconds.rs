use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

/// A number of seconds. Some servers send a string of a number where the RFC has a number; what is
/// neither, or no duration, is `None`.
pub(crate) fn seconds(json: &str) -> Option<Duration> {
    let seconds = match serde_json::from_str(json).ok()? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

/// A field of seconds. It can have any value.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    input: D,
) -> Result<Option<Duration>, D::Error> {
    Ok(seconds(Box::<RawValue>::deserialize(input)?.get()))
}
