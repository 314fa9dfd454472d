//! Whether a browser can be opened, by the same search that opens it.

use diagnostics::{Host, RemoteContext};

use super::check::{Check, Verdict};
use crate::environment;
use terminal_ui::{Hint, command, say};

const AREA: &str = "browser";

/// May take as long as the program that knows the default browser.
pub(super) fn checks(here: &Host) -> Vec<Check> {
    vec![judge(here, login::can_open_browser(), environment::missing_browser())]
}

pub(super) fn late() -> Check {
    launcher(Verdict::Note, "the program that knows the default browser does not answer")
        .remedy(without())
}

fn without() -> Hint {
    command("login --no-browser").then(", and open the address yourself")
}

fn judge(here: &Host, can_open: bool, missing: Option<String>) -> Check {
    let obstacle = here.browser_obstacle();
    if let (None, Some(missing)) = (&obstacle, missing) {
        let found = format!("BROWSER names {missing}, which is not there");
        return Check::new(AREA, "launcher", Verdict::Warning, found)
            .remedy(say("name another one in BROWSER, or ").and(without()));
    }
    match obstacle {
        Some(RemoteContext::Codespace(_) | RemoteContext::Editor) => {
            launcher(Verdict::Note, "none opens here, where the editor's screen is not")
                .remedy(without())
        }
        Some(_) => launcher(Verdict::Note, "none opens here, without a screen").remedy(without()),
        None if can_open => launcher(Verdict::Good, "one can be opened"),
        None => launcher(Verdict::Warning, "no program that opens one is there")
            .remedy(say("name one in BROWSER, or ").and(without())),
    }
}

fn launcher(verdict: Verdict, found: &'static str) -> Check {
    Check::new(AREA, "launcher", verdict, found)
}
