use login::sign_in::{self, ApiKeyWish, PendingSignIn, SignedIn};
use printable::excerpt;
use serde_json::{Value, json};

use super::brought;
use super::waiting::{Invitation, OtherWays, tell, warn_of_sudo};
use crate::accounts::{Accounts, shown};
use crate::args::{LoginArgs, SharedArgs};
use crate::environment;
use crate::failure::Failure;
use crate::setup::{Setup, USER_AGENT};

/// `login-cli login`.
pub(crate) async fn run(
    args: &LoginArgs,
    shared: &SharedArgs,
    setup: &Setup,
) -> Result<(), Failure> {
    let terminal = setup.terminal;
    let store = Accounts::chosen(shared)?.store();
    if args.with_api_key {
        return brought::api_key(store, shared, setup).await;
    }
    if args.with_access_token {
        return brought::access_token(store, shared, setup).await;
    }
    setup.has_qr.set(args.browser.qr);
    let http = setup.checked_http(USER_AGENT)?;
    let (location, options) = (store.location(), options(args, shared, setup));
    let signed_in = if args.device {
        let pending = sign_in::start_by_device_code(options, http, store)?;
        warn_of_sudo(setup, shared, &location);
        pending.finish(&|event| tell(setup, &event)).await?
    } else {
        let pending = sign_in::start(options, http, store)?;
        warn_of_sudo(setup, shared, &location);
        by_browser(args, pending, setup).await?
    };

    brought::tell_of_copy(setup, signed_in.set_aside.as_deref());
    setup.waits_no_more();
    terminal.done(&format!(
        "Signed in{}, stored in {}",
        who(&signed_in),
        shown(&signed_in.location)
    ));
    if signed_in.needs_setup {
        terminal.say(
            "Your organization still has to be set up: in the browser, or at \
             https://platform.openai.com.",
        );
    }
    setup.output.document(|| as_json(&signed_in)).map_err(Failure::Output)
}

/// In the browser, unless the person finds another way while it is waited for.
async fn by_browser(
    args: &LoginArgs,
    mut pending: PendingSignIn,
    setup: &Setup,
) -> Result<SignedIn, Failure> {
    let invitation = Invitation {
        purpose: "sign in with ChatGPT",
        args: &args.browser,
        other_ways: OtherWays::AddressOrDevice,
    };
    let _until_signed_in = invitation.extend(setup, pending.authorization());
    Ok(pending.finish(&|event| tell(setup, &event)).await?)
}

fn options(args: &LoginArgs, shared: &SharedArgs, setup: &Setup) -> sign_in::Options {
    let usual = sign_in::Options::new(shared.issuer.clone(), environment::now);
    sign_in::Options {
        client_id: shared.client_id.clone().unwrap_or(usual.client_id),
        ports: setup.callback_ports(&args.ports, &args.browser),
        timeout: args.browser.timeout,
        api_key: if args.no_api_key { ApiKeyWish::Skip } else { ApiKeyWish::Exchange },
        workspaces: args.workspaces.clone(),
        ..usual
    }
}

/// ` as Ada Lovelace <ada@example.com>, plan plus, organization Analytical Engines`, as far as it is
/// known.
fn who(signed_in: &SignedIn) -> String {
    let known = |text: Option<&str>| text.map(|text| excerpt(text, 80));
    let claims = &signed_in.claims;
    let person = match (known(claims.name.as_deref()), known(claims.email.as_deref())) {
        (Some(name), Some(email)) => format!(" as {name} <{email}>"),
        (Some(one), None) | (None, Some(one)) => format!(" as {one}"),
        (None, None) => String::new(),
    };
    let openai = &claims.openai;
    let organization = openai.organization_title().or(openai.organization_id.as_deref());
    let known = [("plan", known(signed_in.plan.as_deref())), ("organization", known(organization))];
    let more = known.into_iter().filter_map(|(what, text)| Some(format!(", {what} {}", text?)));
    person + &more.collect::<String>()
}

fn as_json(signed_in: &SignedIn) -> Value {
    let claims = &signed_in.claims;
    json!({
        "email": claims.email,
        "name": claims.name,
        "plan": signed_in.plan,
        "account_id": claims.openai.chatgpt_account_id,
        "organization_id": claims.openai.organization_id,
        "project_id": claims.openai.project_id,
        "has_api_key": signed_in.has_api_key,
        "needs_setup": signed_in.needs_setup,
        "stored_in": signed_in.location.to_string(),
    })
}
