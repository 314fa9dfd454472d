use serde_json::json;

use crate::endpoint::TOKEN_EXCHANGE;
use crate::openai::world::World;
use crate::response::Response;

/// The metadata of [RFC 8414](https://www.rfc-editor.org/rfc/rfc8414) and of OpenID Connect
/// Discovery, as one document.
pub(crate) fn discovery(world: &World) -> Response {
    let at = |path: &str| format!("{}{path}", world.issuer);
    let metadata = json!({
        "issuer": world.issuer,
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at("/oauth/token"),
        "revocation_endpoint": at("/oauth/revoke"),
        "device_authorization_endpoint": at("/api/accounts/deviceauth/usercode"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token", TOKEN_EXCHANGE],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "subject_types_supported": ["public"],
    });
    Response::json(200, &metadata)
}

/// The keys that verify the tokens.
pub(crate) fn jwks(world: &World) -> Response {
    Response::json(200, &json!({ "keys": [world.signer.jwk()] }))
}
