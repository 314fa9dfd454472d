use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tower_layer::Layer;
use tower_service::Service;

use crate::uptime::uptime;

/// A connection that took longer than the limit is not used, even if the machine was suspended meanwhile: the request
/// would be sent too late.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectLimit {
    limit: Duration,
    uptime: fn() -> Duration,
}

impl ConnectLimit {
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, uptime }
    }
}

/// A connector with that limit.
#[derive(Clone, Debug)]
pub(crate) struct Limited<S> {
    connector: S,
    limit: ConnectLimit,
}

impl<S> Layer<S> for ConnectLimit {
    type Service = Limited<S>;

    fn layer(&self, connector: S) -> Limited<S> {
        Limited { connector, limit: *self }
    }
}

type BoxError = Box<dyn StdError + Send + Sync>;

impl<S, R> Service<R> for Limited<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, target: R) -> Self::Future {
        let ConnectLimit { limit, uptime } = self.limit;
        let begun = uptime();
        let connecting = self.connector.call(target);
        Box::pin(async move {
            let connection = connecting.await?;
            match uptime().saturating_sub(begun) > limit {
                true => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
                false => Ok(connection),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::future::{Ready, ready};
    use std::pin::pin;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::task::Waker;

    struct Connector;

    impl Service<()> for Connector {
        type Response = ();
        type Error = BoxError;
        type Future = Ready<Result<(), BoxError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, (): ()) -> Self::Future {
            ready(Ok(()))
        }
    }

    /// Between two looks at the clock, a minute passes.
    fn minutes() -> Duration {
        static LOOKS: AtomicU64 = AtomicU64::new(0);
        Duration::from_secs(60 * LOOKS.fetch_add(1, Ordering::Relaxed))
    }

    #[test]
    fn connection_that_was_made_during_a_suspension_is_not_used() {
        for (limit, is_used) in [(59, false), (60, true)] {
            let limit = ConnectLimit { limit: Duration::from_secs(limit), uptime: minutes };
            let connection = limit.layer(Connector).call(());
            let mut cx = Context::from_waker(Waker::noop());
            let Poll::Ready(outcome) = pin!(connection).poll(&mut cx) else { unreachable!() };
            assert_eq!(outcome.is_ok(), is_used, "{limit:?}: {outcome:?}");
        }
    }
}
