use serde_json::{Map, Value};
use zeroize::Zeroize as _;

/// A JSON object that may hold secrets: every text in it is wiped when it is dropped.
#[derive(Default)]
pub(crate) struct Tree(pub(crate) Map<String, Value>);

impl Drop for Tree {
    fn drop(&mut self) {
        self.0.values_mut().for_each(wipe);
    }
}

/// Puts `value` under `key`, at the place that the key had, and wipes what was there.
pub(crate) fn put(object: &mut Map<String, Value>, key: &str, value: Value) {
    if let Some(mut replaced) = object.insert(key.to_owned(), value) {
        wipe(&mut replaced);
    }
}

/// Takes the value under `key` out and wipes it. The others keep their places.
pub(crate) fn remove(object: &mut Map<String, Value>, key: &str) {
    if let Some(mut removed) = object.shift_remove(key) {
        wipe(&mut removed);
    }
}

/// Numbers and keys stay: neither is where a secret stands. The depth is bounded by the parser's.
pub(crate) fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(object) => object.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    // threats 180
    #[test]
    fn every_text_is_wiped_and_nothing_else() {
        let mut value = json!({"a": "secret", "b": [1, "secret", {"c": "secret"}], "d": null});
        wipe(&mut value);
        assert_eq!(value, json!({"a": "", "b": [1, "", {"c": ""}], "d": null}));
    }

    #[test]
    fn a_key_keeps_its_place() {
        let Value::Object(mut object) = json!({"z": 1, "a": 2}) else {
            panic!("an object");
        };
        put(&mut object, "z", json!("new"));
        put(&mut object, "m", json!(3));
        assert_eq!(Value::Object(object).to_string(), r#"{"z":"new","a":2,"m":3}"#);
    }
}
