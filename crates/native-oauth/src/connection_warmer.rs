use std::convert::Infallible;
use std::future::pending;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http_client::{BaseUrl, HttpClient};
use tokio::time::sleep;

use crate::event::Event;

/// Shorter than the idle timeouts of servers and middleboxes.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);

/// The pause before the next attempt to reach an unreachable server.
const RETRY_INTERVAL: Duration = Duration::from_secs(5);

/// Keeps a connection to one server open, for the requests that follow the callback.
pub(crate) struct ConnectionWarmer<'a> {
    http: &'a HttpClient,
    server: &'a BaseUrl,
    last_error: Mutex<Option<http_client::Error>>,
}

impl<'a> ConnectionWarmer<'a> {
    pub(crate) fn new(http: &'a HttpClient, server: &'a BaseUrl) -> Self {
        Self { http, server, last_error: Mutex::default() }
    }

    /// The error of the last attempt, if it failed.
    pub(crate) fn into_last_error(self) -> Option<http_client::Error> {
        self.last_error.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the connection, and keeps it open for as long as this is polled.
    ///
    /// The person needs at least seconds in the browser: enough time for DNS, TCP and TLS, and for an
    /// early report of a network problem. A proxy that rejected a password is not asked again,
    /// because repeated failures can lock an account.
    pub(crate) async fn run(&self, events: &(impl Fn(Event<'_>) + ?Sized)) -> Infallible {
        loop {
            let error = self.http.preconnect(self.server).await.err();
            let is_rejected =
                error.as_ref().is_some_and(http_client::Error::is_proxy_authentication_error);
            let pause = if error.is_some() { RETRY_INTERVAL } else { KEEP_ALIVE_INTERVAL };
            self.report(error, events);
            if is_rejected {
                return pending().await;
            }
            sleep(pause).await;
        }
    }

    /// Reports the first failure, and the first success after it.
    fn report(&self, error: Option<http_client::Error>, events: &(impl Fn(Event<'_>) + ?Sized)) {
        let mut last_error = self.last_error.lock().unwrap_or_else(PoisonError::into_inner);
        match (&*last_error, &error) {
            (None, Some(error)) => events(Event::Unreachable(error)),
            (Some(_), None) => events(Event::Reachable(self.server)),
            _ => {}
        }
        *last_error = error;
    }
}
