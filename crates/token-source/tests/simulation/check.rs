use std::ops::AddAssign;
use std::pin::Pin;

use super::executor::Schedule;
use super::process::{client, replace, roll_back, without_lock};
use super::world::{Counts, World};

/// What schedules came to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) counts: Counts,
    /// Sign-ins that ended for a reason that no protocol can prevent.
    pub(crate) lost: u64,
}

impl AddAssign for Outcome {
    fn add_assign(&mut self, other: Self) {
        self.counts += other.counts;
        self.lost += other.lost;
    }
}

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// Runs the schedule of this seed; panics where a promise is broken.
pub(crate) fn run(seed: u64, is_broken: bool) -> Outcome {
    let schedule = Schedule::new(seed);
    let world = World::new(&schedule, is_broken);
    let mut tasks: Vec<Task> = Vec::new();
    let clients = 2 + schedule.below(5) as usize;
    for _ in 0..clients {
        tasks.push(Box::pin(client(schedule.clone(), world.clone())));
    }
    // No program changes a database without the version.
    if schedule.once_in(3) && !world.0.has_claims {
        tasks.push(Box::pin(without_lock(schedule.clone(), world.clone())));
    }
    if world.0.has_claims && schedule.once_in(8) {
        tasks.push(Box::pin(roll_back(schedule.clone(), world.clone())));
    }
    if schedule.once_in(3) {
        tasks.push(Box::pin(replace(schedule.clone(), world.clone())));
    }
    let crashes_once_in = [60, 400, u64::MAX][schedule.below(3) as usize];
    schedule.run(tasks, |task| {
        let crashes =
            task < clients && crashes_once_in != u64::MAX && schedule.once_in(crashes_once_in);
        if crashes {
            world.crash(task);
        }
        crashes
    });
    let lost = world.has_lost();
    assert!(lost.as_ref().is_none_or(|lost| lost.is_excused), "a sign-in was lost for no reason");
    Outcome { counts: world.counts(), lost: u64::from(lost.is_some()) }
}
