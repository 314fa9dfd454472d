use serde_json::json;

use super::bearer::{bearer, unauthorized};
use crate::answer::{Answer, Refusal};
use crate::openai::issuer::fixed_or;
use crate::openai::random;
use crate::openai::world::World;
use crate::record::Recorded;

/// `POST /dashboard/onboarding/login`: exchanges an access token for a session key.
pub(crate) fn onboarding(world: &World, request: &Recorded) -> Result<Answer, Refusal> {
    let account = signed_in(world, request)?;
    if request.json() != Some(json!({"app": "api"})) {
        let message = "The body must be {\"app\":\"api\"}.";
        return Err(Refusal::platform(400, "invalid_body", message));
    }
    let key = session_key(world, account)?;
    let person = world.account(account)?;
    let answer = json!({"user": {
        "id": person.sub.replace("auth0|", "user-"),
        "email": person.email,
        "name": person.name,
        "session": {"sensitive_id": key, "object": "session"},
    }});
    Ok(Answer::json(200, &answer))
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
    let place = ledger.issued.session_keys.len();
    let fixed = &world.scenario.fixed.session_keys;
    let key = fixed_or(fixed, place, || random::secret("sess-"))?;
    ledger.issued.session_keys.push(key.clone());
    ledger.sessions.insert(key.clone(), account);
    Ok(key)
}
