use std::time::Duration;

use serde_json::{Map, Value, json};

use super::authorize::API_AUDIENCE;
use crate::merge::merge;
use crate::openai::ledger::{Code, Granted, Ledger, Organizations, RefreshToken, Use};
use crate::openai::random;
use crate::openai::world::World;
use crate::response::Refusal;
use crate::{Account, Client, Organization, Rotation};

/// The claim with OpenAI's additional claims.
const AUTH_CLAIM: &str = "https://api.openai.com/auth";

/// The values that a code is bound to.
pub(crate) struct Binding {
    pub(crate) granted: Granted,
    pub(crate) redirect_uri: String,
    pub(crate) code_challenge: String,
}

/// Issues an authorization code.
pub(crate) fn code(world: &World, binding: Binding) -> Result<String, Refusal> {
    let mut ledger = world.ledger();
    let fixed = &world.scenario.fixed.codes;
    let code = issue(fixed, &mut ledger.issued.codes, || random::secret("ac_"))?;
    let entry = Code {
        granted: until(world, binding.granted, world.scenario.lifetimes.code),
        redirect_uri: binding.redirect_uri,
        code_challenge: binding.code_challenge,
        use_: Use::Fresh,
    };
    ledger.codes.insert(code.clone(), entry);
    Ok(code)
}

/// A set of tokens, as the token endpoint returns them.
#[derive(Clone)]
pub struct Minted {
    /// The ID token.
    pub id_token: String,
    /// The access token.
    pub access_token: String,
    /// The refresh token, if the scope has `offline_access`.
    pub refresh_token: Option<String>,
}

impl std::fmt::Debug for Minted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Minted([redacted])")
    }
}

/// The tokens of a full sign-in of this account with the sign-in client.
pub(crate) fn mint(world: &World, account: usize) -> Result<Minted, Refusal> {
    let scope = ["openid", "profile", "email", "offline_access"];
    let granted = Granted {
        account,
        client_id: Client::SIGN_IN.to_owned(),
        scope: scope.map(str::to_owned).to_vec(),
        organizations: Organizations::InTheToken,
        family: world.ledger().new_family(),
        expires: 0,
    };
    tokens(world, &granted)
}

/// Issues a set of tokens.
pub(crate) fn tokens(world: &World, granted: &Granted) -> Result<Minted, Refusal> {
    let offline = granted.scope.iter().any(|word| word == "offline_access");
    Ok(Minted {
        id_token: id_token(world, granted)?,
        access_token: access_token(world, granted)?,
        refresh_token: offline.then(|| refresh_token(world, granted)).transpose()?,
    })
}

fn id_token(world: &World, granted: &Granted) -> Result<String, Refusal> {
    let granted = until(world, granted.clone(), world.scenario.lifetimes.id_token);
    let claims = id_token_claims(world, world.account(granted.account)?, &granted);
    let mut ledger = world.ledger();
    let fixed = &world.scenario.fixed.id_tokens;
    let token = issue(fixed, &mut ledger.issued.id_tokens, || world.signer.sign(&claims))?;
    ledger.id_tokens.insert(token.clone(), granted);
    Ok(token)
}

fn access_token(world: &World, granted: &Granted) -> Result<String, Refusal> {
    let granted = until(world, granted.clone(), world.scenario.lifetimes.access_token);
    let claims = access_token_claims(world, world.account(granted.account)?, &granted);
    let mut ledger = world.ledger();
    let fixed = &world.scenario.fixed.access_tokens;
    let token = issue(fixed, &mut ledger.issued.access_tokens, || world.signer.sign(&claims))?;
    ledger.access_tokens.insert(token.clone(), granted);
    Ok(token)
}

fn refresh_token(world: &World, granted: &Granted) -> Result<String, Refusal> {
    let granted = until(world, granted.clone(), world.scenario.lifetimes.refresh_token);
    let mut ledger = world.ledger();
    if world.scenario.policy.rotation == Rotation::Same
        && let Some(same) = live_refresh_token(&ledger, &granted, world.now())
    {
        return Ok(same);
    }
    let fixed = &world.scenario.fixed.refresh_tokens;
    let token = issue(fixed, &mut ledger.issued.refresh_tokens, || random::secret("rt_"))?;
    let entry = RefreshToken { granted, use_: Use::Fresh };
    ledger.refresh_tokens.insert(token.clone(), entry);
    Ok(token)
}

/// The existing refresh token of this user at this client.
fn live_refresh_token(ledger: &Ledger, asking: &Granted, now: i64) -> Option<String> {
    let is_theirs = |entry: &RefreshToken| {
        let Granted { account, client_id, expires, .. } = &entry.granted;
        let is_live = entry.use_ == Use::Fresh && *expires > now;
        is_live && *account == asking.account && *client_id == asking.client_id
    };
    ledger.refresh_tokens.iter().find(|(_, entry)| is_theirs(entry)).map(|(token, _)| token.clone())
}

fn id_token_claims(world: &World, account: &Account, granted: &Granted) -> Value {
    let now = world.now();
    let mut auth = auth_claim(account);
    if granted.organizations == Organizations::InTheToken {
        auth.extend(organization_claims(account));
    }
    let claims = json!({
        "iss": world.issuer,
        "aud": [granted.client_id],
        "exp": granted.expires,
        "iat": now,
        "auth_time": now,
        "jti": format!("id-{}", world.ledger().issued.id_tokens.len()),
        "sub": account.sub,
        "email": account.email,
        "email_verified": true,
        "name": account.name,
        AUTH_CLAIM: auth,
    });
    patched(claims, &account.id_token_claims)
}

fn access_token_claims(world: &World, account: &Account, granted: &Granted) -> Value {
    let now = world.now();
    let claims = json!({
        "iss": world.issuer,
        "aud": [API_AUDIENCE],
        "client_id": granted.client_id,
        "exp": granted.expires,
        "iat": now,
        "nbf": now,
        "jti": format!("at-{}", world.ledger().issued.access_tokens.len()),
        "scp": granted.scope,
        "sub": account.sub,
        "https://api.openai.com/profile": {"email": account.email, "email_verified": true},
        AUTH_CLAIM: auth_claim(account),
    });
    patched(claims, &account.access_token_claims)
}

fn auth_claim(account: &Account) -> Map<String, Value> {
    let user = account.sub.replace("auth0|", "user-");
    let mut claims = present([
        ("chatgpt_account_id", account.chatgpt_account_id.as_deref()),
        ("chatgpt_plan_type", account.plan.as_deref()),
        ("chatgpt_user_id", Some(&user)),
        ("user_id", Some(&user)),
    ]);
    claims.insert("groups".to_owned(), json!([]));
    claims
}

fn organization_claims(account: &Account) -> Map<String, Value> {
    let mut claims = present([
        ("organization_id", account.organization_id.as_deref()),
        ("project_id", account.project_id.as_deref()),
    ]);
    let completed = account.completed_platform_onboarding;
    claims.insert("completed_platform_onboarding".to_owned(), completed.into());
    claims.insert("is_org_owner".to_owned(), account.is_org_owner.into());
    let role = if account.is_org_owner { "owner" } else { "reader" };
    let organization = |it: &Organization| json!({ "id": it.id, "is_default": it.is_default, "role": role, "title": it.title });
    let all: Vec<Value> = account.organizations.iter().map(organization).collect();
    claims.insert("organizations".to_owned(), all.into());
    claims
}

fn present<const N: usize>(claims: [(&str, Option<&str>); N]) -> Map<String, Value> {
    let present =
        claims.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    present.collect()
}

fn patched(mut claims: Value, patch: &Map<String, Value>) -> Value {
    merge(&mut claims, &Value::Object(patch.clone()));
    claims
}

fn until(world: &World, granted: Granted, lifetime: Duration) -> Granted {
    let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
    Granted { expires: world.now().saturating_add(seconds), ..granted }
}

/// Issues the next fixed secret, or a new one.
pub(crate) fn issue(
    fixed: &[String],
    issued: &mut Vec<String>,
    new: impl FnOnce() -> Result<String, Refusal>,
) -> Result<String, Refusal> {
    let secret = fixed.get(issued.len()).map_or_else(new, |fixed| Ok(fixed.clone()))?;
    issued.push(secret.clone());
    Ok(secret)
}
