//! `login-cli schema`. The harness validates the JSON of every run against it.

use serde_json::{Value, json};

use crate::support::{World, schema_problem};

fn schema() -> Value {
    let finished = World::new().program(["schema"]).run();
    serde_json::from_str(&finished.exits(0).stdout).unwrap()
}

#[test]
fn schema_is_printed_without_a_request() {
    let world = World::new();
    let text = world.program(["schema"]).run();
    assert_eq!(text.exits(0).stderr, "");
    let document = world.program(["schema", "--json"]).run();
    assert_eq!(document.json(), serde_json::from_str::<Value>(&text.stdout).unwrap());
    assert_eq!(world.sandbox.connections(), 0);
}

/// Everything that docs/json.md lists is in the schema, and nothing else.
#[test]
fn schema_has_the_rows_of_the_documentation() {
    let text = include_str!("../../../../docs/json.md");
    let rows = |heading: &str| {
        let (_, table) = text.split_once(heading).unwrap();
        let row = |line: &str| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned());
        let lines = table.lines().skip_while(|line| !line.starts_with("| `"));
        let mut names: Vec<_> = lines.map_while(row).collect();
        names.sort();
        names.dedup();
        names
    };
    let schema = schema();
    let sorted = |all: &mut dyn Iterator<Item = &Value>| {
        let mut names: Vec<String> = all.map(|it| it.as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    };
    let kinds = schema["$defs"]["error"]["properties"]["kind"]["enum"].as_array().unwrap();
    assert_eq!(sorted(&mut kinds.iter()), rows("| `kind` | exit code |"));
    let events = schema["$defs"]["event"]["anyOf"].as_array().unwrap();
    let names = &mut events.iter().map(|event| &event["properties"]["event"]["enum"][0]);
    assert_eq!(sorted(names), rows("| `event` | what happened"));
}

/// The validator of the harness finds faults.
#[test]
fn invalid_json_is_detected() {
    let error =
        json!({"kind": "denied", "message": "", "hint": null, "exit_code": 1, "transient": false});
    let schema = schema();
    let of = |name: &str, value: &Value| schema_problem(&schema["$defs"][name], value);
    assert_eq!(of("token", &json!({ "error": error })), None);
    assert_eq!(of("token", &json!({"id_token": "a", "expires_at": "2026-11-21T18:48:46Z"})), None);
    for (name, value) in [
        ("token", json!({"id_token": 1})),
        ("token", json!({"id_token": "a", "expires_at": "soon"})),
        ("token", json!({"id_token": "a", "more": "b"})),
        ("token", json!({})),
        ("failure", json!({"error": {"kind": "denied"}})),
        ("event", json!({"event": "new"})),
        ("event", json!({"event": "waiting"})),
        ("projects", json!([{"id": "org-1"}])),
    ] {
        assert!(of(name, &value).is_some(), "{name} {value}");
    }
    let mut unknown = error;
    unknown["kind"] = "new".into();
    assert!(of("error", &unknown).is_some());
}
