use serde_json::{Value, json};

use super::organizations::{count_listing, named};
use super::session::session;
use crate::Project;
use crate::openai::params::Params;
use crate::openai::world::World;
use crate::record::Recorded;
use crate::response::{Refusal, Response};

/// `GET /dashboard/organizations/{org}/projects?detail=basic&limit=…&after=…`, a page at a time.
pub(crate) fn projects(
    world: &World,
    request: &Recorded,
    organization: &str,
) -> Result<Response, Refusal> {
    let account = session(world, request)?;
    if request.header("openai-organization").is_none() {
        return Err(bad("missing_organization", "The header openai-organization is missing."));
    }
    let organization = named(world, account, organization, request)?;
    let params = Params::from_query(request)?;
    params.required_one_of("detail", &["basic"])?;
    if organization.endless {
        return endless_page(limit(&params)?, params.get("after"));
    }
    let poll = poll(world, account, &organization.id, &params);
    let all = organization.projects.iter();
    let there: Vec<&Project> = all.filter(|project| project.appears_at_poll <= poll).collect();
    page(&there, limit(&params)?, params.get("after"))
}

/// The first page counts as a new poll, later pages do not.
fn poll(world: &World, account: usize, organization: &str, params: &Params) -> u32 {
    if params.get("after").is_none() {
        return count_listing(world, account, Some(organization));
    }
    let key = (account, Some(organization.to_owned()));
    world.ledger().polls.get(&key).copied().unwrap_or_default()
}

fn limit(params: &Params) -> Result<usize, Refusal> {
    const UNLESS_ASKED: usize = 20;
    let Some(text) = params.get("limit") else { return Ok(UNLESS_ASKED) };
    let limit = text.parse().ok().filter(|limit| (1..=100).contains(limit));
    limit.ok_or_else(|| bad("invalid_limit", "limit must be 1 to 100."))
}

fn page(there: &[&Project], limit: usize, after: Option<&str>) -> Result<Response, Refusal> {
    let start = match after {
        None => 0,
        Some(id) => 1 + place_of(there, id)?,
    };
    let rest = &there[start..];
    let shown = &rest[..limit.min(rest.len())];
    let data: Vec<Value> = shown.iter().map(|project| listed(project)).collect();
    let body = json!({
        "object": "list",
        "data": data,
        "first_id": shown.first().map(|project| &project.id),
        "last_id": shown.last().map(|project| &project.id),
        "has_more": rest.len() > limit,
    });
    Ok(Response::json(200, &body))
}

/// The next page of an endless list, with nearly the maximum size that the program reads.
fn endless_page(limit: usize, after: Option<&str>) -> Result<Response, Refusal> {
    const PAGE: usize = 500_000;
    let start: usize = match after {
        None => 0,
        Some(id) => {
            let number = id.strip_prefix("proj_endless_").and_then(|number| number.parse().ok());
            number.ok_or_else(|| bad("invalid_cursor", "after names no project."))?
        }
    };
    let id = |number: usize| format!("proj_endless_{number}");
    // These characters take the most memory after truncation. As text: a hundred such pages as values take
    // seconds.
    let title = "\u{1f511}".repeat(PAGE / limit / '\u{1f511}'.len_utf8());
    let project = |number| format!(r#"{{"id":"{}","title":"{title}"}}"#, id(number));
    let data: Vec<String> = (start + 1..=start + limit).map(project).collect();
    let (data, last_id) = (data.join(","), id(start + limit));
    let body = format!(r#"{{"data":[{data}],"last_id":"{last_id}","has_more":true}}"#);
    Ok(Response::json_text(200, body))
}

fn place_of(there: &[&Project], id: &str) -> Result<usize, Refusal> {
    let place = there.iter().position(|project| project.id == id);
    place.ok_or_else(|| bad("invalid_cursor", "after names no project."))
}

fn listed(project: &Project) -> Value {
    json!({
        "object": "organization.project",
        "id": project.id,
        "title": project.title,
        "is_initial": project.is_initial,
    })
}

fn bad(code: &'static str, message: &str) -> Refusal {
    Refusal::platform(400, code, message)
}
