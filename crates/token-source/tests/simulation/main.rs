//! The refresh protocol against a store, a server and a clock in memory, which fail, delay, lie and
//! crash as a seed says. One thread, no real time: a seed is a schedule, and a failure names its seed.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

mod cell;
mod check;
mod endpoint;
mod executor;
mod process;
mod shared_store;
mod world;

use std::panic::catch_unwind;

use check::{Outcome, run};

/// How many schedules are tried. A million were, once, in a minute.
const SEEDS: u64 = 5_000;

/// Runs the schedule of a seed, and names the seed if it fails.
fn run_named(seed: u64) -> Outcome {
    catch_unwind(|| run(seed, false)).unwrap_or_else(|_| panic!("seed {seed} breaks a promise"))
}

// threats 115
#[test]
fn every_schedule_keeps_the_invariants() {
    let mut total = Outcome::default();
    for seed in 0..SEEDS {
        total += run_named(seed);
    }
    // Schedules in which nothing happens would prove nothing.
    let Outcome { counts, lost } = total;
    assert!(counts.refreshes > SEEDS && counts.crashes > SEEDS / 20, "{total:?}");
    assert!(counts.superseded > 0 && counts.postponed > 0 && counts.rejected > 0, "{total:?}");
    assert!(counts.taken_over > 0 && counts.old_tokens > 0, "{total:?}");
    assert!(counts.rollbacks > SEEDS / 20, "{total:?}");
    assert!(lost > 0, "{total:?}");
}

/// The simulation would notice if what is stored were not read again under the lock.
#[test]
fn simulation_detects_a_missing_reread_under_the_lock() {
    let found = (0..SEEDS).find(|seed| catch_unwind(|| run(*seed, true)).is_err());
    assert!(found.is_some(), "no schedule shows the fault");
}
