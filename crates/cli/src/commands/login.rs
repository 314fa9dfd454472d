use login::Event;
use login::openai::MissingClaim;
use login::sign_in::{self, ApiKeyMode, ApiKeyOutcome, SignedIn};
use login::stored::Restrictions;
use oauth_callback_server::RedirectHost;
use printable::excerpt;
use serde_json::{Value, json};

use super::login_with_credential;
use crate::args::LoginArgs;
use crate::context::Context;
use crate::error::CliError;
use crate::events::Reporter;
use crate::prompt::{Alternatives, Prompt};
use crate::sudo_warning::warn_of_sudo;

/// `login-cli login`.
pub(crate) async fn run(args: &LoginArgs, context: &Context) -> Result<(), CliError> {
    let profiles = context.profiles()?;
    if args.with_api_key {
        return login_with_credential::api_key(&profiles, context).await;
    }
    if args.with_access_token {
        let client_id = context.args.client_id.clone();
        let restrictions = Restrictions { workspaces: args.workspaces.clone(), client_id };
        return login_with_credential::access_token(&profiles, &restrictions, context).await;
    }
    let sign_in = context.stored_sign_in(&profiles, &profiles.selected)?;
    sign_in.http().check().map_err(CliError::Setup)?;
    let (location, options) = (profiles.store().location(), options(args, context));
    let reporter = Reporter { has_qr: args.browser.qr, ..Reporter::new(context) };
    let events = |event: Event<'_>| reporter.report(&event);
    if args.device || is_for_phone(args) {
        warn_of_sudo(context, &location);
        return report(sign_in::by_device_code(options, sign_in, &events).await?, context);
    }
    let mut pending = sign_in::start(options, sign_in)?;
    warn_of_sudo(context, &location);
    let prompt = Prompt {
        purpose: "sign in with ChatGPT",
        args: &args.browser,
        alternatives: Alternatives::PasteOrDeviceCode,
    };
    let _until_signed_in = prompt.show(context, pending.authorization());
    report(pending.finish(&events).await?, context)
}

/// A phone that opens the URL of a browser would return to its own localhost. An option of that URL needs
/// the browser all the same.
fn is_for_phone(args: &LoginArgs) -> bool {
    let has_options = !args.callback.ports.is_empty()
        || !args.authorization.scopes.is_empty()
        || args.authorization.redirect_host != RedirectHost::Localhost;
    args.browser.qr && !has_options
}

/// Reports the new sign-in.
fn report(signed_in: SignedIn, context: &Context) -> Result<(), CliError> {
    let terminal = context.terminal;
    context.status_lines.clear();
    let SignedIn { location, backup, replaced, .. } = &signed_in;
    let how = describe_sign_in(&signed_in);
    login_with_credential::report(context, &how, location, backup.as_deref(), replaced.as_ref());
    if let ApiKeyOutcome::Unavailable(missing) = signed_in.api_key {
        terminal.say(&format!("There is no API key: {missing}."));
    }
    if signed_in.claims.additional.auth.needs_setup() {
        terminal.say(
            "Your organization is not set up yet: finish the setup at https://platform.openai.com.",
        );
    }
    let document = as_json(&signed_in);
    let error = match signed_in.api_key {
        ApiKeyOutcome::Failed(error) => Some(CliError::SignedInWithoutApiKey(error)),
        _ => None,
    };
    context.finish(document, error)
}

fn options(args: &LoginArgs, context: &Context) -> sign_in::Options {
    let usual = sign_in::Options::default();
    sign_in::Options {
        redirect: context
            .callback_ports(&args.callback, usual.redirect.clone())
            .redirect_host(args.authorization.redirect_host),
        timeout: args.browser.timeout,
        api_key: match (args.api_key.no_api_key, args.api_key.require_api_key) {
            (true, _) => ApiKeyMode::Skip,
            (false, true) => ApiKeyMode::Required,
            (false, false) => ApiKeyMode::IfPossible,
        },
        scopes: args.authorization.scopes.clone(),
        workspaces: args.workspaces.clone(),
        cancellation: context.interruption.cancellation.clone(),
    }
}

/// ` as Ada Lovelace <ada@example.com>, plan plus, organization Analytical Engines, with a new API key`.
fn describe_sign_in(signed_in: &SignedIn) -> String {
    let claims = &signed_in.claims;
    let auth = &claims.additional.auth;
    let shown = |text: Option<&str>| text.map(|text| excerpt(text, 80));
    let user = login_with_credential::user(claims.name.as_deref(), claims.email.as_deref());
    let organization = auth.organization_title().or(auth.organization_id.as_deref());
    let has_key = matches!(signed_in.api_key, ApiKeyOutcome::Created { .. });
    let parts = [
        (" as", user),
        (", plan", shown(signed_in.plan.as_deref())),
        (", organization", shown(organization)),
        (", with", has_key.then(|| "a new API key".to_owned())),
    ];
    parts.into_iter().filter_map(|(label, text)| Some(format!("{label} {}", text?))).collect()
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
        "has_api_key": matches!(signed_in.api_key, ApiKeyOutcome::Created { .. }),
        "no_api_key_reason": no_api_key_reason(&signed_in.api_key),
        "needs_setup": signed_in.claims.additional.auth.needs_setup(),
        "stored_in": signed_in.location.to_string(),
        "replaced": signed_in.replaced.as_ref().map(login_with_credential::replaced_as_json),
    })
}

/// A stable identifier; null where there is a key.
fn no_api_key_reason(api_key: &ApiKeyOutcome) -> Option<&'static str> {
    match api_key {
        ApiKeyOutcome::Created { .. } => None,
        ApiKeyOutcome::NotRequested => Some("not_requested"),
        ApiKeyOutcome::Unavailable(MissingClaim::Project) => Some("no_api_project"),
        ApiKeyOutcome::Unavailable(MissingClaim::Organization) => Some("no_api_organization"),
        _ => Some("failed"),
    }
}
