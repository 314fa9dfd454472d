use std::time::Duration;

use crate::error::Error;
use crate::response::Response;
use crate::uptime::uptime;

/// Sends a request that must not arrive twice, such as a code exchange or the creation of a key.
///
/// `send` is called once more, and only once, if the first attempt
/// [provably did not reach the server](Error::provably_not_sent), for a transient reason. After any
/// other error, the server may have processed the request. A connect timeout is not retried, nor an
/// attempt of more than ten seconds, counting those in which the machine was suspended; neither is a [proxy that may have rejected the password](Error::is_proxy_authentication_error).
///
/// # Errors
///
/// The error of the last attempt.
pub async fn retry_if_not_sent<F>(send: impl Fn() -> F) -> Result<Response, Error>
where
    F: Future<Output = Result<Response, Error>>,
{
    let window = RetryWindow::open();
    match send().await {
        Err(error) if is_worth_another(&error) && window.is_open() => {
            tracing::debug!(%error, "never sent, so it is sent again");
            send().await
        }
        outcome => outcome,
    }
}

/// The first ten seconds of several requests that have to end together within
/// [`HttpClient::deadline`](crate::HttpClient::deadline): the last one begins in them. They pass while the
/// machine is suspended, too.
#[derive(Clone, Copy, Debug)]
pub struct RetryWindow {
    begun: Duration,
}

/// The usual connect timeout.
const WINDOW: Duration = Duration::from_secs(10);

impl RetryWindow {
    /// The ten seconds from now on.
    #[must_use]
    pub fn open() -> Self {
        Self { begun: uptime() }
    }

    /// Whether another request may begin.
    #[must_use]
    pub fn is_open(&self) -> bool {
        uptime().saturating_sub(self.begun) < WINDOW
    }
}

fn is_worth_another(error: &Error) -> bool {
    error.provably_not_sent()
        && error.is_transient()
        && !error.is_timeout()
        && !error.is_proxy_authentication_error()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Phase;
    use crate::root_cause::RootCause;
    use std::cell::RefCell;

    fn refused() -> Error {
        let (host, source) = ("a.test".into(), RootCause::new("connection refused"));
        Error::Connect { host, source }
    }

    fn timed_out() -> Error {
        timeout_in(Phase::Response)
    }

    fn timeout_in(phase: Phase) -> Error {
        let (host, after) = ("a.test".into(), Duration::from_secs(30));
        Error::Timeout { host, phase, after }
    }

    #[track_caller]
    fn assert_attempts(mut outcomes: Vec<Error>, expected: usize) {
        outcomes.reverse();
        let all = outcomes.len();
        let outcomes = RefCell::new(outcomes);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let last =
            runtime.block_on(retry_if_not_sent(async || Err(outcomes.borrow_mut().pop().unwrap())));
        assert!(last.is_err());
        assert_eq!(all - outcomes.borrow().len(), expected);
    }

    // threats 77
    #[test]
    fn unsent_request_is_retried_once() {
        assert_attempts(vec![refused(), refused(), refused()], 2);
        assert_attempts(vec![refused(), timed_out(), refused()], 2);
        assert_attempts(vec![timed_out(), refused()], 1);
        assert_attempts(vec![timeout_in(Phase::Connecting), refused()], 1);
    }
}
