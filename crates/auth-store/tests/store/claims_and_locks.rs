//! The locks of a machine, for a store that has claims.

use std::fs::File;
use std::time::Duration;

use auth_store::{AuthDocument, Error, FileError};

use crate::claims::{Row, machine};

/// A folder without locks stops no claim, but a process that holds one does.
#[test]
fn lock_of_another_process_stops_a_claim() {
    let (home, store) = machine(&Row::holding(&AuthDocument::default()));
    drop(store.lock().unwrap());
    let theirs = File::open(home.file("auth.lock")).unwrap();
    theirs.lock().unwrap();
    let error = store.clone().with_lock_wait(Duration::from_millis(1)).lock().unwrap_err();
    assert!(matches!(error, Error::File(FileError::Locked { .. })), "{error:?}");
    theirs.unlock().unwrap();
    drop(store.lock().unwrap());
}
