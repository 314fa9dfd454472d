use std::cell::Cell;

use auth_store::Location;
use login::create_api_key::{self, Candidates, Choice, NewApiKey, Patience, PendingApiKey};
use login::{Error, Event, Undecided, Undelivered};
use serde_json::{Value, json};
use terminal_ui::{Keyboard, Select};

use super::platform::{self, client};
use super::waiting::{Invitation, OtherWays, tell, warn_of_sudo};
use crate::args::{CreateKeyArgs, SharedArgs};
use crate::failure::Failure;
use crate::profiles::{Profiles, shown};
use crate::project_menu;
use crate::setup::Setup;
use crate::signals::Interrupt;

/// `login-cli create-key`.
pub(crate) async fn run(
    args: &CreateKeyArgs,
    shared: &SharedArgs,
    setup: &Setup,
) -> Result<(), Failure> {
    let terminal = setup.terminal;
    let http = client(shared, setup)?;
    let mut pending = create_api_key::start(options(args, shared, setup)?, http)?;

    if args.save {
        warn_of_sudo(setup, shared, &Profiles::chosen(shared)?.store().location());
    }
    let (purpose, browser) = ("create an API key", &args.platform.browser);
    let invitation = Invitation { purpose, args: browser, other_ways: OtherWays::Address };
    let keyboard = invitation.extend(setup, pending.authorization());
    let new = make(pending, keyboard, (args, shared), setup).await?;

    setup.waits_no_more();
    let stored = if args.save { Some(Profiles::chosen(shared)?.store().location()) } else { None };
    terminal.success(&summary(&new, stored.as_ref()));
    Ok(())
}

/// Waits for the person, and asks them where there is a choice and somebody to make it.
async fn make(
    pending: PendingApiKey,
    keyboard: Option<Keyboard>,
    (args, shared): (&CreateKeyArgs, &SharedArgs),
    setup: &Setup,
) -> Result<NewApiKey, Failure> {
    let terminal = setup.terminal;
    let keyboard = Cell::new(keyboard);
    let (has_waited, is_choosing) = (Cell::new(false), Cell::new(false));
    let tell = |event: Event<'_>| {
        // The screen is the menu's then; what stays wrong is told where it matters.
        if is_choosing.get() {
            return;
        }
        tell(setup, &event);
        match event {
            Event::CallbackReceived => {
                // From here on the keys are for the menu.
                keyboard.take();
                terminal.say("Signed in. Looking for the project of the key.");
            }
            Event::WaitingForProject { .. } if !has_waited.replace(true) => {
                setup.waits("Waiting for the project", Some(args.poll_timeout));
            }
            _ => {}
        }
    };
    let deliver = |new: &NewApiKey| deliver(new, setup);
    let choose = async |candidates: Candidates| {
        setup.waits_no_more();
        is_choosing.set(true);
        let target = project_menu::choose(candidates, terminal).await;
        is_choosing.set(false);
        target
    };
    let can_ask = shared.json.is_none() && Select::can_ask(terminal);
    let choose = can_ask.then_some(choose);
    pending.finish_choosing(choose, &tell, deliver).await.map_err(undecided)
}

fn deliver(new: &NewApiKey, setup: &Setup) -> Result<(), Undelivered> {
    setup.output.document(|| as_json(new))?;
    setup.output.text(|| new.key.expose())?;
    setup.end_spending();
    Ok(())
}

/// Whoever turns the choice down ends the program, as with Ctrl-C.
fn undecided(error: Error) -> Failure {
    match error {
        Error::Undecided(Undecided::Declined) => {
            Failure::Interrupted { by: Interrupt::CtrlC, at_stake: None }
        }
        other => other.into(),
    }
}

fn options(
    args: &CreateKeyArgs,
    shared: &SharedArgs,
    setup: &Setup,
) -> Result<create_api_key::Options, Failure> {
    Ok(create_api_key::Options {
        session: platform::options(&args.platform, shared, setup),
        name: args.name.clone(),
        choice: Choice { organization: args.organization.clone(), project: args.project.clone() },
        patience: Patience { interval: args.poll_interval, timeout: args.poll_timeout },
        save_to: if args.save { Some(Profiles::chosen(shared)?.store()) } else { None },
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
    let end = stored.map_or_else(|| ".".to_owned(), |it| format!(", stored in {}", shown(it)));
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
