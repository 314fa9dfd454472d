//! What looked like the callback and was refused, in words for a person and for a program.

use oauth_callback_server::RejectedCallback::{
    self, HeaderTooLarge, Https, Malformed, MissingState, NotNavigation, OtherHost, OtherUser,
    StateMismatch,
};

/// A word that stays, for programs.
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

/// What was refused, in one line.
pub(crate) fn what(kind: RejectedCallback) -> &'static str {
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

/// What helps. Where nobody can paste, an address is not asked for.
pub(crate) fn hint(kind: RejectedCallback, can_paste: bool) -> &'static str {
    match (kind, can_paste) {
        (Https, true) => {
            "paste the address of that page here and press Enter; or start login again with \
             --redirect-host 127.0.0.1; if the browser insists on https there too, allow http for that \
             address in its settings"
        }
        (Https, false) => {
            "start login again with --redirect-host 127.0.0.1; if the browser insists on https there \
             too, allow http for that address in its settings"
        }
        (MissingState, _) => {
            "if you cancelled in the browser, press Ctrl-C; otherwise open the address again"
        }
        (NotNavigation, true) => {
            "open the address in a browser, or paste the address where it ends here"
        }
        (NotNavigation, false) => "open the address in a browser, and let no script follow it",
        (OtherHost, true) => {
            "forward the port under the same number, or paste the address of that page here and press Enter"
        }
        (OtherHost, false) => "forward the port under the same number",
        (OtherUser, _) => {
            "if that was you under another name, sign in as that user; otherwise somebody has seen the address"
        }
        (HeaderTooLarge, true) => {
            "delete the browser's cookies for localhost, or paste the address of that page here and press Enter"
        }
        (HeaderTooLarge, false) => "delete the browser's cookies for localhost",
        _ => "close older tabs, and open the address that is shown here",
    }
}
