use std::io;

use tokio::sync::oneshot;
use url::Url;

use crate::browser::BrowserError;
use crate::event::Event;

/// A browser launch in another thread, if there is one.
#[derive(Debug, Default)]
pub(crate) struct BrowserLaunch {
    outcome: Option<oneshot::Receiver<Result<(), BrowserError>>>,
    /// Nothing else shows the URL.
    is_required: bool,
}

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
        Self { outcome: Some(outcome), is_required: false }
    }

    /// A failure is an error, and not an event.
    pub(crate) fn require(&mut self) {
        self.is_required = true;
    }

    /// Reports a failure, and returns when the outcome is known.
    pub(crate) async fn report(
        self,
        events: &(impl Fn(Event<'_>) + ?Sized),
    ) -> Result<(), BrowserError> {
        let Some(outcome) = self.outcome else { return Ok(()) };
        let error = match outcome.await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error,
            Err(_) => BrowserError::NoBrowser(io::Error::other("its thread ended")),
        };
        tracing::debug!(error = &error as &dyn std::error::Error, "no browser");
        if self.is_required {
            return Err(error);
        }
        events(Event::BrowserNotOpened);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    // threats 184
    #[tokio::test]
    async fn failed_launch_is_reported_once() {
        let url = Url::parse("https://a.test/").unwrap();
        let expected = url.clone();
        let opened = BrowserLaunch::start(&url, move |url| {
            assert_eq!(*url, expected);
            Ok(())
        });
        let failed = || BrowserLaunch::start(&url, |_| Err(BrowserError::UnsupportedScheme));
        let mut required = failed();
        required.require();
        let (_, receiver) = oneshot::channel();
        let without_thread = BrowserLaunch { outcome: Some(receiver), is_required: false };
        for (launch, expected) in [
            (opened, (0, true)),
            (failed(), (1, true)),
            (without_thread, (1, true)),
            (BrowserLaunch::default(), (0, true)),
            (required, (0, false)),
        ] {
            let events = Cell::new(0);
            let report = launch.report(&|_: Event<'_>| events.set(events.get() + 1)).await;
            assert_eq!((events.get(), report.is_ok()), expected);
        }
    }
}
