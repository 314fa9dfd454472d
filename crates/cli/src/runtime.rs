use std::pin::pin;
use std::time::Duration;

use tokio::time::timeout;

use crate::context::Context;
use crate::error::CliError;
use crate::signals;

/// How long a request that spends something may take after an interruption.
const GRACE: Duration = Duration::from_millis(1500);

impl Context {
    /// Runs `work` on a runtime of this one thread until it is done, a signal ends it, or the reader of
    /// its events is gone. What is left then, such as a browser's open connection, is not finished.
    pub(crate) fn block_on<T>(
        &self,
        work: impl Future<Output = Result<T, CliError>>,
    ) -> Result<T, CliError> {
        // Where the system gives no random numbers, the runtime would panic at its start.
        pkce::CodeVerifier::generate()
            .map_err(login::OAuthError::from)
            .map_err(login::Error::from)?;
        signals::set_runtime();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(CliError::Runtime)?;
        let outcome = runtime.block_on(async {
            let outcome = self.until_interrupted(work).await;
            self.status_lines.clear();
            run_remaining_tasks().await;
            outcome
        });
        runtime.shutdown_background();
        outcome
    }

    /// A request that spends something is not stopped at once: its response may hold the only token
    /// that still works.
    async fn until_interrupted<T>(
        &self,
        work: impl Future<Output = Result<T, CliError>>,
    ) -> Result<T, CliError> {
        let interrupt = signals::interrupt();
        let mut work = pin!(work);
        let by = tokio::select! {
            biased;
            outcome = &mut work => return outcome,
            by = interrupt => by,
            error = self.reader_closed() => return Err(error),
        };
        if let Some(sentence) = self.interruption.finishing() {
            self.terminal.say(sentence);
            self.interruption.cancellation.cancel();
            // Its outcome no longer matters, only that it has ended.
            if timeout(GRACE, work).await.is_ok() {
                self.interruption.tokens_are_revoked();
            }
        }
        Err(self.interruption.error(by))
    }

    /// Waits until the reader of the events is gone, and nothing is being spent.
    async fn reader_closed(&self) -> CliError {
        loop {
            let error = self.output.reader_closed().await;
            if self.interruption.note().is_none() {
                return CliError::Output(error);
            }
        }
    }
}

/// Gives the remaining tasks a few turns: a browser that waits for an interrupted sign-in gets its
/// error page.
async fn run_remaining_tasks() {
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
}
