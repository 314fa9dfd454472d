use serde_json::{Value, json};

use super::organizations::named;
use super::session::session;
use crate::openai::issuer::api_key;
use crate::openai::world::World;
use crate::record::Recorded;
use crate::response::{Refusal, Response};

/// `POST /dashboard/organizations/{org}/projects/{project}/api_keys`: creates a key.
pub(crate) fn api_keys(
    world: &World,
    request: &Recorded,
    organization: &str,
    project: &str,
) -> Result<Response, Refusal> {
    let account = session(world, request)?;
    let organization = named(world, account, organization, request)?;
    if !organization.projects.iter().any(|candidate| candidate.id == project) {
        return Err(Refusal::platform(404, "not_found", "There is no such project."));
    }
    let name = key_name(request)?;
    let key = api_key(world, "sk-proj-")?;
    let number = world.ledger().issued.api_keys.len();
    let body = json!({"result": "success", "key": {
        "id": format!("key_{number}"),
        "name": name,
        "sensitive_id": key,
        "created": world.now(),
    }});
    Ok(Response::json(200, &body))
}

fn key_name(request: &Recorded) -> Result<String, Refusal> {
    let body = request.json().unwrap_or_default();
    let name = body.get("name").and_then(Value::as_str);
    match (body.get("action").and_then(Value::as_str), name) {
        (Some("create"), Some(name)) if !name.is_empty() => Ok(name.to_owned()),
        _ => {
            let message = "The body must be {\"action\":\"create\",\"name\":\"…\"}.";
            Err(Refusal::platform(400, "invalid_body", message))
        }
    }
}
