use std::sync::atomic::{AtomicU64, Ordering};

use crate::faults::Schedule;
use crate::log::Log;
use crate::openai::World;
use crate::record::Recorded;

/// The shared state of all connections.
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) faults: Schedule,
    pub(crate) log: Log<Recorded>,
    connections: AtomicU64,
}

impl State {
    pub(crate) fn new(world: World) -> Self {
        let faults = Schedule::new(&world.scenario.faults);
        Self { world, faults, log: Log::default(), connections: AtomicU64::new(0) }
    }

    /// Counts a connection, and returns the new count.
    pub(crate) fn count_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}
