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
    let terminal = setup.terminal;
    match event {
        Event::BrowserNotOpened => {
            terminal.warn("no browser could be started; open the address above yourself");
        }
        Event::Unreachable(error) => {
            terminal.warn(&format!("{}; trying again", chain(error)));
            if let Some(hint) = network_hint(error) {
                terminal.hint(&hint);
            }
        }
        Event::ReachedAgain(server) => terminal.say(&format!("{server} can be reached now.")),
        Event::WaitingForProject { seen, failure, again_in } => {
            let seen = failure.map_or_else(|| seen.to_string(), |failure| chain(failure));
            terminal.say(&format!("Not yet: {seen}. Looking again in {}.", in_words(*again_in)));
        }
        Event::CreatingApiKey { name } => setup.at_stake.set(Some(key_may_exist(name))),
        Event::Kept { location } => {
            let kept = format!("the credentials are in {location} all the same");
            setup.at_stake.set(Some(kept));
        }
        Event::WaitingForAnotherProgram => {
            terminal.say("Another program is using the stored sign-in; waiting for it.");
        }
        Event::Refreshing => setup.spends(Some(
            "a refresh was under way, and its answer may be lost: if login-cli token now says that \
             the sign-in is not valid any more, sign in again with login-cli login",
        )),
        Event::Refreshed => setup.spends(None),
        Event::RefreshPostponed(error) => {
            terminal.warn(&format!("{}; the old token is good for a little longer", chain(error)));
        }
        Event::NotRevoked(error) => terminal.warn(&format!(
            "the sign-in that was replaced could not be revoked, and may still be valid: {}",
            chain(error)
        )),
        _ => {}
    }
}
