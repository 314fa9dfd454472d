//! What the person sees in the browser, as complete HTML documents.
//!
//! A page says what happened and what to do next. It works under the content security policy of the
//! callback server, `default-src 'none'` with inline styles: it has no script and loads nothing.
//!
//! # Invariants
//!
//! - Text from outside is escaped, without invisible characters, and cut to one line of 80 columns.
//! - No page holds a secret, except the link of [`finish_setup`], which holds the ID token. That
//!   is why pages with data are wiped when they are dropped.
//! - The constant pages repeat nothing of the request.

mod details;
mod template;
#[cfg(test)]
mod tests;
mod text;

use oauth_callback_server::Pages;
use zeroize::Zeroizing;

pub use details::Details;

use template::fill;

/// One document, assembled at compile time. The template has only the text; the title, the icon and the
/// rest of the head are arguments.
macro_rules! page {
    ($title:literal, $sign:literal, $text:literal $(, head: $head:literal)?) => {
        concat!(
            include_str!("top.html"),
            "<title>", $title, "</title>\n",
            $($head, "\n",)?
            "<style>\n", include_str!("style.css"), "</style>\n</head>\n<body>\n<main>\n",
            include_str!($sign),
            include_str!($text),
            include_str!("bottom.html"),
        )
    };
}

/// The person is signed in, and the credentials are on disk.
#[must_use]
pub fn signed_in(details: Details<'_>) -> Zeroizing<String> {
    const PAGE: &str = page!("Signed in", "check.svg", "signed_in.html");
    fill(PAGE, &[("details", &details::list(details))])
}

/// The person is signed in, and still has to set up the organization at `link`, which is what
/// [`finish_setup_url`](crate::openai::finish_setup_url) returns. The page goes there by itself after a few seconds.
///
/// The only page with a secret: the link holds the ID token. It is served once and never stored.
#[must_use]
pub fn finish_setup(details: Details<'_>, link: &str) -> Zeroizing<String> {
    const PAGE: &str = page!(
        "Signed in, one step left",
        "check.svg",
        "finish_setup.html",
        head: r#"<meta http-equiv="refresh" content="{{seconds}}; url={{link}}">"#
    );
    // Enough time to read the page.
    const SECONDS: &str = "5";
    let details = details::list(details);
    let link = text::escaped(link);
    let values = [("details", details.as_str()), ("link", &link), ("seconds", SECONDS)];
    fill(PAGE, &values)
}

/// The API key exists and was delivered in the terminal; the page shows the title, or else the id, of its
/// organization and project.
#[must_use]
pub fn key_created(organization: &str, project: &str) -> Zeroizing<String> {
    const PAGE: &str = page!("API key created", "check.svg", "key_created.html");
    let rows = [("Organization", Some(organization)), ("Project", Some(project))];
    fill(PAGE, &[("details", &details::list(&rows))])
}

/// The person is signed in for one command; nothing is stored.
pub const LOGGED_IN: &str = page!("Signed in for this once", "check.svg", "logged_in.html");

/// The person is signed in, and selects the project of the key in the terminal.
pub const CHOOSE: &str = page!("Go back to the terminal", "prompt.svg", "choose.html");

/// The authorization was granted, and a later step failed.
pub const SIGN_IN_FAILED: &str = page!("Sign-in failed", "cross.svg", "sign_in_failed.html");

/// The authorization was granted, and no API key was created or delivered.
pub const KEY_FAILED: &str = page!("No API key", "cross.svg", "key_failed.html");

/// The authorization server returned an `error`
/// ([RFC 6749 §4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)).
pub const DENIED: &str = page!("Sign-in was not granted", "cross.svg", "denied.html");

/// The callback has another `state` than this sign-in, or none
/// ([RFC 6749 §10.12](https://www.rfc-editor.org/rfc/rfc6749#section-10.12)). The wait goes on.
pub const STATE_MISMATCH: &str = page!("Link not valid", "cross.svg", "state_mismatch.html");

/// The callback has the right `state`, and another code than the one that was taken.
pub const OTHER_CODE: &str = page!("Another response came first", "cross.svg", "other_code.html");

/// The callback has the right `state` and neither a `code` nor an `error`.
pub const MISSING_CODE: &str = page!("Sign-in incomplete", "cross.svg", "missing_code.html");

/// Another path than the ones in use. The wait goes on.
pub const NOT_FOUND: &str = page!("Nothing here", "prompt.svg", "not_found.html");

/// Another method, host or form than a callback has. The wait goes on.
pub const WRONG_REQUEST: &str = page!("Not a sign-in", "prompt.svg", "wrong_request.html");

/// A request that another web page made, not the person. The wait goes on.
pub const FORBIDDEN: &str = page!("Request refused", "cross.svg", "forbidden.html");

/// A request after the one that ended the sign-in, such as a reload.
pub const ALREADY_DONE: &str = page!("Already done", "prompt.svg", "already_done.html");

/// The pages of the callback server. `failed` is the page for a code whose sign-in fails.
pub(crate) fn callback_pages(failed: &'static str) -> Pages {
    Pages {
        denied: DENIED.into(),
        missing_code: MISSING_CODE.into(),
        failed: failed.into(),
        finished: ALREADY_DONE.into(),
        state_mismatch: STATE_MISMATCH.into(),
        other_code: OTHER_CODE.into(),
        bad_request: WRONG_REQUEST.into(),
        forbidden: FORBIDDEN.into(),
        not_found: NOT_FOUND.into(),
    }
}
