use std::time::Duration;

use login::Event;
use url::Url;

use crate::args::BrowserArgs;
use crate::terminal::Terminal;

/// Says where to go, in the order in which a person needs it: the address first, what happens by
/// itself after it.
pub(crate) fn invite(terminal: Terminal, purpose: &str, args: &BrowserArgs, auth_url: &Url) {
    let how = if args.no_browser { "Open this address" } else { "Your browser opens to" };
    if args.no_browser {
        terminal.say(&format!("{how} to {purpose}:"));
    } else {
        terminal.say(&format!("{how} {purpose}. If it does not, open this address:"));
    }
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
            terminal.warn(&format!("{}; trying again", crate::failure::chain(error)));
        }
        Event::WaitingForProject { seen, again_in } => {
            terminal.say(&format!("Not yet: {seen}. Looking again in {}.", in_words(*again_in)));
        }
        _ => {}
    }
}

/// `15 minutes`, `90 seconds`: the largest unit that needs no fraction.
fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    let (count, unit) = match seconds {
        0 => return format!("{} ms", time.as_millis()),
        _ if seconds % 3600 == 0 => (seconds / 3600, "hour"),
        _ if seconds % 60 == 0 => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_said_in_its_largest_whole_unit() {
        let words = |seconds| in_words(Duration::from_secs(seconds));
        assert_eq!(words(900), "15 minutes");
        assert_eq!(words(60), "1 minute");
        assert_eq!(words(90), "90 seconds");
        assert_eq!(words(7200), "2 hours");
        assert_eq!(in_words(Duration::from_millis(250)), "250 ms");
    }
}
