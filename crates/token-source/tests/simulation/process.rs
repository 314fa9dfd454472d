use token_source::{
    Clock as _, Error, Event, SharedStore as _, StoreGuard as _, TokenSource, is_due,
};

use super::executor::Schedule;
use super::world::World;

/// A program that needs a valid token now and then.
pub(crate) async fn client(schedule: Schedule, world: World) {
    let source = TokenSource::new(world.clone(), world.clone(), schedule.clone());
    for _ in 0..=schedule.below(4) {
        schedule.pause(schedule.below(700_000)).await;
        let events = |_: Event| schedule.stall();
        let outcome = if schedule.once_in(4) {
            source.refresh(&events).await
        } else {
            source.valid(&events).await.map(|valid| {
                let is_postponed = valid.postponed.is_some();
                let is_old = !is_postponed && is_due(&valid.sign_in, schedule.now());
                world.count(|it| it.postponed += u64::from(is_postponed));
                world.count(|it| it.old_tokens += u64::from(is_old));
                valid.sign_in
            })
        };
        match outcome {
            // A process may be stopped while a token expires that it has just stored.
            Ok(sign_in) => assert!(
                sign_in.expires_at > schedule.now() || schedule.has_stops(),
                "an expired token"
            ),
            Err(Error::Busy { .. }) if !schedule.has_stops() => {
                panic!("nobody holds the lock for that long")
            }
            Err(_) => {}
        }
    }
}

/// A program that takes no lock: it refreshes and stores what it gets, as Codex CLI does, or signs in.
pub(crate) async fn without_lock(schedule: Schedule, world: World) {
    for _ in 0..=schedule.below(4) {
        schedule.pause(schedule.below(400_000)).await;
        let Some(stored) = world.stored() else { return };
        if schedule.once_in(8) {
            world.sign_in();
            continue;
        }
        world.excuse_reuse(stored.refresh);
        schedule.pause(schedule.below(1_000)).await;
        let Ok(new) = world.refresh_at_server(stored.refresh) else { continue };
        schedule.pause(schedule.below(1_500)).await;
        if world.stored().is_some_and(|now| now.refresh == stored.refresh) {
            world.store(Some(new));
        }
    }
}

/// A log out, or a new sign-in, under the lock.
pub(crate) async fn replace(schedule: Schedule, world: World) {
    schedule.pause(schedule.below(1_000_000)).await;
    let Ok(guard) = token_source::lock(&world, &schedule, &|_: Event| {}).await else { return };
    schedule.step().await;
    if schedule.once_in(2) {
        world.sign_in();
    } else {
        world.sign_out();
    }
    guard.release().await;
    if schedule.once_in(4) {
        let _ = world.load().await;
    }
}

/// A database whose newest changes are lost once: an asynchronous standby takes over.
pub(crate) async fn roll_back(schedule: Schedule, world: World) {
    schedule.pause(schedule.below(1_000_000)).await;
    let older = world.stored();
    schedule.pause(schedule.below(1_000)).await;
    world.roll_back(older);
}
