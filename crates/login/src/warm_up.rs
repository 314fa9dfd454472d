use std::cell::RefCell;
use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use http_client::{BaseUrl, HttpClient};
use tokio::time::sleep;

use crate::event::{Event, Events};

/// Shorter than the time after which servers and the boxes between drop an idle connection.
const STILL_THERE: Duration = Duration::from_secs(30);

/// A network that comes back is noticed before the person is done in the browser.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// A server that will be needed, to which a connection is kept ready.
pub(crate) struct Warm {
    http: HttpClient,
    server: BaseUrl,
    /// Why it cannot be reached, as long as that is so.
    trouble: RefCell<Option<http_client::Error>>,
}

impl Warm {
    pub(crate) fn new(http: &HttpClient, server: &BaseUrl) -> Self {
        Self { http: http.clone(), server: server.clone(), trouble: RefCell::default() }
    }

    /// Why it could not be reached at last, if it could not.
    pub(crate) fn into_trouble(self) -> Option<http_client::Error> {
        self.trouble.into_inner()
    }

    /// Keeps the connection ready for as long as it is polled, and never ends.
    ///
    /// A person needs at least seconds in the browser. Name resolution, TCP and TLS happen in that
    /// time, and so does the bad news, if there is any: it is told once, and so is its end. A proxy
    /// that did not accept a password is not asked again, since that may lock an account.
    pub(crate) async fn keep(&self, events: Events<'_>) -> Infallible {
        loop {
            let outcome = self.http.preconnect(&self.server).await.err();
            let is_refused =
                outcome.as_ref().is_some_and(http_client::Error::is_proxy_authentication_error);
            let pause = if outcome.is_some() { TRY_AGAIN } else { STILL_THERE };
            self.tell(outcome.as_ref(), events);
            self.trouble.replace(outcome);
            if is_refused {
                return pending().await;
            }
            sleep(pause).await;
        }
    }

    fn tell(&self, outcome: Option<&http_client::Error>, events: Events<'_>) {
        let was_told = self.trouble.borrow().is_some();
        match outcome {
            Some(error) if !was_told => events(Event::Unreachable(error)),
            None if was_told => events(Event::ReachedAgain(&self.server)),
            _ => {}
        }
    }
}

/// The outcome of `story`, while `company`, which never ends, is kept going beside it.
pub(crate) async fn alongside<T>(
    story: impl Future<Output = T>,
    company: impl Future<Output = Infallible>,
) -> T {
    tokio::select! {
        biased;
        outcome = story => outcome,
        never = company => match never {},
    }
}
