//! The refresh protocol of `token-source` under the schedules of many seeds; the simulation is that
//! crate's test.

use std::error::Error;
use std::io::Write;
use std::panic::catch_unwind;

use clap::Args;

use simulation::check::{self, Outcome};

/// The files of the test: a store, a server, a clock and a scheduler in memory.
#[path = "../../../token-source/tests/simulation"]
#[expect(clippy::panic, clippy::unwrap_used, reason = "a schedule fails by panicking")]
mod simulation {
    mod cell;
    pub(super) mod check;
    mod endpoint;
    mod executor;
    mod process;
    mod shared_store;
    mod world;
}

/// Which schedules to run.
#[derive(Debug, Args)]
pub struct Options {
    /// How many seeds, from 0 on
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    seeds: u64,
    /// Only this seed
    #[arg(long, value_name = "SEED", conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Without the rule that the store is read again under the lock; this has to fail
    #[arg(long)]
    broken: bool,
}

/// Runs the schedules, and prints what happened in them.
///
/// # Errors
///
/// The first schedule in which a promise is broken.
pub(crate) fn run(options: &Options, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let seeds = options.seed.map_or(0..options.seeds, |seed| seed..seed + 1);
    let mut total = Outcome::default();
    for seed in seeds.clone() {
        total += catch_unwind(|| check::run(seed, options.broken)).map_err(|_| {
            let broken = if options.broken { " --broken" } else { "" };
            format!("a promise is broken; replay: cargo xtask simulate --seed {seed}{broken}")
        })?;
    }
    let Outcome { counts, lost } = total;
    writeln!(out, "{:>9} schedules", seeds.end - seeds.start)?;
    writeln!(out, "{:>9} refreshes", counts.refreshes)?;
    writeln!(out, "{:>9} crashes", counts.crashes)?;
    writeln!(out, "{:>9} claims taken over", counts.taken_over)?;
    writeln!(out, "{lost:>9} sign-ins lost, each to a fault that no protocol survives")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_protocol_fails_with_its_seed() {
        let run = |seeds, seed, broken| {
            run(&Options { seeds, seed, broken }, &mut Vec::new()).map_err(|it| it.to_string())
        };
        run(100, None, false).unwrap();
        let error = run(5_000, None, true).unwrap_err();
        let (_, seed) = error.split_once("--seed ").unwrap();
        let seed = seed.trim_end_matches(" --broken").parse().unwrap();
        run(0, Some(seed), true).unwrap_err();
        run(0, Some(seed), false).unwrap();
    }
}
