use std::convert::Infallible;
use std::future::pending;

use futures_util::FutureExt as _;
use futures_util::future::{join, join_all, try_join};
use http_client::{BaseUrl, HttpClient};
use oauth_callback_server::{Rejections, WaitError};
use tokio::select;

use crate::browser_launch::BrowserLaunch;
use crate::connection_warmer::ConnectionWarmer;
use crate::error::Error;
use crate::event::Event;

/// What runs during the wait for the person: reports of the browser and of the callback server, and
/// open connections to the servers that are needed afterwards.
pub(crate) struct BackgroundTasks<'a> {
    pub(crate) browser: BrowserLaunch,
    pub(crate) rejections: Rejections,
    pub(crate) http: &'a HttpClient,
    pub(crate) servers: Vec<&'a BaseUrl>,
}

impl BackgroundTasks<'_> {
    /// Runs `wait`, and the tasks until it is done. If `wait` times out while a server is unreachable,
    /// the error is [`Error::Unreachable`]: a longer wait would not have helped.
    pub(crate) async fn run_with<T>(
        self,
        wait: impl Future<Output = Result<T, Error>>,
        events: &(impl Fn(Event<'_>) + ?Sized),
    ) -> Result<T, Error> {
        let Self { browser, rejections, http, servers } = self;
        let warmers = servers.into_iter().map(|server| ConnectionWarmer::new(http, server));
        let warmers: Vec<_> = warmers.collect();
        let tasks = async {
            let keep_open = join_all(warmers.iter().map(|warmer| warmer.run(events)));
            let reports = join(report_rejections(rejections, events), keep_open).map(Ok);
            try_join(browser.report(events), reports).await
        };
        let outcome = select! {
            biased;
            outcome = wait => outcome,
            outcome = tasks => match outcome {
                Ok((_, (never, _))) => match never {},
                Err(error) => Err(Error::BrowserNotOpened(error)),
            },
        };
        let last_error = || warmers.into_iter().find_map(ConnectionWarmer::into_last_error);
        match outcome {
            Err(Error::Callback(WaitError::TimedOut { after, rejected })) => {
                Err(match last_error() {
                    Some(source) => Error::Unreachable { after, source },
                    None => WaitError::TimedOut { after, rejected }.into(),
                })
            }
            outcome => outcome,
        }
    }
}

async fn report_rejections(
    mut rejections: Rejections,
    events: &(impl Fn(Event<'_>) + ?Sized),
) -> Infallible {
    while let Some(rejected) = rejections.next().await {
        events(Event::CallbackRejected(rejected));
    }
    pending().await
}
