use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::openai::issuer::Signer;
use crate::openai::ledger::{Ledger, RefreshToken, Use};
use crate::response::Refusal;
use crate::{Account, Client, Scenario};

/// The scenario, and the state of the servers.
pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) issuer: String,
    pub(crate) signer: Signer,
    ledger: Mutex<Ledger>,
}

impl World {
    pub(crate) fn new(scenario: Scenario, issuer: String, signer: Signer) -> Self {
        Self { scenario, issuer, signer, ledger: Mutex::default() }
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seconds since 1970-01-01 UTC.
    pub(crate) fn now(&self) -> i64 {
        self.scenario.now.unwrap_or_else(clock).saturating_add(self.scenario.clock_offset)
    }

    /// The same as a `Date`
    /// ([RFC 9110 §6.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1)), which has four
    /// digits for the year.
    pub(crate) fn date(&self) -> String {
        const LAST: i64 = 253_402_300_799;
        let seconds = self.now().clamp(0, LAST).unsigned_abs();
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
    }

    pub(crate) fn account(&self, index: usize) -> Result<&Account, Refusal> {
        let account = self.scenario.accounts.get(index);
        account.ok_or_else(|| Refusal::server_error("there is no such account"))
    }

    pub(crate) fn client(&self, id: &str) -> Option<&Client> {
        self.scenario.clients.iter().find(|client| client.id == id)
    }

    pub(crate) fn live_refresh_tokens(&self) -> Vec<String> {
        let (now, ledger) = (self.now(), self.ledger());
        let is_live =
            |entry: &RefreshToken| entry.use_ == Use::Fresh && entry.granted.expires > now;
        let live = ledger.refresh_tokens.iter().filter(|(_, entry)| is_live(entry));
        live.map(|(token, _)| token.clone()).collect()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox plays a server, which has a clock of its own; `Scenario::now` replaces it"
)]
fn clock() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
