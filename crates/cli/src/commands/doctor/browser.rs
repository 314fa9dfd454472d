//! Whether a browser can be opened, by the same search that opens it.

use super::check::{Check, Verdict};
use crate::environment::Surroundings;

const AREA: &str = "browser";

/// May take as long as the program that knows the default browser.
pub(super) fn checks(here: &Surroundings) -> Vec<Check> {
    vec![judge(here, login::can_open_browser())]
}

pub(super) fn late() -> Check {
    launcher(Verdict::Note, "the program that knows the default browser does not answer")
        .remedy(WITHOUT)
}

const WITHOUT: &str = "login-cli login --no-browser, and open the address yourself";

fn judge(here: &Surroundings, can_open: bool) -> Check {
    let is_expected = here.screen || here.wsl || here.browser.is_some();
    match (can_open, is_expected) {
        (true, true) => launcher(Verdict::Good, "one can be opened"),
        (_, false) => launcher(Verdict::Note, "none opens here, without a screen").remedy(WITHOUT),
        (false, true) if here.browser.is_some() => {
            launcher(Verdict::Warning, "what BROWSER names is no program that is there")
                .remedy(format!("name another one in BROWSER, or {WITHOUT}"))
        }
        (false, true) => launcher(Verdict::Warning, "no program that opens one is there")
            .remedy(format!("name one in BROWSER, or {WITHOUT}")),
    }
}

fn launcher(verdict: Verdict, found: &'static str) -> Check {
    Check::new(AREA, "launcher", verdict, found)
}
