use std::fmt;

use hyper::body::Bytes;
use zeroize::Zeroizing;

/// An HTML page. It may contain a secret link: `Debug` does not show it, and its bytes are wiped with its last
/// clone.
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

/// The pages that do not depend on the outcome. They are constant, so they contain nothing of a request.
#[derive(Clone, Debug)]
pub struct Pages {
    /// 403: the authorization server, or the user, denied the request.
    pub denied: Page,
    /// 400: the callback has no code.
    pub missing_code: Page,
    /// 500, or 400 for a wrong issuer: the sign-in failed. Also the page if a
    /// [`BrowserResponder`](crate::BrowserResponder) is dropped.
    pub failed: Page,
    /// 200: the redirect page was already served. 302: the body of the redirect.
    pub finished: Page,
    /// 400: the callback of another sign-in.
    pub state_mismatch: Page,
    /// 409: the right `state` with another code than the first callback.
    pub other_code: Page,
    /// 400, 405, 413, 414, 415, 431, 501: not a valid request for the callback.
    pub bad_request: Page,
    /// 403: a request of another web page, host or user.
    pub forbidden: Page,
    /// 404: another path.
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
    /// One sentence each.
    fn default() -> Self {
        Self {
            denied: plain!("Sign-in was not completed"),
            missing_code: plain!("Missing authorization code"),
            failed: plain!("Sign-in failed"),
            finished: plain!("Sign-in is finished. You can close this window."),
            state_mismatch: plain!("State parameter mismatch"),
            other_code: plain!("This sign-in already has a response"),
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
    fn debug_output_is_redacted() {
        let page = Page::from("<a href=canary>".to_owned());
        assert_eq!(format!("{page:?}"), "Page([redacted])");
        assert!(!format!("{:?}", Pages::default()).contains('<'));
    }
}
