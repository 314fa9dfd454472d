use std::io;
use std::process::ExitStatus;

use tokio::sync::oneshot;
use url::Url;
use webbrowser::{Browser, BrowserOptions};

use crate::event::{Event, Events};

/// Why no browser was opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotOpened {
    /// A browser would run or read it, instead of asking a server for it.
    #[error("only http and https are opened in a browser")]
    NotOfTheWeb,
    /// The system has no browser, or its launcher could not be started.
    #[error("no browser could be started")]
    NoBrowser(#[source] io::Error),
    /// The launcher was started, and failed.
    #[error("the launcher of the browser failed: {0}")]
    Failed(ExitStatus),
}

/// A browser that is being started, if one is.
#[derive(Debug, Default)]
pub(crate) struct Launch(Option<oneshot::Receiver<Result<(), NotOpened>>>);

/// Has `open` start a browser, and waits for nothing.
///
/// Starting one can take a tenth of a second, and a launcher may hang for good, so it happens on a
/// thread that nobody joins.
pub(crate) fn launch(
    url: &Url,
    open: impl FnOnce(&Url) -> Result<(), NotOpened> + Send + 'static,
) -> Launch {
    let (tell, outcome) = oneshot::channel();
    let url = url.clone();
    // Nobody listens any more when the sign-in is over already.
    let launch = move || drop(tell.send(open(&url)));
    if let Err(error) = std::thread::Builder::new().name("browser".into()).spawn(launch) {
        tracing::debug!(%error, "no thread for the browser");
    }
    Launch(Some(outcome))
}

/// Opens the default browser, from this process.
///
/// Returns when a launcher is started; one that fails later stays unheard. It runs in the session of
/// this process, and a browser that draws on the terminal, such as `lynx`, would take it over: who has
/// a terminal should call this in a process without one.
///
/// # Errors
///
/// [`NotOpened::NotOfTheWeb`] for a URL that is neither `http` nor `https`, [`NotOpened::NoBrowser`]
/// when nothing could be started.
pub fn open_default_browser(url: &Url) -> Result<(), NotOpened> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(NotOpened::NotOfTheWeb);
    }
    let mut quietly = BrowserOptions::new();
    quietly.with_suppress_output(true);
    webbrowser::open_browser_with_options(Browser::Default, url.as_str(), &quietly)
        .map_err(NotOpened::NoBrowser)
}

/// Whether there is a program to open a browser with. None is started, but for the one that knows
/// which browser is the default; it may hang, so ask where that does no harm.
#[must_use]
pub fn can_open_browser() -> bool {
    Browser::is_available()
}

impl Launch {
    /// Tells when the browser could not be opened; ends when that is known.
    pub(crate) async fn watch(self, events: Events<'_>) {
        let Self(Some(outcome)) = self else { return };
        match outcome.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::debug!(error = &error as &dyn std::error::Error, "no browser");
                events(Event::BrowserNotOpened);
            }
            // There is no thread that could have opened one.
            Err(_) => events(Event::BrowserNotOpened),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    // threats 182
    #[test]
    fn what_is_not_of_the_web_is_not_opened() {
        for url in ["file:///etc/passwd", "javascript:alert(1)", "data:text/html,x", "x-app:--run"]
        {
            let outcome = open_default_browser(&url.parse().unwrap());
            assert!(matches!(outcome, Err(NotOpened::NotOfTheWeb)), "{url}");
        }
    }

    // threats 184
    #[tokio::test]
    async fn a_browser_that_is_not_opened_is_told_of_once() {
        let told = |launch: Launch| async {
            let events = Cell::new(0);
            launch.watch(&|_| events.set(events.get() + 1)).await;
            events.get()
        };
        let url = Url::parse("https://a.test/").unwrap();
        let seen = url.clone();
        let opened = launch(&url, move |url| {
            assert_eq!(*url, seen);
            Ok(())
        });
        assert_eq!(told(opened).await, 0);
        assert_eq!(told(launch(&url, |_| Err(NotOpened::NotOfTheWeb))).await, 1);
        let (_, without_thread) = oneshot::channel();
        assert_eq!(told(Launch(Some(without_thread))).await, 1);
        assert_eq!(told(Launch::default()).await, 0);
    }
}
