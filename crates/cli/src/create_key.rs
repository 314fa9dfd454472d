use http_client::BaseUrl;
use login::Event;
use login::create_api_key::{self, Choice, NewApiKey, Patience};
use login::registered::{API_BASE, CREATE_API_KEY_USER_AGENT, ISSUER};
use serde_json::json;

use crate::args::{CreateKeyArgs, SharedArgs};
use crate::environment;
use crate::failure::{Failure, KEY_MAY_EXIST};
use crate::setup::Setup;
use crate::terminal;
use crate::waiting::{invite, tell};

/// `login-cli create-key`.
pub(crate) async fn run(args: &CreateKeyArgs, setup: &Setup) -> Result<(), Failure> {
    let terminal = setup.terminal;
    servers_belong_together(&args.shared)?;
    let http = setup.http(CREATE_API_KEY_USER_AGENT)?;
    let mut pending = create_api_key::start(options(args, setup)?, http)?;

    invite(terminal, "create an API key", &args.browser, pending.auth_url());
    if !args.browser.no_browser {
        pending.open_browser();
    }
    let deliver = |new: &NewApiKey| {
        let text = if args.shared.json { as_json(new) } else { new.key.expose().to_owned() };
        terminal::result(&text).map_err(Into::into)
    };
    let tell = |event: Event<'_>| {
        if matches!(event, Event::CreatingApiKey) {
            setup.at_stake.set(Some(KEY_MAY_EXIST));
        }
        tell(terminal, &event);
    };
    let new = pending.finish(&tell, deliver).await?;

    terminal.done(&summary(&new));
    if args.save {
        terminal.say(&format!("It is kept in {} as well.", setup.store()?.path().display()));
    }
    Ok(())
}

/// A token of one issuer never goes to the platform of another.
fn servers_belong_together(args: &SharedArgs) -> Result<(), Failure> {
    let is = |server: &BaseUrl, default: &str| server.as_str() == default;
    if is(&args.issuer, ISSUER) == is(&args.api_base, API_BASE) {
        Ok(())
    } else {
        Err(Failure::ServersApart)
    }
}

fn options(args: &CreateKeyArgs, setup: &Setup) -> Result<create_api_key::Options, Failure> {
    let SharedArgs { issuer, api_base, .. } = &args.shared;
    Ok(create_api_key::Options {
        client_id: args.client_id.clone(),
        port: args.port,
        timeout: args.browser.timeout,
        name: args.name.clone(),
        choice: Choice { organization: args.organization.clone(), project: args.project.clone() },
        patience: Patience { interval: args.poll_interval, timeout: args.poll_timeout },
        save_to: if args.save { Some(setup.store()?) } else { None },
        ..create_api_key::Options::new(issuer.clone(), api_base.clone(), environment::now)
    })
}

/// `Created the API key "Codex CLI" for Default project (proj_1) of Personal (org-1).`
fn summary(new: &NewApiKey) -> String {
    let titled = |title: &Option<String>, id: &str| match title {
        Some(title) => format!("{} ({id})", printable::excerpt(title, 80)),
        None => id.to_owned(),
    };
    let organization = titled(&new.organization.title, new.organization.id.as_str());
    let project = titled(&new.project.title, new.project.id.as_str());
    format!("Created the API key \"{}\" for {project} of {organization}.", new.name)
}

fn as_json(new: &NewApiKey) -> String {
    json!({
        "organization": { "id": new.organization.id.as_str(), "title": new.organization.title },
        "project": { "id": new.project.id.as_str(), "title": new.project.title },
        "name": new.name,
        "api_key": new.key.expose(),
    })
    .to_string()
}
