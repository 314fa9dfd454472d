use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks what the events of a command change. A panic ends the program, so no half-made change is seen.
pub(crate) fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
