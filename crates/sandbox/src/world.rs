use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

use crate::answer::Refusal;
use crate::issuer::Signer;
use crate::ledger::{Ledger, RefreshToken, Use};
use crate::log::Log;
use crate::record::Recorded;
use crate::{Account, Client, Fault, Scenario};

/// The scenario and everything that became of it: what all connections share.
pub(crate) struct World {
    pub(crate) scenario: Scenario,
    pub(crate) issuer: String,
    pub(crate) signer: Signer,
    pub(crate) log: Log<Recorded>,
    /// Whether the requests that [`Then::Hold`](crate::Then::Hold) stopped may go on.
    gate: watch::Sender<bool>,
    connections: AtomicU64,
    ledger: Mutex<Ledger>,
}

impl World {
    pub(crate) fn new(scenario: Scenario, issuer: String, signer: Signer) -> Self {
        let ledger = Ledger { fault_counts: vec![0; scenario.faults.len()], ..Ledger::default() };
        Self {
            scenario,
            issuer,
            signer,
            log: Log::default(),
            gate: watch::Sender::new(false),
            connections: AtomicU64::new(0),
            ledger: Mutex::new(ledger),
        }
    }

    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Seconds since 1970-01-01 UTC.
    pub(crate) fn now(&self) -> i64 {
        self.scenario.now.unwrap_or_else(clock).saturating_add(self.scenario.clock_offset)
    }

    /// The same as a `Date` ([RFC 9110 §6.6.1](https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1)),
    /// which has room for four digits of a year.
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

    /// One more connection, and how many there were with it.
    pub(crate) fn count_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn release(&self) {
        self.gate.send_replace(true);
    }

    pub(crate) async fn released(&self) {
        // The sender is in this very value, so that waiting cannot fail.
        let _ = self.gate.subscribe().wait_for(|open| *open).await;
    }

    /// The fault for this request. Every fault that is placed here counts it, the first one whose
    /// turn it is happens.
    pub(crate) fn fault_for(&self, request: &Recorded) -> Option<Fault> {
        let mut ledger = self.ledger();
        let mut chosen = None;
        let faults = self.scenario.faults.iter().zip(&mut ledger.fault_counts);
        for (fault, count) in faults.filter(|(fault, _)| fault.at.covers(request)) {
            *count += 1;
            if chosen.is_none() && fault.on.includes(*count) {
                chosen = Some(fault.clone());
            }
        }
        chosen
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
