use serde_json::{Map, Value};

/// Applies a patch to a value: objects are merged, null removes a name, anything else replaces the
/// value ([RFC 7396 §2](https://www.rfc-editor.org/rfc/rfc7396#section-2)).
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(target) = target {
        merge_objects(target, patch);
    }
}

fn merge_objects(target: &mut Map<String, Value>, patch: &Map<String, Value>) {
    for (name, value) in patch {
        if value.is_null() {
            // The order of the remaining fields is kept, because clients see it.
            target.remove(name);
        } else {
            merge(target.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(original: Value, patch: &Value, result: &Value) {
        let mut target = original;
        merge(&mut target, patch);
        assert_eq!(target, *result);
    }

    #[test]
    fn matches_the_examples_of_rfc_7396() {
        check(json!({"a": "b"}), &json!({"a": "c"}), &json!({"a": "c"}));
        check(json!({"a": "b"}), &json!({"b": "c"}), &json!({"a": "b", "b": "c"}));
        check(json!({"a": "b", "b": "c"}), &json!({"a": null}), &json!({"b": "c"}));
        check(json!({"a": ["b"]}), &json!({"a": "c"}), &json!({"a": "c"}));
        check(
            json!({"a": {"b": "c"}}),
            &json!({"a": {"b": "d", "c": null}}),
            &json!({"a": {"b": "d"}}),
        );
        check(json!({"a": "foo"}), &json!(null), &json!(null));
        check(json!([1, 2]), &json!({"a": "b", "c": null}), &json!({"a": "b"}));
        check(json!({}), &json!({"a": {"bb": {"ccc": null}}}), &json!({"a": {"bb": {}}}));
    }
}
