use url::Url;

use super::page;
use crate::openai::issuer::grant::{self, Binding};
use crate::openai::ledger::{AuthorizationRequest, Granted};
use crate::openai::params::{Params, invalid};
use crate::openai::world::World;
use crate::record::Recorded;
use crate::response::{Refusal, Response};
use crate::{Account, Iss, WhenChosen, Workspaces};

/// `POST /oauth/authorize`: the selection of an account on the sign-in page, or "Cancel".
pub(crate) fn choose(world: &World, request: &Recorded) -> Response {
    match callback(world, request) {
        Ok(url) => Response::redirect(url.as_str()),
        Err(refusal) => page::refused(&refusal),
    }
}

fn callback(world: &World, request: &Recorded) -> Result<Url, Refusal> {
    let params = Params::from_body(request)?;
    let ticket = world.ledger().tickets.remove(params.required("ticket")?);
    let asked = ticket.ok_or_else(|| invalid("this sign-in page was used already"))?;
    let choice = params.required("account")?;
    let chosen = |account: &Account| account.sub == choice;
    let index = world.scenario.accounts.iter().position(chosen);
    let url = match index {
        Some(index) => chosen_callback(world, &asked, index)?,
        None => denied(&asked, "The person cancelled the sign-in."),
    };
    Ok(with_iss(world, url))
}

fn chosen_callback(
    world: &World,
    asked: &AuthorizationRequest,
    index: usize,
) -> Result<Url, Refusal> {
    let account = world.account(index)?;
    if account.when_chosen == WhenChosen::Denies {
        return Ok(denied(asked, "The person denied the request."));
    }
    let is_restricted = world.scenario.policy.workspaces == Workspaces::Restricted;
    if is_restricted && !may_use_workspace(account, asked) {
        return Ok(denied(asked, "This workspace is not allowed."));
    }
    let code = grant::code(world, binding(world, asked, index))?;
    Ok(redirect(asked, &[("code", &code), ("scope", &asked.scope.join(" "))]))
}

fn binding(world: &World, asked: &AuthorizationRequest, account: usize) -> Binding {
    Binding {
        granted: Granted {
            account,
            client_id: asked.client_id.clone(),
            scope: asked.scope.clone(),
            organizations: asked.organizations,
            family: world.ledger().new_family(),
            expires: 0,
        },
        redirect_uri: asked.redirect_uri.to_string(),
        code_challenge: asked.code_challenge.clone(),
    }
}

fn may_use_workspace(account: &Account, asked: &AuthorizationRequest) -> bool {
    let Some(allowed) = &asked.workspaces else { return true };
    let own = account.chatgpt_account_id.as_ref();
    own.is_some_and(|own| allowed.contains(own))
}

/// The error response of
/// [RFC 6749 §4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1).
fn denied(asked: &AuthorizationRequest, description: &str) -> Url {
    let error = [("error", "access_denied"), ("error_description", description)];
    redirect(asked, &error)
}

fn redirect(asked: &AuthorizationRequest, params: &[(&str, &str)]) -> Url {
    let mut url = asked.redirect_uri.clone();
    url.query_pairs_mut().extend_pairs(params).append_pair("state", &asked.state);
    url
}

fn with_iss(world: &World, mut url: Url) -> Url {
    if world.scenario.iss == Iss::Issuer {
        url.query_pairs_mut().append_pair("iss", &world.issuer);
    }
    url
}
