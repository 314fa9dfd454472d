use serde_json::json;

use crate::answer::{Answer, Refusal};
use crate::ledger::Use;
use crate::params::Params;
use crate::record::Recorded;
use crate::world::World;

/// `POST /oauth/revoke` ([RFC 7009](https://www.rfc-editor.org/rfc/rfc7009)). A token that nobody
/// knows is no error (§2.2): the person wanted it gone, and it is.
pub(crate) fn revoke(world: &World, request: &Recorded) -> Result<Answer, Refusal> {
    let params = Params::of_body(request)?;
    let token = params.need("token")?;
    let client_id = params.need("client_id")?;
    let mut ledger = world.ledger();
    if let Some(entry) = ledger.refresh_tokens.get_mut(token)
        && entry.granted.client_id == client_id
    {
        entry.use_ = Use::Revoked;
    }
    ledger.access_tokens.remove(token);
    Ok(Answer::json(200, &json!({})))
}
