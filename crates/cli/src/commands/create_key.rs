use std::cell::Cell;

use auth_store::Location;
use http_client::BaseUrl;
use login::create_api_key::{self, Choice, NewApiKey, Patience};
use login::registered::{API_BASE, CREATE_API_KEY_USER_AGENT, ISSUER};
use login::{Event, platform};
use serde_json::{Value, json};

use super::waiting::{Invitation, Opener, OtherWays, tell, warn_of_sudo};
use crate::accounts::{Accounts, shown};
use crate::args::{CreateKeyArgs, SharedArgs};
use crate::failure::Failure;
use crate::setup::Setup;
use crate::{browser, output};

/// `login-cli create-key`.
pub(crate) async fn run(
    args: &CreateKeyArgs,
    shared: &SharedArgs,
    setup: &Setup,
) -> Result<(), Failure> {
    let terminal = setup.terminal;
    servers_belong_together(shared)?;
    output::check_can_be_written().map_err(Failure::Output)?;
    let http = setup.checked_http(CREATE_API_KEY_USER_AGENT)?;
    let mut pending = create_api_key::start(options(args, shared, setup)?, http)?;

    if args.save {
        warn_of_sudo(setup, shared, &Accounts::chosen(shared)?.store().location());
    }
    let invitation = Invitation {
        purpose: "create an API key",
        opener: Opener::chosen(&args.browser, pending.port()),
        port: pending.port(),
        timeout: args.browser.timeout,
        has_qr: args.browser.qr,
        other_ways: OtherWays::Address,
    };
    let keyboard = invitation.show(setup, pending.auth_url());
    if invitation.opener == Opener::ThisProgram {
        pending.open_browser_by(browser::open);
    }
    let _until_signed_in = keyboard.map(|(keyboard, inputs)| {
        pending.listen_to(inputs);
        keyboard
    });
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

/// A token of one issuer never goes to the platform of another.
fn servers_belong_together(shared: &SharedArgs) -> Result<(), Failure> {
    let is = |server: &BaseUrl, default: &str| server.as_str() == default;
    if is(&shared.issuer, ISSUER) == is(&shared.api_base, API_BASE) {
        Ok(())
    } else {
        Err(Failure::ServersApart)
    }
}

fn options(
    args: &CreateKeyArgs,
    shared: &SharedArgs,
    setup: &Setup,
) -> Result<create_api_key::Options, Failure> {
    let SharedArgs { issuer, api_base, client_id, .. } = shared;
    let usual = create_api_key::Options::new(issuer.clone(), api_base.clone());
    Ok(create_api_key::Options {
        session: platform::Options {
            client_id: client_id.clone().unwrap_or(usual.session.client_id),
            ports: setup.callback_ports(&args.ports, &args.browser),
            timeout: args.browser.timeout,
            ..usual.session
        },
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
