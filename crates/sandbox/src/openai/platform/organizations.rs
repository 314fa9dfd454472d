use serde_json::{Value, json};

use super::session::session;
use crate::Organization;
use crate::openai::world::World;
use crate::record::Recorded;
use crate::response::{Refusal, Response};

/// `GET /v1/organizations`.
pub(crate) fn organizations(world: &World, request: &Recorded) -> Result<Response, Refusal> {
    let account = session(world, request)?;
    let poll = count_listing(world, account, None);
    let all = &world.account(account)?.organizations;
    let there = all.iter().filter(|org| org.appears_at_poll <= poll);
    let data: Vec<Value> = there.map(listed).collect();
    Ok(Response::json(200, &json!({"object": "list", "data": data})))
}

fn listed(organization: &Organization) -> Value {
    json!({
        "object": "organization",
        "id": organization.id,
        "title": organization.title,
        "is_default": organization.is_default,
        "personal": organization.personal,
    })
}

/// Counts a listing, and returns the new count.
pub(super) fn count_listing(world: &World, account: usize, organization: Option<&str>) -> u32 {
    let mut ledger = world.ledger();
    let key = (account, organization.map(str::to_owned));
    let count = ledger.polls.entry(key).or_default();
    *count += 1;
    *count
}

/// The organization of the path. The header `openai-organization`, if present, must be equal.
pub(super) fn named<'w>(
    world: &'w World,
    account: usize,
    id: &str,
    request: &Recorded,
) -> Result<&'w Organization, Refusal> {
    if request.header("openai-organization").is_some_and(|header| header != id) {
        let message = "The header openai-organization names another organization.";
        return Err(Refusal::platform(401, "mismatched_organization", message));
    }
    let mut all = world.account(account)?.organizations.iter();
    let found = all.find(|organization| organization.id == id);
    found.ok_or_else(|| Refusal::platform(404, "not_found", "There is no such organization."))
}
