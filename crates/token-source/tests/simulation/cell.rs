//! Like the cells of the standard library, and `Sync`, because the traits require it.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

#[derive(Default)]
pub(crate) struct Cell<T>(RefCell<T>);

#[derive(Default)]
pub(crate) struct RefCell<T>(RwLock<T>);

impl<T: Copy> Cell<T> {
    pub(crate) fn get(&self) -> T {
        *self.0.borrow()
    }

    pub(crate) fn set(&self, value: T) {
        self.replace(value);
    }

    pub(crate) fn replace(&self, value: T) -> T {
        std::mem::replace(&mut self.0.borrow_mut(), value)
    }
}

impl<T> RefCell<T> {
    pub(crate) fn borrow(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn borrow_mut(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
