use std::time::Duration;

use tokio::time::Instant;

use crate::error::Error;
use crate::response::Response;
use crate::uptime::uptime;

/// Sends a request that must not arrive twice, such as a code exchange or the creation of a key.
///
/// `send` is called once more, and only once, if the first attempt
/// [provably did not reach the server](Error::provably_not_sent), for a transient reason. After any
/// other error, the server may have processed the request. A connect timeout is not retried, nor an
/// attempt of more than ten seconds, counting those in which the machine was suspended; neither is a
/// [proxy that may have rejected the password](Error::is_proxy_authentication_error).
///
/// # Errors
///
/// The error of the last attempt.
pub async fn retry_if_not_sent<F>(send: impl Fn() -> F) -> Result<Response, Error>
where
    F: Future<Output = Result<Response, Error>>,
{
    RetryWindow::open(WINDOW).retry_if_not_sent(send).await
}

/// The usual connect timeout. With a shorter one, a slow response before the last request has this long.
pub(crate) const WINDOW: Duration = Duration::from_secs(10);

/// The time in which the last of several requests has to begin, so that they end together within
/// [`HttpClient::deadline`](crate::HttpClient::deadline). It passes while the machine is suspended, too.
#[derive(Clone, Copy, Debug)]
pub struct RetryWindow {
    uptime: Duration,
    /// The clock of the timeouts, which a test can advance.
    begun: Instant,
    length: Duration,
}

impl RetryWindow {
    pub(crate) fn open(length: Duration) -> Self {
        Self { uptime: uptime(), begun: Instant::now(), length }
    }

    /// Whether another request may begin.
    #[must_use]
    pub fn is_open(&self) -> bool {
        uptime().saturating_sub(self.uptime).max(self.begun.elapsed()) < self.length
    }

    /// The same as [`retry_if_not_sent`], which has a window of its own.
    ///
    /// # Errors
    ///
    /// The error of the last attempt.
    pub async fn retry_if_not_sent<F>(&self, send: impl Fn() -> F) -> Result<Response, Error>
    where
        F: Future<Output = Result<Response, Error>>,
    {
        match send().await {
            Err(error) if is_worth_another(&error) && self.is_open() => {
                tracing::debug!(%error, "never sent, so it is sent again");
                send().await
            }
            outcome => outcome,
        }
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
    fn assert_attempts(outcomes: Vec<Error>, expected: usize) {
        assert_attempts_within(WINDOW, outcomes, expected);
    }

    #[track_caller]
    fn assert_attempts_within(window: Duration, mut outcomes: Vec<Error>, expected: usize) {
        outcomes.reverse();
        let all = outcomes.len();
        let outcomes = RefCell::new(outcomes);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let send = async || Err(outcomes.borrow_mut().pop().unwrap());
        let last = runtime.block_on(RetryWindow::open(window).retry_if_not_sent(send));
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

    // threats 77
    #[test]
    fn unsent_request_is_not_retried_late() {
        assert_attempts_within(Duration::ZERO, vec![refused(), refused()], 1);
    }
}
