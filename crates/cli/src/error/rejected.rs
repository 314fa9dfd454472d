//! Why a request to the callback path was refused.

use oauth_callback_server::RejectedCallback::{
    self, HeaderTooLarge, Https, Malformed, MissingState, NotNavigation, OtherHost, OtherUser,
    StateMismatch,
};
use terminal_ui::{Hint, say};

/// A stable identifier for programs.
pub(crate) fn reason(kind: RejectedCallback) -> &'static str {
    match kind {
        Https => "https",
        StateMismatch => "state_mismatch",
        MissingState => "missing_state",
        Malformed => "malformed",
        NotNavigation => "not_navigation",
        OtherHost => "other_host",
        OtherUser => "other_user",
        HeaderTooLarge => "header_too_large",
        _ => "other",
    }
}

pub(crate) fn message(kind: RejectedCallback) -> &'static str {
    match kind {
        Https => "the browser asked for https, and the callback is received on http only",
        StateMismatch => "a callback of another sign-in was refused",
        MissingState => "a callback without a state was refused, because anyone could have sent it",
        Malformed => "a damaged callback was refused",
        NotNavigation => "a callback that no browser window asked for was refused",
        OtherHost => "a callback for another host or port was refused",
        OtherUser => "a callback from another user of this machine was refused",
        HeaderTooLarge => {
            "a request with more than 16 KiB of cookies and other headers was refused"
        }
        _ => "a callback was refused",
    }
}

pub(crate) fn remedy(kind: RejectedCallback) -> &'static str {
    match kind {
        Https => {
            "start login again with --redirect-host 127.0.0.1; if the browser insists on https there \
             too, allow http for that address in its settings"
        }
        MissingState => {
            "if you cancelled in the browser, press Ctrl-C; otherwise open the address again"
        }
        NotNavigation => "open the address in a browser, and let no script follow it",
        OtherHost => "forward the port under the same number",
        OtherUser => {
            "if that was you under another name, sign in as that user; otherwise somebody has seen \
             the address"
        }
        HeaderTooLarge => "delete the browser's cookies for localhost",
        _ => "close older tabs, and open the address that is shown here",
    }
}

/// The remedy, and the other one if the user can paste a URL.
pub(crate) fn hint(kind: RejectedCallback, can_paste: bool) -> Hint {
    match kind {
        Https | NotNavigation | OtherHost | HeaderTooLarge if can_paste => say(remedy(kind))
            .then("; or paste the address of the page where it ends here and press Enter"),
        _ => say(remedy(kind)),
    }
}
