use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use super::Fault;
use crate::record::Recorded;

/// The faults of a scenario, with their counters.
pub(crate) struct Schedule {
    faults: Mutex<Vec<(Fault, u32)>>,
    /// Whether requests that wait at [`Then::Hold`](crate::Then::Hold) can continue.
    gate: watch::Sender<bool>,
}

impl Schedule {
    pub(crate) fn new(faults: &[Fault]) -> Self {
        let faults = faults.iter().map(|fault| (fault.clone(), 0)).collect();
        Self { faults: Mutex::new(faults), gate: watch::Sender::new(false) }
    }

    /// The fault for this request. Every fault of its endpoint counts it, and the first match
    /// applies.
    pub(crate) fn next(&self, request: &Recorded) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let mut chosen = None;
        for (fault, count) in faults.iter_mut().filter(|(fault, _)| request.is_at(&fault.at)) {
            *count += 1;
            if chosen.is_none() && fault.on.includes(*count) {
                chosen = Some(fault.clone());
            }
        }
        chosen
    }

    pub(crate) fn release(&self) {
        self.gate.send_replace(true);
    }

    pub(crate) async fn released(&self) {
        // `self` owns the sender, so that waiting cannot fail.
        let _ = self.gate.subscribe().wait_for(|open| *open).await;
    }
}
