use std::io;
use std::process::ExitStatus;

use tokio::sync::oneshot;
use url::Url;
use webbrowser::{Browser, BrowserOptions};

use crate::event::Event;

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
    #[error("the launcher of the browser failed: {0}")]
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

/// A browser launch in another thread, if there is one.
#[derive(Debug, Default)]
pub(crate) struct BrowserLaunch(Option<oneshot::Receiver<Result<(), BrowserError>>>);

impl BrowserLaunch {
    /// Calls `open` in a thread of its own that nothing joins: a launch can take a tenth of a second,
    /// and a launcher can hang.
    pub(crate) fn start(
        url: &Url,
        open: impl FnOnce(&Url) -> Result<(), BrowserError> + Send + 'static,
    ) -> Self {
        let (sender, outcome) = oneshot::channel();
        let url = url.clone();
        // The receiver is gone when the sign-in has already ended.
        let launch = move || drop(sender.send(open(&url)));
        if let Err(error) = std::thread::Builder::new().name("browser".into()).spawn(launch) {
            tracing::debug!(%error, "no thread for the browser");
        }
        Self(Some(outcome))
    }

    /// Reports a failure, and returns when the outcome is known.
    pub(crate) async fn report(self, events: &(impl Fn(Event<'_>) + ?Sized)) {
        let Self(Some(outcome)) = self else { return };
        match outcome.await {
            Ok(Ok(())) => return,
            Ok(Err(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "no browser");
            }
            Err(_) => tracing::debug!("the thread of the browser did not start"),
        }
        events(Event::BrowserNotOpened);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    // threats 182
    #[test]
    fn open_browser_refuses_schemes_other_than_http_and_https() {
        for url in ["file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "x-app:--run"]
        {
            let outcome = open_browser(&url.parse().unwrap());
            assert!(matches!(outcome, Err(BrowserError::UnsupportedScheme)), "{url}");
        }
    }

    // threats 184
    #[tokio::test]
    async fn failed_launch_is_reported_once() {
        let reports = |launch: BrowserLaunch| async {
            let events = Cell::new(0);
            launch.report(&|_: Event<'_>| events.set(events.get() + 1)).await;
            events.get()
        };
        let url = Url::parse("https://a.test/").unwrap();
        let expected = url.clone();
        let opened = BrowserLaunch::start(&url, move |url| {
            assert_eq!(*url, expected);
            Ok(())
        });
        assert_eq!(reports(opened).await, 0);
        let failed = BrowserLaunch::start(&url, |_| Err(BrowserError::UnsupportedScheme));
        assert_eq!(reports(failed).await, 1);
        let (_, without_thread) = oneshot::channel();
        assert_eq!(reports(BrowserLaunch(Some(without_thread))).await, 1);
        assert_eq!(reports(BrowserLaunch::default()).await, 0);
    }
}
