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

/// Keeps a connection to `server` ready for as long as it is polled, and never ends.
///
/// A person needs at least seconds in the browser. Name resolution, TCP and TLS happen in that time,
/// and so does the bad news, if there is any: it is told once, and so is its end. A proxy that did not
/// accept a password is not asked again, since that may lock an account.
pub(crate) async fn keep_warm(
    http: &HttpClient,
    server: &BaseUrl,
    events: Events<'_>,
) -> Infallible {
    let mut told = false;
    loop {
        let pause = match http.warm_up(server).await {
            Ok(()) => {
                if told {
                    events(Event::ReachedAgain(server));
                }
                told = false;
                STILL_THERE
            }
            Err(error) => {
                if !told {
                    events(Event::Unreachable(&error));
                }
                told = true;
                if error.is_login_refused() {
                    return pending().await;
                }
                TRY_AGAIN
            }
        };
        sleep(pause).await;
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
