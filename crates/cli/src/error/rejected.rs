//! Why a request to the callback path was refused.

use oauth_callback_server::RejectedCallback::{
    self, HeaderTooLarge, Https, Malformed, MissingState, NotNavigation, OtherHost, OtherUser,
    StateMismatch,
};
use terminal_ui::{Hint, say};

/// The stable identifier for programs, and the message.
pub(crate) fn reason(kind: RejectedCallback) -> (&'static str, &'static str) {
    match kind {
        Https => {
            ("https", "the browser asked for https, and the callback is received on http only")
        }
        StateMismatch => ("state_mismatch", "a callback of another sign-in was refused"),
        MissingState => {
            let why = "a callback without a state was refused, because anyone could have sent it";
            ("missing_state", why)
        }
        Malformed => ("malformed", "a damaged callback was refused"),
        NotNavigation => {
            ("not_navigation", "a callback that is not from a browser window was refused")
        }
        OtherHost => ("other_host", "a callback for another host or port was refused"),
        OtherUser => ("other_user", "a callback from another user of this machine was refused"),
        HeaderTooLarge => {
            let what = "a request with more than 16 KiB of cookies and other headers was refused";
            ("header_too_large", what)
        }
        _ => ("other", "a callback was refused"),
    }
}

/// What the user of a command can do instead.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Remedies {
    /// Choose the host of the redirect URI: the command has `--redirect-host`.
    pub(crate) redirect_host: bool,
    /// Paste the URL where the browser ended.
    pub(crate) paste: bool,
}

pub(super) fn remedy(kind: RejectedCallback, remedies: Remedies) -> &'static str {
    match kind {
        Https if remedies.redirect_host => {
            "start login again with --redirect-host 127.0.0.1; if the browser insists on https there \
             too, allow http for that address in its settings"
        }
        Https => "allow http for localhost in the settings of the browser, or use another browser",
        MissingState => {
            "if you cancelled in the browser, press Ctrl-C; otherwise open the address again"
        }
        NotNavigation => "open the address in a browser, and let no script follow it",
        OtherHost => "forward the port under the same number",
        OtherUser => {
            "if that was you under another name, sign in as that user; otherwise someone else has seen \
             the address"
        }
        HeaderTooLarge => "delete the browser's cookies for localhost",
        _ => "close older tabs, and open the address that is shown here",
    }
}

/// The remedy, and the other one if the user can paste a URL.
pub(crate) fn hint(kind: RejectedCallback, remedies: Remedies) -> Hint {
    let hint = say(remedy(kind, remedies));
    match kind {
        Https | NotNavigation | OtherHost | HeaderTooLarge if remedies.paste => {
            hint.then("; or paste the address of the page where it ends here and press Enter")
        }
        _ => hint,
    }
}
