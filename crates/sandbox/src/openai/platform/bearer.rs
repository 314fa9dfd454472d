use crate::answer::Refusal;
use crate::openai::world::World;
use crate::record::Recorded;

/// The credentials of [RFC 6750 §2.1](https://www.rfc-editor.org/rfc/rfc6750#section-2.1).
pub(super) fn bearer(request: &Recorded) -> Result<&str, Refusal> {
    let header = request.header("authorization");
    let token = header.and_then(|value| value.strip_prefix("Bearer "));
    token.ok_or_else(|| unauthorized("missing_authorization", "A bearer token is needed."))
}

/// The account behind a session key.
pub(super) fn session(world: &World, request: &Recorded) -> Result<usize, Refusal> {
    let account = world.ledger().sessions.get(bearer(request)?).copied();
    account.ok_or_else(|| unauthorized("invalid_session", "The session key is unknown."))
}

pub(super) fn unauthorized(code: &'static str, message: &str) -> Refusal {
    Refusal::platform(401, code, message)
}
