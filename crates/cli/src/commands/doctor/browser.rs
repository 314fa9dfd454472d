//! Whether a browser can be opened, by the same search that opens it.

use super::check::{Check, Verdict};
use crate::environment;
use crate::surroundings::{BrowserPlace, Surroundings, Why};
use terminal_ui::{Hint, command, say};

const AREA: &str = "browser";

/// May take as long as the program that knows the default browser.
pub(super) fn checks(here: &Surroundings) -> Vec<Check> {
    vec![judge(here, login::can_open_browser(), environment::missing_browser())]
}

pub(super) fn late() -> Check {
    launcher(Verdict::Note, "the program that knows the default browser does not answer")
        .remedy(without())
}

fn without() -> Hint {
    command("login --no-browser").then(", and open the address yourself")
}

fn judge(here: &Surroundings, can_open: bool, missing: Option<String>) -> Check {
    if let (BrowserPlace::Here, Some(missing)) = (here.browser_place(), missing) {
        let found = format!("BROWSER names {missing}, which is not there");
        return Check::new(AREA, "launcher", Verdict::Warning, found)
            .remedy(say("name another one in BROWSER, or ").and(without()));
    }
    match (here.browser_place(), can_open) {
        (BrowserPlace::Elsewhere(Why::Codespace | Why::Editor), _) => {
            launcher(Verdict::Note, "none opens here, where the editor's screen is not")
                .remedy(without())
        }
        (BrowserPlace::Elsewhere(_), _) => {
            launcher(Verdict::Note, "none opens here, without a screen").remedy(without())
        }
        (BrowserPlace::Here, true) => launcher(Verdict::Good, "one can be opened"),
        (BrowserPlace::Here, false) => {
            launcher(Verdict::Warning, "no program that opens one is there")
                .remedy(say("name one in BROWSER, or ").and(without()))
        }
    }
}

fn launcher(verdict: Verdict, found: &'static str) -> Check {
    Check::new(AREA, "launcher", verdict, found)
}
