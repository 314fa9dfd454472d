use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks a value that events of a command change. A mutex that a panic has poisoned is used all the same:
/// the panic ends the program, so nobody sees a half-made change.
pub(crate) fn lock<T>(value: &Mutex<T>) -> MutexGuard<'_, T> {
    value.lock().unwrap_or_else(PoisonError::into_inner)
}
