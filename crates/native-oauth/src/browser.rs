use std::io;
use std::process::ExitStatus;

use url::Url;
use webbrowser::{Browser, BrowserOptions};

/// Why no browser was opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrowserError {
    /// The scheme is not that of a web page: the browser could run the URL or read a file.
    #[error("only http and https are opened in a browser")]
    UnsupportedScheme,
    /// The system has no browser, or its launcher did not start.
    #[error("no browser could be started")]
    NoBrowser(#[source] io::Error),
    /// The launcher started, and failed.
    #[error("the browser launcher failed: {0}")]
    LauncherFailed(ExitStatus),
}

/// Opens the default browser from this process, and returns when its launcher has started.
///
/// The launcher runs in the session of this process. A browser that draws on the terminal, such as
/// `lynx`, takes the terminal over; to prevent that, call this in a process without a terminal.
///
/// # Errors
///
/// [`BrowserError::UnsupportedScheme`] for a URL that is neither `http` nor `https`,
/// [`BrowserError::NoBrowser`] when no launcher started.
pub fn open_browser(url: &Url) -> Result<(), BrowserError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(BrowserError::UnsupportedScheme);
    }
    let mut options = BrowserOptions::new();
    options.with_suppress_output(true);
    webbrowser::open_browser_with_options(Browser::Default, url.as_str(), &options)
        .map_err(BrowserError::NoBrowser)
}

/// Whether the system has a program that opens a browser. This can start a program that names the
/// default browser, and that program can hang.
#[must_use]
pub fn can_open_browser() -> bool {
    Browser::is_available()
}

#[cfg(test)]
mod tests {
    use super::*;

    // threats 182
    #[test]
    fn open_browser_refuses_schemes_other_than_http_and_https() {
        for url in ["file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "x-app:--run"]
        {
            let outcome = open_browser(&url.parse().unwrap());
            assert!(matches!(outcome, Err(BrowserError::UnsupportedScheme)), "{url}");
        }
    }
}
