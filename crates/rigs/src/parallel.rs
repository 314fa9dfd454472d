//! A function for many items, on all processors.

use std::error::Error;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// The result of a task that another thread runs.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Twice the processors: the items mostly wait for the disk and for other programs.
pub(crate) fn threads() -> usize {
    2 * thread::available_parallelism().map_or(1, usize::from).min(8)
}

/// Calls `work` for each item, some at a time; the results are in no order.
pub(crate) fn each<'a, T: Sync, R: Send>(
    items: &'a [T],
    work: impl Fn(&'a T) -> Outcome<R> + Sync,
) -> Outcome<Vec<R>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.len()));
    let worker = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            let outcome = work(item)?;
            done.lock().map_err(|_| "another thread gave up")?.push(outcome);
        }
        Ok(())
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..threads()).map(|_| scope.spawn(worker)).collect();
        let ended = workers.into_iter().map(|it| it.join().map_err(|_| "a thread gave up")?);
        ended.collect::<Outcome<()>>()
    })?;
    Ok(done.into_inner().map_err(|_| "a thread gave up")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_processed_once() {
        let items: Vec<usize> = (0..100).collect();
        let mut doubled = each(&items, |item| Ok(item * 2)).unwrap();
        doubled.sort_unstable();
        assert_eq!(doubled, (0..200).step_by(2).collect::<Vec<_>>());
        assert!(each(&items, |_| Err::<(), _>("no".into())).is_err());
    }
}
