//! Validates the JSON of a run against `login-cli schema`.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::Value;

use super::Finished;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let text = include_str!("../../../src/schema.json");
    serde_json::from_str(text).unwrap()
});

/// The JSON that a command line asks for.
#[derive(Clone, Copy)]
pub(crate) struct ExpectedJson {
    /// Its definition in the schema.
    document: &'static str,
    is_stream: bool,
}

impl ExpectedJson {
    /// None for text, and for the output of another program.
    pub(super) fn from_words(words: &[&str]) -> Option<Self> {
        let is_help = words.iter().any(|it| ["--help", "-h", "--version", "-V"].contains(it));
        let form = words.iter().rfind(|word| word.starts_with("--json")).filter(|_| !is_help)?;
        let mut documents = SCHEMA["$defs"].as_object().unwrap().keys();
        // `store init` has the document `store-init`.
        let before = if words.contains(&"store") { "store-" } else { "" };
        let is_named =
            |name: &&String| name.strip_prefix(before).is_some_and(|name| words.contains(&name));
        let document = documents.find(is_named);
        let document = document.map_or("login", String::as_str);
        Some(Self { document, is_stream: *form == "--json=stream" })
    }

    #[track_caller]
    pub(super) fn assert_in(self, finished: &Finished) {
        // The output of `exec` belongs to its program.
        let is_of_program = self.document == "exec" && !finished.stdout.starts_with("{\"error\"");
        if is_of_program {
            return;
        }
        for line in finished.stdout.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            let name = if self.is_stream { "event" } else { self.document };
            assert_eq!(
                problem(&SCHEMA["$defs"][name], &value),
                None,
                "{name}: {:?}",
                fields(&value)
            );
            if let Some(result) = value.get("result").filter(|_| self.is_stream) {
                let schema = &SCHEMA["$defs"][self.document];
                assert_eq!(
                    problem(schema, result),
                    None,
                    "{}: {:?}",
                    self.document,
                    fields(result)
                );
            }
        }
    }
}

/// The names alone: a value can be a secret.
fn fields(value: &Value) -> Vec<&String> {
    value.as_object().map(|it| it.keys().collect()).unwrap_or_default()
}

/// Why a value does not conform. Stricter than JSON Schema: each field has to be in `properties`, and an
/// unknown keyword is an error of the test.
pub(crate) fn problem(schema: &Value, value: &Value) -> Option<String> {
    schema.as_object().unwrap().iter().find_map(|(keyword, rule)| check(keyword, rule, value))
}

fn check(keyword: &str, rule: &Value, value: &Value) -> Option<String> {
    let strings = || rule.as_array().unwrap().iter().filter_map(Value::as_str);
    match keyword {
        "$ref" => {
            problem(&SCHEMA["$defs"][rule.as_str()?.strip_prefix("#/$defs/").unwrap()], value)
        }
        "type" => {
            let allowed = match rule.as_str() {
                Some(one) => is_of_type(one, value),
                None => strings().any(|one| is_of_type(one, value)),
            };
            (!allowed).then(|| format!("it is not {rule}"))
        }
        "enum" => (!rule.as_array()?.contains(value)).then(|| format!("it is none of {rule}")),
        "format" => value.as_str()?.parse::<Timestamp>().err().map(|error| error.to_string()),
        "required" => {
            let object = value.as_object()?;
            let missing = strings().find(|name| !object.contains_key(*name));
            missing.map(|name| format!("{name} is missing"))
        }
        "properties" => value.as_object()?.iter().find_map(|(name, field)| match rule.get(name) {
            Some(schema) => problem(schema, field).map(|problem| format!("{name}: {problem}")),
            None => Some(format!("{name} is not in the schema")),
        }),
        "additionalProperties" => value.as_object()?.values().find_map(|it| problem(rule, it)),
        "items" => value.as_array()?.iter().find_map(|it| problem(rule, it)),
        "anyOf" => {
            let problems: Option<Vec<String>> =
                rule.as_array()?.iter().map(|schema| problem(schema, value)).collect();
            problems.map(|problems| problems.join("; or "))
        }
        other => panic!("the keyword {other} is not known here"),
    }
}

fn is_of_type(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the type {other} is not known here"),
    }
}
