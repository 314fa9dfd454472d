use std::time::Duration;

use auth_store::Location;
use login::Event;
use url::Url;

use crate::args::{BrowserArgs, SharedArgs};
use crate::environment;
use crate::failure::{chain, key_may_exist, network_hint};
use crate::setup::Setup;
use crate::surroundings::{BrowserPlace, Help};
use crate::terminal::{Terminal, in_words};

/// Who opens the address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Opener {
    ThisProgram,
    /// The person, who is told how their browser comes back.
    Person(Help),
}

impl Opener {
    /// As asked for, and as the surroundings allow, for a callback that comes to this port.
    pub(crate) fn chosen(args: &BrowserArgs, port: u16) -> Self {
        let here = environment::surroundings();
        match here.browser_place() {
            _ if args.no_browser => Self::Person(here.help_by_hand(port)),
            BrowserPlace::Here => Self::ThisProgram,
            BrowserPlace::Elsewhere(why) => Self::Person(here.help(why, port)),
        }
    }
}

/// Says where to go, in the order in which a person needs it: the address first, how the browser comes
/// back after it, what happens by itself last.
pub(crate) fn invite(
    terminal: Terminal,
    purpose: &str,
    opener: &Opener,
    timeout: Duration,
    auth_url: &Url,
) {
    terminal.say(&match opener {
        Opener::Person(_) => format!("Open this address to {purpose}:"),
        Opener::ThisProgram => {
            format!("Your browser opens to {purpose}. If it does not, open this address:")
        }
    });
    terminal.address(auth_url.as_str());
    if let Opener::Person(help) = opener {
        help.sentences.iter().for_each(|sentence| terminal.say(sentence));
        help.command.iter().for_each(|command| terminal.command(command));
    }
    let limit = in_words(timeout);
    terminal.say(&format!("Waiting for the browser, up to {limit}. Ctrl-C cancels."));
}

/// Warns whoever is about to make root's what may be meant for themselves.
pub(crate) fn warn_of_sudo(setup: &Setup, shared: &SharedArgs, store: &Location) {
    if let Some(sudo) = environment::sudo(shared.codex_home.as_deref()) {
        setup.terminal.warn(&sudo.warning(&store.to_string()));
    }
}

/// Says what happens while the person waits, and remembers what they would have to know if they
/// stopped it now.
pub(crate) fn tell(setup: &Setup, event: &Event<'_>) {
    remember(setup, event);
    if let Some(text) = news(event) {
        setup.terminal.say(&text);
    }
    if let Some(text) = trouble(event) {
        setup.terminal.warn(&text);
    }
    if let Event::Unreachable(error) = event
        && let Some(hint) = network_hint(error)
    {
        setup.terminal.hint(&setup.completed(&hint));
    }
}

fn remember(setup: &Setup, event: &Event<'_>) {
    match event {
        Event::CreatingApiKey { name } => setup.at_stake.set(Some(key_may_exist(name))),
        Event::Kept { location } => {
            let kept = format!("the credentials are in {location} all the same");
            setup.at_stake.set(Some(kept));
        }
        Event::Refreshing => setup.spends(Some(
            "a refresh was under way, and its answer may be lost: if login-cli token now says that \
             the sign-in is not valid any more, sign in again with login-cli login",
        )),
        Event::Refreshed => setup.spends(None),
        _ => {}
    }
}

/// What goes its way, and only takes time.
fn news(event: &Event<'_>) -> Option<String> {
    Some(match event {
        Event::ReachedAgain(server) => format!("{server} can be reached now."),
        Event::WaitingForProject { seen, failure, again_in } => {
            let seen = failure.map_or_else(|| seen.to_string(), |failure| chain(failure));
            format!("Not yet: {seen}. Looking again in {}.", in_words(*again_in))
        }
        Event::WaitingForAnotherProgram => {
            "Another program is using the stored sign-in; waiting for it.".to_owned()
        }
        _ => return None,
    })
}

/// What does not, and ends nothing.
fn trouble(event: &Event<'_>) -> Option<String> {
    Some(match event {
        Event::BrowserNotOpened => {
            "no browser could be started; open the address above yourself".to_owned()
        }
        Event::Unreachable(error) => format!("{}; trying again", chain(error)),
        Event::RefreshPostponed(error) => {
            format!("{}; the old token is good for a little longer", chain(error))
        }
        Event::NotRevoked(error) => format!(
            "the sign-in that was replaced could not be revoked, and may still be valid: {}",
            chain(error)
        ),
        _ => return None,
    })
}
