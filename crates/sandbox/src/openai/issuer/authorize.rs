use url::Url;

use super::page;
use crate::openai::ledger::{AuthorizationRequest, Organizations};
use crate::openai::params::{Params, invalid};
use crate::openai::random;
use crate::openai::world::World;
use crate::record::Recorded;
use crate::response::{Refusal, Response};

/// `GET /oauth/authorize`: the sign-in page, or an error page.
///
/// An invalid request is not redirected: its redirect URI cannot be trusted.
pub(crate) fn authorize(world: &World, request: &Recorded) -> Response {
    match check(world, request) {
        Ok(checked) => sign_in_page(world, checked).unwrap_or_else(Into::into),
        Err(refusal) => page::refused(&refusal),
    }
}

fn sign_in_page(world: &World, checked: AuthorizationRequest) -> Result<Response, Refusal> {
    let ticket = random::secret("ticket-")?;
    let client = world.client(&checked.client_id);
    let client_name = client.map_or("an application", |client| &client.name);
    let response = page::sign_in(client_name, &ticket, &world.scenario.accounts);
    world.ledger().tickets.insert(ticket, checked);
    Ok(response)
}

fn check(world: &World, request: &Recorded) -> Result<AuthorizationRequest, Refusal> {
    let params = Params::from_query(request)?;
    let client_id = params.required("client_id")?;
    if world.client(client_id).is_none() {
        return Err(invalid("client_id is not registered"));
    }
    let redirect_uri = registered_redirect(params.required("redirect_uri")?)?;
    params.required_one_of("response_type", &["code"])?;
    params.required_one_of("code_challenge_method", &["S256"])?;
    if params.get("audience").is_some() {
        params.required_one_of("audience", &[API_AUDIENCE])?;
    }
    Ok(AuthorizationRequest {
        client_id: client_id.to_owned(),
        redirect_uri,
        scope: parse_scope(params.required("scope")?)?,
        code_challenge: sha256_in_base64url(params.required("code_challenge")?)?,
        state: params.required("state")?.to_owned(),
        organizations: organizations(params.get("id_token_add_organizations")),
        workspaces: params.get("allowed_workspace_id").map(list),
    })
}

/// The audience of access tokens.
pub(crate) const API_AUDIENCE: &str = "https://api.openai.com/v1";

/// The redirect URIs that are registered for both clients. Any port is accepted, since tests cannot
/// share the registered one ([RFC 8252 §7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3)).
fn registered_redirect(text: &str) -> Result<Url, Refusal> {
    let hosts = ["http://localhost:", "http://127.0.0.1:"];
    let port =
        hosts.iter().find_map(|host| text.strip_prefix(host)?.strip_suffix("/auth/callback"));
    let is_a_port = |port: &str| port.parse::<u16>().is_ok_and(|p| p > 0 && p.to_string() == port);
    match (port.is_some_and(is_a_port), Url::parse(text)) {
        (true, Ok(url)) => Ok(url),
        _ => Err(invalid("redirect_uri is not registered for this client")),
    }
}

fn parse_scope(text: &str) -> Result<Vec<String>, Refusal> {
    const KNOWN: [&str; 6] = [
        "openid",
        "profile",
        "email",
        "offline_access",
        "api.connectors.read",
        "api.connectors.invoke",
    ];
    let scope: Vec<String> = text.split(' ').map(str::to_owned).collect();
    if !scope.iter().all(|word| KNOWN.contains(&word.as_str())) {
        return Err(invalid("scope has an unknown word"));
    }
    if !scope.iter().any(|word| word == "openid") {
        return Err(invalid("scope lacks openid"));
    }
    Ok(scope)
}

fn sha256_in_base64url(text: &str) -> Result<String, Refusal> {
    let in_alphabet = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if text.len() == 43 && text.chars().all(in_alphabet) {
        Ok(text.to_owned())
    } else {
        Err(invalid("code_challenge is no SHA-256 in base64url"))
    }
}

fn organizations(asked: Option<&str>) -> Organizations {
    match asked {
        Some("true") => Organizations::InTheToken,
        _ => Organizations::LeftOut,
    }
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}
