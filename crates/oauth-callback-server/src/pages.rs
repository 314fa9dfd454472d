use std::fmt;

use hyper::body::Bytes;
use zeroize::Zeroizing;

/// An HTML page for the browser. It may hold a secret link: its bytes are wiped with its last
/// clone, and never shown.
#[derive(Clone)]
pub struct Page(Bytes);

impl Page {
    pub(crate) fn bytes(&self) -> Bytes {
        self.0.clone()
    }
}

impl From<String> for Page {
    fn from(html: String) -> Self {
        Self(Bytes::from_owner(Zeroizing::new(html)))
    }
}

impl From<Zeroizing<String>> for Page {
    fn from(html: Zeroizing<String>) -> Self {
        Self(Bytes::from_owner(html))
    }
}

impl From<&'static str> for Page {
    fn from(html: &'static str) -> Self {
        Self(Bytes::from_static(html.as_bytes()))
    }
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Page([redacted])")
    }
}

/// The pages that do not depend on how a sign-in ends. They are the same for everyone who asks, so
/// nothing of a request can be in them.
#[derive(Clone, Debug)]
pub struct Pages {
    /// 403: the authorization server said no, and why is in the terminal.
    pub denied: Page,
    /// 400: the authorization server sent no code.
    pub missing_code: Page,
    /// 500, and 400 for a wrong issuer: the sign-in failed. Also what the browser sees when a
    /// [`BrowserResponder`](crate::BrowserResponder) is dropped.
    pub failed: Page,
    /// 200: the landing page was shown already; 302: the browser is on its way there.
    pub finished: Page,
    /// 400: a callback of another sign-in.
    pub state_mismatch: Page,
    /// 409: the right `state`, and another code than the one that was taken.
    pub other_code: Page,
    /// 400, 405, 413, 414, 415, 431, 501: not a request that a browser makes for a sign-in.
    pub bad_request: Page,
    /// 403: the request of a page that has no business here.
    pub forbidden: Page,
    /// 404: there is nothing here but the callback.
    pub not_found: Page,
}

macro_rules! plain {
    ($text:literal) => {
        Page::from(concat!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>",
            $text,
            "</title>\n<p>",
            $text,
            "</p>\n"
        ))
    };
}

impl Default for Pages {
    /// One plain sentence each.
    fn default() -> Self {
        Self {
            denied: plain!("Sign-in was not completed"),
            missing_code: plain!("Missing authorization code"),
            failed: plain!("Sign-in failed"),
            finished: plain!("Sign-in is finished. You can close this window."),
            state_mismatch: plain!("State parameter mismatch"),
            other_code: plain!("This sign-in has had its answer already"),
            bad_request: plain!("Bad request"),
            forbidden: plain!("Forbidden"),
            not_found: plain!("Not found"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // threats 6
    #[test]
    fn debug_never_shows_a_page() {
        let page = Page::from("<a href=canary>".to_owned());
        assert_eq!(format!("{page:?}"), "Page([redacted])");
        assert!(!format!("{:?}", Pages::default()).contains('<'));
    }
}
