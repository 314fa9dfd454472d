use login::Event;
use url::Url;

use crate::args::BrowserArgs;
use crate::failure::{chain, key_may_exist, network_hint};
use crate::setup::Setup;
use crate::terminal::{Terminal, in_words};

/// Says where to go, in the order in which a person needs it: the address first, what happens by
/// itself after it.
pub(crate) fn invite(terminal: Terminal, purpose: &str, args: &BrowserArgs, auth_url: &Url) {
    terminal.say(&if args.no_browser {
        format!("Open this address to {purpose}:")
    } else {
        format!("Your browser opens to {purpose}. If it does not, open this address:")
    });
    terminal.address(auth_url.as_str());
    let limit = in_words(args.timeout);
    terminal.say(&format!("Waiting for the browser, up to {limit}. Ctrl-C cancels."));
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
