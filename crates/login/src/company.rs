use std::convert::Infallible;
use std::future::pending;

use http_client::{BaseUrl, HttpClient};
use oauth_callback_server::WaitError;
use tokio::join;

use crate::browser::Launch;
use crate::error::Error;
use crate::event::Events;
use crate::warm_up::{Warm, alongside};

/// What goes on beside the wait for a person: the browser is watched, and a connection to each server
/// is kept ready.
pub(crate) struct Company {
    browser: Launch,
    issuer: Warm,
    platform: Option<Warm>,
}

impl Company {
    pub(crate) fn new(browser: Launch, http: &HttpClient, issuer: &BaseUrl) -> Self {
        Self { browser, issuer: Warm::new(http, issuer), platform: None }
    }

    /// With this server as well.
    pub(crate) fn and(self, http: &HttpClient, platform: &BaseUrl) -> Self {
        Self { platform: Some(Warm::new(http, platform)), ..self }
    }

    /// The outcome of `story`. Where nobody came in time and a server could not be reached, it says
    /// that too: the wait alone would not have helped.
    pub(crate) async fn beside<T>(
        self,
        story: impl Future<Output = Result<T, Error>>,
        events: Events<'_>,
    ) -> Result<T, Error> {
        let Self { browser, issuer, platform } = self;
        let company = async {
            join!(browser.watch(events), issuer.keep(events), keep(platform.as_ref(), events)).1
        };
        let outcome = alongside(story, company).await;
        let trouble = issuer.into_trouble().or_else(|| platform?.into_trouble());
        match (outcome, trouble) {
            (Err(Error::Callback(WaitError::TimedOut { after, .. })), Some(source)) => {
                Err(Error::Unreached { after, source })
            }
            (outcome, _) => outcome,
        }
    }
}

async fn keep(server: Option<&Warm>, events: Events<'_>) -> Infallible {
    match server {
        Some(server) => server.keep(events).await,
        None => pending().await,
    }
}
