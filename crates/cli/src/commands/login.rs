use login::BindOptions;
use login::sign_in::{self, ApiKeyMode, ApiKeyOutcome, PendingSignIn, SignedIn};
use login::stored::Restrictions;
use printable::excerpt;
use serde_json::{Value, json};

use super::login_with_credential;
use super::waiting::{Invitation, OtherWays, tell, warn_of_sudo};
use crate::args::{LoginArgs, SharedArgs};
use crate::environment;
use crate::failure::Failure;
use crate::profiles::{Profiles, shown};
use crate::setup::{Setup, USER_AGENT};

/// `login-cli login`.
pub(crate) async fn run(
    args: &LoginArgs,
    shared: &SharedArgs,
    setup: &Setup,
) -> Result<(), Failure> {
    let profiles = Profiles::chosen(shared)?;
    if args.with_api_key {
        return login_with_credential::api_key(&profiles, shared, setup).await;
    }
    if args.with_access_token {
        let client_id = shared.client_id.clone();
        let restrictions = Restrictions { workspaces: args.workspaces.clone(), client_id };
        return login_with_credential::access_token(&profiles, &restrictions, shared, setup).await;
    }
    setup.has_qr.set(args.browser.qr);
    let http = setup.checked_http(USER_AGENT)?;
    let store = profiles.store();
    let (location, options) = (store.location(), options(args, &profiles, shared, setup)?);
    let signed_in = if args.device {
        let pending = sign_in::start_by_device_code(options, http, store)?;
        warn_of_sudo(setup, shared, &location);
        pending.finish(&|event| tell(setup, &event)).await?
    } else {
        let pending = sign_in::start(options, http, store)?;
        warn_of_sudo(setup, shared, &location);
        by_browser(args, pending, setup).await?
    };

    report(signed_in, setup)
}

/// Says who signed in, and what else there is to know.
fn report(signed_in: SignedIn, setup: &Setup) -> Result<(), Failure> {
    let terminal = setup.terminal;
    login_with_credential::tell_of_copy(setup, signed_in.backup.as_deref());
    setup.waits_no_more();
    let place = shown(&signed_in.location);
    terminal.success(&format!("Signed in{}, stored in {place}", who(&signed_in)));
    if let Some(replaced) = &signed_in.replaced {
        login_with_credential::tell_of_replaced(setup, replaced);
    }
    if let ApiKeyOutcome::Unavailable { claim } = signed_in.api_key {
        let what = if claim == "project_id" { "project" } else { "organization" };
        terminal.say(&format!("There is no API key: this account has no API {what}."));
    }
    if signed_in.needs_setup {
        terminal.say(
            "Your organization still has to be set up: in the browser, or at \
             https://platform.openai.com.",
        );
    }
    let mut document = as_json(&signed_in);
    let failure = match signed_in.api_key {
        ApiKeyOutcome::Failed(error) => Some(Failure::SignedInWithoutApiKey(error)),
        _ => None,
    };
    if let Some(failure) = &failure {
        document["error"] = failure.document(setup);
    }
    setup.output.document(|| document).map_err(Failure::Output)?;
    failure.map_or(Ok(()), Err)
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

fn options(
    args: &LoginArgs,
    profiles: &Profiles,
    shared: &SharedArgs,
    setup: &Setup,
) -> Result<sign_in::Options, Failure> {
    let usual = sign_in::Options::new(shared.issuer.clone(), environment::now);
    Ok(sign_in::Options {
        client_id: shared.client_id.clone().unwrap_or(usual.client_id),
        redirect: BindOptions {
            redirect_host: args.authorization.redirect_host,
            ..setup.callback_ports(&args.callback, usual.redirect.clone())
        },
        timeout: args.browser.timeout,
        api_key: match (args.api_key.no_api_key, args.api_key.require_api_key) {
            (true, _) => ApiKeyMode::Skip,
            (false, true) => ApiKeyMode::Required,
            (false, false) => ApiKeyMode::IfPossible,
        },
        scopes: args.authorization.scopes.clone(),
        workspaces: args.workspaces.clone(),
        other_stores: profiles.other_stores(&profiles.selected),
        cancellation: setup.cancellation.clone(),
        ..usual
    })
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
    let auth = &claims.additional.auth;
    let organization = auth.organization_title().or(auth.organization_id.as_deref());
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
        "account_id": claims.additional.auth.chatgpt_account_id,
        "organization_id": claims.additional.auth.organization_id,
        "project_id": claims.additional.auth.project_id,
        "has_api_key": matches!(signed_in.api_key, ApiKeyOutcome::Created),
        "no_api_key_reason": no_api_key_reason(&signed_in.api_key),
        "needs_setup": signed_in.needs_setup,
        "stored_in": signed_in.location.to_string(),
        "replaced": signed_in.replaced.as_ref().map(login_with_credential::replaced_as_json),
    })
}

/// A stable identifier; null where there is a key.
fn no_api_key_reason(api_key: &ApiKeyOutcome) -> Option<&'static str> {
    match api_key {
        ApiKeyOutcome::Created => None,
        ApiKeyOutcome::NotRequested => Some("not_requested"),
        ApiKeyOutcome::Unavailable { claim: "project_id" } => Some("no_api_project"),
        ApiKeyOutcome::Unavailable { .. } => Some("no_api_organization"),
        _ => Some("failed"),
    }
}
