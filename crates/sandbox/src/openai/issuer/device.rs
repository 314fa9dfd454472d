use serde_json::{Value, json};

use super::grant::{self, Binding};
use super::page;
use super::token::s256;
use crate::openai::ledger::{Decision, DeviceGrant, Granted, Organizations};
use crate::openai::params::{Params, invalid};
use crate::openai::random;
use crate::openai::world::World;
use crate::record::Recorded;
use crate::response::{Refusal, Response};
use crate::{Offered, WhenChosen};

/// `POST /api/accounts/deviceauth/usercode`.
pub(crate) fn device_user_code(world: &World, request: &Recorded) -> Result<Response, Refusal> {
    if world.scenario.device.offered == Offered::No {
        return Err(Refusal::platform(404, "not_found", "Device code login is not enabled."));
    }
    let params = Params::from_body(request)?;
    let client_id = params.required("client_id")?;
    if world.client(client_id).is_none() {
        return Err(Refusal::OAuth(401, "invalid_client", "unknown client_id".to_owned()));
    }
    let lifetime = world.scenario.lifetimes.user_code.as_secs();
    let grant = DeviceGrant {
        user_code: random::user_code()?,
        client_id: client_id.to_owned(),
        expires: world.now().saturating_add_unsigned(lifetime),
        decision: Decision::Pending,
    };
    let device_auth_id = random::secret("deviceauth_")?;
    let mut body = json!({"device_auth_id": device_auth_id, "user_code": grant.user_code});
    if !world.scenario.device.interval.is_null() {
        body["interval"] = world.scenario.device.interval.clone();
    }
    let mut ledger = world.ledger();
    ledger.issued.device_auth_ids.push(device_auth_id.clone());
    ledger.devices.insert(device_auth_id, grant);
    Ok(Response::json(200, &body))
}

/// `POST /api/accounts/deviceauth/token`: 403 until the user decides.
pub(crate) fn device_token(world: &World, request: &Recorded) -> Result<Response, Refusal> {
    let params = Params::from_body(request)?;
    let device_auth_id = params.required("device_auth_id")?;
    let user_code = params.required("user_code")?;
    let refused = |code, why| Err(Refusal::platform(403, code, why));
    let grant = world.ledger().devices.get(device_auth_id).cloned();
    let Some(grant) = grant.filter(|grant| grant.user_code == user_code) else {
        return refused("deviceauth_authorization_unknown", "Device authorization is unknown.");
    };
    match grant.decision {
        Decision::Denied => refused("access_denied", "The person denied the request."),
        _ if grant.expires <= world.now() => refused("expired_token", "The code has expired."),
        Decision::Pending => refused("deviceauth_authorization_pending", "Not approved yet."),
        Decision::Approved { code, code_verifier } => {
            world.ledger().devices.remove(device_auth_id);
            Ok(Response::json(200, &approved(&code, &code_verifier)))
        }
    }
}

fn approved(code: &str, code_verifier: &str) -> Value {
    json!({
        "authorization_code": code,
        "code_challenge": s256(code_verifier),
        "code_verifier": code_verifier,
    })
}

/// `/codex/device`: GET returns the form, POST accepts the code and the account.
pub(crate) fn device_page(world: &World, request: &Recorded) -> Response {
    if request.method != "POST" {
        return page::device(&world.scenario.accounts);
    }
    match record_decision(world, request) {
        Ok(()) => page::device_done(),
        Err(refusal) => page::refused(&refusal),
    }
}

fn record_decision(world: &World, request: &Recorded) -> Result<(), Refusal> {
    let params = Params::from_body(request)?;
    let typed = params.required("user_code")?.trim().to_uppercase();
    let (device_auth_id, client_id) = waiting_device(world, &typed)?;
    let decision = decision(world, params.required("account")?, client_id)?;
    if let Some(grant) = world.ledger().devices.get_mut(&device_auth_id) {
        grant.decision = decision;
    }
    Ok(())
}

fn waiting_device(world: &World, user_code: &str) -> Result<(String, String), Refusal> {
    let now = world.now();
    let ledger = world.ledger();
    let waits = |grant: &DeviceGrant| {
        grant.user_code == user_code
            && grant.expires > now
            && matches!(grant.decision, Decision::Pending)
    };
    let mut devices = ledger.devices.iter();
    let found = devices.find(|(_, grant)| waits(grant));
    let (id, grant) = found.ok_or_else(|| invalid("no device waits with this code"))?;
    Ok((id.clone(), grant.client_id.clone()))
}

fn decision(world: &World, choice: &str, client_id: String) -> Result<Decision, Refusal> {
    let accounts = &world.scenario.accounts;
    let Some(index) = accounts.iter().position(|account| account.sub == choice) else {
        return Ok(Decision::Denied);
    };
    if world.account(index)?.when_chosen == WhenChosen::Denies {
        return Ok(Decision::Denied);
    }
    let code_verifier = random::secret("")?;
    let binding = device_binding(world, index, client_id, &code_verifier);
    let code = grant::code(world, binding)?;
    world.ledger().issued.code_verifiers.push(code_verifier.clone());
    Ok(Decision::Approved { code, code_verifier })
}

/// The code is exchanged like any other, with a redirect URI that is not followed.
fn device_binding(world: &World, account: usize, client_id: String, verifier: &str) -> Binding {
    let scope = ["openid", "profile", "email", "offline_access"];
    Binding {
        granted: Granted {
            account,
            client_id,
            scope: scope.map(str::to_owned).to_vec(),
            organizations: Organizations::InTheToken,
            family: world.ledger().new_family(),
            expires: 0,
        },
        redirect_uri: format!("{}/deviceauth/callback", world.issuer),
        code_challenge: s256(verifier),
    }
}
