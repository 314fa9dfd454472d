use serde_json::json;

use crate::Revocation;
use crate::openai::ledger::{Granted, Ledger, Use};
use crate::openai::params::Params;
use crate::openai::world::World;
use crate::record::Recorded;
use crate::response::{Refusal, Response};

/// `POST /oauth/revoke` ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)). An unknown token is
/// not an error (§2.2).
pub(crate) fn revoke(world: &World, request: &Recorded) -> Result<Response, Refusal> {
    let params = Params::from_body(request)?;
    let token = params.required("token")?;
    let client_id = params.required("client_id")?;
    let mut ledger = world.ledger();
    let known = ledger.refresh_tokens.get(token).map(|entry| entry.granted.clone());
    if let Some(granted) = known.filter(|granted| granted.client_id == client_id) {
        end(world, &mut ledger, token, &granted);
    }
    ledger.access_tokens.remove(token);
    Ok(Response::json(200, &json!({})))
}

/// Revokes the token, and the related tokens of the policy.
fn end(world: &World, ledger: &mut Ledger, token: &str, granted: &Granted) {
    if let Some(entry) = ledger.refresh_tokens.get_mut(token) {
        entry.use_ = Use::Revoked;
    }
    match world.scenario.policy.revocation {
        Revocation::Token => {}
        Revocation::Family => ledger.revoke(|other| other.family == granted.family),
        Revocation::Person => ledger.revoke(|other| {
            other.account == granted.account && other.client_id == granted.client_id
        }),
    }
}
