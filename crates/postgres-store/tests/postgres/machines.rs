//! Many processes of many machines want a token at once.

use crate::fleet::{Fleet, Outcome};

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
