//! Many processes of many machines want a token at once.

use std::io::Write as _;
use std::time::Instant;

use crate::fixture::Process;
use crate::fleet::{Fleet, Outcome};
use crate::process::variable;

const MACHINES: usize = 20;
const PROCESSES: usize = 20;

#[test]
fn one_of_400_processes_on_20_machines_refreshes() {
    let what = "20 machines with 20 processes each";
    let Some(fleet) = Fleet::start(what) else { return };
    let all = (0..MACHINES * PROCESSES).map(|index| fleet.process(index % MACHINES, &[]));
    for process in all.collect::<Vec<_>>() {
        assert_eq!(process.result(), "access-1");
    }
    let state = fleet.tokens.state();
    assert_eq!((state.requests, state.refreshes), (1, 1));
    fleet.assert_outcome(what, Outcome::Kept);
}

/// The numbers of processes that are measured, separated by commas.
const SIZES: &str = "POSTGRES_STORE_TEST_SIZES";

/// Prints a table: `just fleet-sizes`. Nothing happens in a usual run of the tests.
#[test]
fn sizes() {
    let print = |text: String| std::io::stderr().write_all(text.as_bytes()).unwrap();
    let sizes = variable(SIZES).unwrap_or_default();
    for size in sizes.split(',').filter_map(|size| size.parse::<usize>().ok()) {
        for (route, start) in [
            ("direct", Fleet::start as fn(&str) -> Option<Fleet>),
            ("PgBouncer, transaction mode", Fleet::with_pool),
        ] {
            let Some(fleet) = start("the time of many processes") else { return };
            let machines = size.min(MACHINES);
            let begun = Instant::now();
            let all: Vec<_> = (0..size).map(|it| fleet.process(it % machines, &[])).collect();
            // A machine with too few processors for so many processes may not get an answer in time.
            let results = all.into_iter().map(Process::result);
            let tokens = results.filter(|result| result == "access-1").count();
            let (seconds, state) = (begun.elapsed().as_secs_f64(), fleet.tokens.state());
            assert_eq!((state.requests, state.reuses), (1, 0));
            let connections = fleet.network.connections();
            print(format!(
                "| {size} | {machines} | {route} | {} | {tokens} | {connections} | {seconds:.2} s |\n",
                state.requests
            ));
        }
    }
}
