use std::cell::Cell;

use auth_store::Location;
use login::Event;
use login::create_api_key::{self, Choice, NewApiKey, Patience};
use serde_json::{Value, json};

use super::platform::{self, client, invite};
use super::waiting::{tell, warn_of_sudo};
use crate::accounts::{Accounts, shown};
use crate::args::{CreateKeyArgs, SharedArgs};
use crate::failure::Failure;
use crate::setup::Setup;

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
        warn_of_sudo(setup, shared, &Accounts::chosen(shared)?.store().location());
    }
    let (purpose, browser) = ("create an API key", &args.platform.browser);
    let _until_signed_in = invite(purpose, pending.session(), browser, setup);
    let deliver = |new: &NewApiKey| {
        setup.output.document(|| as_json(new))?;
        setup.output.text(|| new.key.expose())?;
        setup.at_stake.take();
        Ok(())
    };
    let has_waited = Cell::new(false);
    let tell = |event: Event<'_>| {
        tell(setup, &event);
        match event {
            Event::CallbackReceived => {
                terminal.say("Signed in. Looking for the project of the key.");
            }
            Event::WaitingForProject { .. } if !has_waited.replace(true) => {
                setup.waits("Waiting for the project", Some(args.poll_timeout));
            }
            _ => {}
        }
    };
    let new = pending.finish(&tell, deliver).await?;

    setup.waits_no_more();
    let stored = if args.save { Some(Accounts::chosen(shared)?.store().location()) } else { None };
    terminal.done(&summary(&new, stored.as_ref()));
    Ok(())
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
        save_to: if args.save { Some(Accounts::chosen(shared)?.store()) } else { None },
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
