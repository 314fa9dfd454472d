use login::Event;
use url::Url;

use crate::args::BrowserArgs;
use crate::failure::chain;
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

/// Says what happens while the person waits.
pub(crate) fn tell(terminal: Terminal, event: &Event<'_>) {
    match event {
        Event::BrowserNotOpened => {
            terminal.warn("no browser could be started; open the address above yourself");
        }
        Event::Unreachable(error) => {
            terminal.warn(&format!("{}; trying again", chain(error)));
        }
        Event::WaitingForProject { seen, again_in } => {
            terminal.say(&format!("Not yet: {seen}. Looking again in {}.", in_words(*again_in)));
        }
        _ => {}
    }
}
