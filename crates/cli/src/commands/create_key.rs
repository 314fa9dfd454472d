use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use auth_store::Location;
use login::create_api_key::{self, Choice, NewApiKey, PendingApiKey, PollPolicy, ProjectChoices};
use login::stored::identity_without_verifying;
use login::{DeliveryError, Error, Event};
use serde_json::{Value, json};
use terminal_ui::{Keyboard, Select};

use super::login_with_credential::user;
use super::platform::{self, client};
use crate::args::CreateKeyArgs;
use crate::context::Context;
use crate::error::CliError;
use crate::mutex::lock;
use crate::output::check_is_open;
use crate::profiles::display_location;
use crate::project_menu;
use crate::prompt::{Alternatives, Prompt};
use crate::signals::Interrupt;
use crate::sudo_warning::warn_of_sudo;

/// `login-cli create-key`.
pub(crate) async fn run(args: &CreateKeyArgs, context: &Context) -> Result<(), CliError> {
    let terminal = context.terminal;
    let http = client(context)?;
    if !args.save {
        // The platform shows a key only once.
        check_is_open()?;
    }
    let mut pending = create_api_key::start(options(args, context)?, http)?;

    if args.save {
        warn_of_sudo(context, &context.profiles()?.store().location());
    }
    let (purpose, browser) = ("create an API key", &args.platform.browser);
    let prompt = Prompt { purpose, args: browser, alternatives: Alternatives::Paste };
    let keyboard = prompt.show(context, pending.authorization());
    let new = make(pending, keyboard, args, context).await?;

    context.status_lines.clear();
    let stored = if args.save { Some(context.profiles()?.store().location()) } else { None };
    terminal.success(&summary(&new, stored.as_ref()));
    if args.save {
        warn_of_other_account(&new, context)?;
    }
    Ok(())
}

/// The browser may be signed in to another account than the one that is stored.
fn warn_of_other_account(new: &NewApiKey, context: &Context) -> Result<(), CliError> {
    let Ok(Some(document)) = context.profiles()?.store().load() else { return Ok(()) };
    let Some(claims) = identity_without_verifying(&document) else { return Ok(()) };
    let auth = &claims.additional.auth;
    let mut own =
        auth.organizations.iter().map(|it| &it.id).chain(&auth.organization_id).peekable();
    if own.peek().is_some() && own.all(|id| id != new.organization.id.as_str()) {
        let user = user(claims.name.as_deref(), claims.email.as_deref());
        let user = user.unwrap_or_else(|| "another account".to_owned());
        context.terminal.warn(&format!(
            "the API key may be of another account than the stored sign-in: {user} is not in the \
             organization {}",
            new.organization.id
        ));
    }
    Ok(())
}

/// Waits for the user, and shows the menu if there are several projects and a terminal.
async fn make(
    pending: PendingApiKey,
    keyboard: Option<Keyboard>,
    args: &CreateKeyArgs,
    context: &Context,
) -> Result<NewApiKey, CliError> {
    let terminal = context.terminal;
    let keyboard = Mutex::new(keyboard);
    let (has_waited, is_choosing) = (AtomicBool::new(false), AtomicBool::new(false));
    let report = |event: Event<'_>| {
        // The menu owns the screen; an error that lasts is reported later.
        if is_choosing.load(Ordering::Relaxed) {
            return;
        }
        context.report(&event);
        match event {
            Event::CallbackReceived => {
                // From here on the menu reads the keyboard.
                lock(&keyboard).take();
                terminal.say("Signed in. Looking for the project of the key.");
            }
            Event::WaitingForProject { .. } if !has_waited.swap(true, Ordering::Relaxed) => {
                context.status_lines.push("Waiting for the project", Some(args.poll_timeout));
            }
            _ => {}
        }
    };
    let deliver = |new: &NewApiKey| deliver(new, context);
    let choose = async |candidates: ProjectChoices| {
        context.status_lines.clear();
        is_choosing.store(true, Ordering::Relaxed);
        let target = project_menu::choose(candidates, terminal).await;
        is_choosing.store(false, Ordering::Relaxed);
        target
    };
    let can_ask = context.args.json.is_none() && Select::can_ask(terminal);
    let choose = can_ask.then_some(choose);
    pending.finish(choose, &report, deliver).await.map_err(undecided)
}

fn deliver(new: &NewApiKey, context: &Context) -> Result<(), DeliveryError> {
    let written = context.output.document(|| as_json(new));
    written.and_then(|()| context.output.text(|| new.key.expose())).map_err(|error| error.0)?;
    context.interruption.clear();
    Ok(())
}

/// Cancelling the menu ends the program like Ctrl-C.
fn undecided(error: Error) -> CliError {
    match error {
        Error::NothingChosen => {
            CliError::Interrupted { by: Interrupt::CtrlC, note: None, no_key: true }
        }
        other => other.into(),
    }
}

fn options(args: &CreateKeyArgs, context: &Context) -> Result<create_api_key::Options, CliError> {
    Ok(create_api_key::Options {
        session: platform::options(&args.platform, context),
        name: args.name.clone(),
        choice: Choice { organization: args.organization.clone(), project: args.project.clone() },
        poll: PollPolicy { interval: args.poll_interval, timeout: args.poll_timeout },
        save_to: if args.save { Some(context.profiles()?.store()) } else { None },
    })
}

/// `Created the API key "Codex CLI" for Default project (proj_1) of Personal (org-1)`, and where it is
/// kept.
fn summary(new: &NewApiKey, stored: Option<&Location>) -> String {
    let titled = |title: &Option<String>, id: &str| match title {
        Some(title) => format!("{} ({id})", printable::excerpt(title, 80)),
        None => id.to_owned(),
    };
    let organization = titled(&new.organization.title, new.organization.id.as_str());
    let project = titled(&new.project.title, new.project.id.as_str());
    let end =
        stored.map_or_else(|| ".".to_owned(), |it| format!(", stored in {}", display_location(it)));
    format!("Created the API key \"{}\" for {project} of {organization}{end}", new.name)
}

fn as_json(new: &NewApiKey) -> Value {
    json!({
        "organization": { "id": new.organization.id.as_str(), "title": new.organization.title },
        "project": { "id": new.project.id.as_str(), "title": new.project.title },
        "name": new.name,
        "api_key": new.key.expose(),
    })
}
