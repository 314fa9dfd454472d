use tokio::sync::oneshot;
use url::Url;
use webbrowser::{Browser, BrowserOptions};

use crate::event::{Event, Events};

/// A browser that is being started, if one is.
#[derive(Debug, Default)]
pub(crate) struct Launch(Option<oneshot::Receiver<()>>);

/// Starts the default browser, and waits for nothing.
///
/// Starting one can take a tenth of a second, and a launcher may hang for good, so it happens on a
/// thread that nobody joins. A launcher that fails later than it returns stays unheard, which is why
/// the URL is always printed as well.
pub(crate) fn open(url: &Url) -> Launch {
    let (failed, hears_of_failure) = oneshot::channel();
    let url = url.to_string();
    let launch = move || {
        let mut quietly = BrowserOptions::new();
        quietly.with_suppress_output(true);
        if let Err(error) = webbrowser::open_browser_with_options(Browser::Default, &url, &quietly)
        {
            tracing::debug!(%error, "no browser");
            // Nobody listens any more when the sign-in is over already.
            let _ = failed.send(());
        }
    };
    if let Err(error) = std::thread::Builder::new().name("browser".into()).spawn(launch) {
        tracing::debug!(%error, "no thread for the browser");
    }
    Launch(Some(hears_of_failure))
}

/// Whether there is a program to open a browser with. None is started, but for the one that knows
/// which browser is the default; it may hang, so ask where that does no harm.
#[must_use]
pub fn can_open_browser() -> bool {
    Browser::is_available()
}

impl Launch {
    /// Tells when the browser could not be started; ends when that is known.
    pub(crate) async fn watch(self, events: Events<'_>) {
        if let Self(Some(hears_of_failure)) = self
            && hears_of_failure.await.is_ok()
        {
            events(Event::BrowserNotOpened);
        }
    }
}
