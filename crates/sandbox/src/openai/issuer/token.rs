use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde_json::json;

use super::grant;
use crate::endpoint::TOKEN_EXCHANGE;
use crate::openai::ledger::{Granted, Use};
use crate::openai::params::Params;
use crate::openai::random;
use crate::openai::world::World;
use crate::record::Recorded;
use crate::response::{Refusal, Response};
use crate::{Reuse, Rotation};

/// `POST /oauth/token`, a form or JSON, with one of three grant types.
pub(crate) fn token(world: &World, request: &Recorded) -> Result<Response, Refusal> {
    let params = Params::from_body(request)?;
    let client_id = params.required("client_id")?;
    if world.client(client_id).is_none() {
        return Err(Refusal::OAuth(401, "invalid_client", "unknown client_id".to_owned()));
    }
    match params.required("grant_type")? {
        "authorization_code" => exchange_code(world, &params, client_id),
        "refresh_token" => refresh(world, &params, client_id),
        TOKEN_EXCHANGE => exchange(world, &params, client_id),
        _ => Err(Refusal::oauth("unsupported_grant_type", "unknown grant_type")),
    }
}

/// [RFC 6749 §4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3) with
/// [RFC 7636 §4.6](https://www.rfc-editor.org/rfc/rfc7636#section-4.6). Any attempt spends the
/// code, so that a verifier can be guessed only once.
fn exchange_code(world: &World, params: &Params, client_id: &str) -> Result<Response, Refusal> {
    let redirect_uri = params.required("redirect_uri")?;
    let verifier = params.required("code_verifier")?;
    let code = spend_code(world, params.required("code")?)?;
    let refused = |why| Err(Refusal::oauth("invalid_grant", why));
    if code.granted.client_id != client_id {
        return refused("the code was issued to another client");
    }
    if code.redirect_uri != redirect_uri {
        return refused("redirect_uri is not the one of the authorization request");
    }
    if code.code_challenge != s256(verifier) {
        return refused("code_verifier does not match the code_challenge");
    }
    if code.granted.expires <= world.now() {
        return refused("the code has expired");
    }
    token_response(world, &code.granted)
}

fn spend_code(world: &World, code: &str) -> Result<crate::openai::ledger::Code, Refusal> {
    let mut ledger = world.ledger();
    let entry = ledger.codes.get_mut(code);
    let entry = entry.ok_or_else(|| Refusal::oauth("invalid_grant", "unknown code"))?;
    if entry.use_ != Use::Fresh {
        return Err(Refusal::oauth("invalid_grant", "the code was used already"));
    }
    entry.use_ = Use::Spent;
    Ok(entry.clone())
}

pub(super) fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

/// [RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6), with the rotation and reuse
/// rules of the [`Policy`](crate::Policy).
fn refresh(world: &World, params: &Params, client_id: &str) -> Result<Response, Refusal> {
    let granted = spend_refresh_token(world, params.required("refresh_token")?, client_id)?;
    token_response(world, &granted)
}

fn spend_refresh_token(world: &World, token: &str, client_id: &str) -> Result<Granted, Refusal> {
    let now = world.now();
    let mut ledger = world.ledger();
    let known = ledger.refresh_tokens.get_mut(token);
    let known = known.filter(|entry| entry.granted.client_id == client_id);
    let entry = known.ok_or_else(|| Refusal::oauth("invalid_grant", "unknown refresh token"))?;
    let refused = |code, why| Err(Refusal::platform(401, code, why));
    match entry.use_ {
        Use::Revoked => refused("refresh_token_invalidated", "The refresh token was revoked."),
        Use::Spent => {
            let family = entry.granted.family;
            if world.scenario.policy.reuse == Reuse::RevokesFamily {
                ledger.revoke(|other| other.family == family);
            }
            refused("refresh_token_reused", "The refresh token was used already.")
        }
        Use::Fresh if entry.granted.expires <= now => {
            refused("refresh_token_expired", "The refresh token has expired.")
        }
        Use::Fresh => {
            if world.scenario.policy.rotation == Rotation::New {
                entry.use_ = Use::Spent;
            }
            Ok(entry.granted.clone())
        }
    }
}

fn token_response(world: &World, granted: &Granted) -> Result<Response, Refusal> {
    let tokens = grant::tokens(world, granted)?;
    let mut body = json!({
        "access_token": tokens.access_token,
        "expires_in": world.scenario.lifetimes.access_token.as_secs(),
        "id_token": tokens.id_token,
        "scope": granted.scope.join(" "),
        "token_type": "Bearer",
    });
    if let Some(refresh_token) = &tokens.refresh_token {
        body["refresh_token"] = refresh_token.as_str().into();
    }
    Ok(Response::json(200, &body))
}

/// [RFC 8693 §2.1](https://www.rfc-editor.org/rfc/rfc8693#section-2.1): exchanges an ID token for
/// an API key.
fn exchange(world: &World, params: &Params, client_id: &str) -> Result<Response, Refusal> {
    params.required_one_of("requested_token", &["openai-api-key"])?;
    params.required_one_of("subject_token_type", &["urn:ietf:params:oauth:token-type:id_token"])?;
    params.required("name")?;
    let granted = subject(world, params.required("subject_token")?, client_id)?;
    let account = world.account(granted.account)?;
    let needed =
        [("organization_id", &account.organization_id), ("project_id", &account.project_id)];
    if let Some((claim, _)) = needed.iter().find(|(_, value)| value.is_none()) {
        return Err(invalid_subject(format!("Invalid ID token: missing {claim}")));
    }
    let key = api_key(world, "sk-proj-")?;
    let body = json!({
        "access_token": key,
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "N_A",
    });
    Ok(Response::json(200, &body))
}

/// Issued ID tokens are stored, so equality replaces the signature check.
fn subject(world: &World, token: &str, client_id: &str) -> Result<Granted, Refusal> {
    let granted = world.ledger().id_tokens.get(token).cloned();
    let granted = granted.filter(|granted| granted.client_id == client_id);
    let granted = granted.ok_or_else(|| invalid_subject("Invalid ID token"))?;
    if granted.expires <= world.now() {
        return Err(invalid_subject("The ID token has expired"));
    }
    Ok(granted)
}

fn invalid_subject(message: impl Into<String>) -> Refusal {
    Refusal::platform(401, "invalid_subject_token", message)
}

/// Issues an API key.
pub(crate) fn api_key(world: &World, prefix: &str) -> Result<String, Refusal> {
    let fixed = &world.scenario.fixed.api_keys;
    grant::issue(fixed, &mut world.ledger().issued.api_keys, || random::secret(prefix))
}
