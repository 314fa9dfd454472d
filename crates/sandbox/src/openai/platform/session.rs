use serde_json::json;

use crate::openai::issuer::issue;
use crate::openai::random;
use crate::openai::world::World;
use crate::record::Recorded;
use crate::response::{Refusal, Response};

/// `POST /dashboard/onboarding/login`: exchanges an access token for a session key.
pub(crate) fn onboarding(world: &World, request: &Recorded) -> Result<Response, Refusal> {
    let account = signed_in(world, request)?;
    if request.json() != Some(json!({"app": "api"})) {
        let message = "The body must be {\"app\":\"api\"}.";
        return Err(Refusal::platform(400, "invalid_body", message));
    }
    let key = session_key(world, account)?;
    let person = world.account(account)?;
    let body = json!({"user": {
        "id": person.sub.replace("auth0|", "user-"),
        "email": person.email,
        "name": person.name,
        "session": {"sensitive_id": key, "object": "session"},
    }});
    Ok(Response::json(200, &body))
}

fn signed_in(world: &World, request: &Recorded) -> Result<usize, Refusal> {
    let granted = world.ledger().access_tokens.get(bearer(request)?).cloned();
    let granted = granted.ok_or_else(|| unauthorized("invalid_token", "Unknown access token."))?;
    if granted.expires <= world.now() {
        return Err(unauthorized("token_expired", "The access token has expired."));
    }
    Ok(granted.account)
}

fn session_key(world: &World, account: usize) -> Result<String, Refusal> {
    let mut ledger = world.ledger();
    let fixed = &world.scenario.fixed.session_keys;
    let key = issue(fixed, &mut ledger.issued.session_keys, || random::secret("sess-"))?;
    ledger.sessions.insert(key.clone(), account);
    Ok(key)
}

/// The credentials of [RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1).
fn bearer(request: &Recorded) -> Result<&str, Refusal> {
    let header = request.header("authorization");
    let token = header.and_then(|value| value.strip_prefix("Bearer "));
    token.ok_or_else(|| unauthorized("missing_authorization", "A bearer token is needed."))
}

/// The account behind a session key.
pub(super) fn session(world: &World, request: &Recorded) -> Result<usize, Refusal> {
    let account = world.ledger().sessions.get(bearer(request)?).copied();
    account.ok_or_else(|| unauthorized("invalid_session", "The session key is unknown."))
}

fn unauthorized(code: &'static str, message: &str) -> Refusal {
    Refusal::platform(401, code, message)
}
