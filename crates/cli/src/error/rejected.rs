//! Why a request to the callback path was refused.

use oauth_callback_server::RejectedCallback::{
    self, HeaderTooLarge, Https, Malformed, MissingState, NotNavigation, OtherHost, OtherUser,
    StateMismatch,
};

/// The message, and what the user can do.
pub(crate) fn explanation(kind: RejectedCallback) -> (&'static str, &'static str) {
    let again = "close older tabs, and open the address that is shown here";
    match kind {
        Https => (
            "the browser asked for https, and the callback is received on http only",
            "allow http for localhost in the settings of the browser, use another browser, or, for \
             login, give --redirect-host 127.0.0.1",
        ),
        StateMismatch => ("a callback of another sign-in was refused", again),
        MissingState => (
            "a callback without the secret of this sign-in (state) was refused: it may come from someone else",
            "if you cancelled in the browser, press Ctrl-C; otherwise open the address again",
        ),
        Malformed => ("a malformed callback was refused", again),
        NotNavigation => (
            "a callback that is not from a browser window was refused",
            "open the URL in a browser window, not with a script",
        ),
        OtherHost => (
            "a callback for another host or port was refused",
            "forward it to the same port number",
        ),
        OtherUser => (
            "a callback from another user of this machine was refused",
            "if you opened it as another user, run login-cli as that user; if not, someone else \
             knows the address",
        ),
        HeaderTooLarge => (
            "a request with more than 16 KiB of cookies and other headers was refused",
            "delete the browser's cookies for localhost",
        ),
        _ => ("a callback was refused", again),
    }
}
