//! What somebody can do who has the database, but not the key: nothing is sent.

use postgres_store::{Document as _, Keys, RowVersion};

use crate::fleet::{Fleet, Outcome, ROW};
use crate::issuer::Tokens;

/// A machine with the wrong row sends nothing.
#[track_caller]
fn assert_refused(fleet: &Fleet, machine: usize, error: &str) {
    let before = fleet.tokens.state();
    let result = fleet.result(machine);
    assert!(result.contains(error), "{result}");
    assert_eq!(fleet.tokens.state(), before, "a refresh token was sent");
}

#[test]
fn row_that_was_put_back_is_noticed_by_a_machine_that_has_seen_a_newer_one() {
    let fault = "an old row is put back";
    let Some(fleet) = Fleet::start(fault) else { return };
    let (old, version) = (fleet.document(), fleet.version());
    assert_eq!(fleet.result(0), "access-1");
    let new = fleet.document();
    fleet.put(version.parse().unwrap(), &old);
    fleet.put_cache_out_of_date(0);
    assert_refused(&fleet, 0, "WentBack");
    // With a newer version, the old document does not open.
    fleet.put(7, &old);
    assert_refused(&fleet, 0, "Changed(Tampered)");
    fleet.put(2, &new);
    fleet.assert_outcome(fault, Outcome::Kept);
}

#[test]
fn document_that_was_changed_or_belongs_elsewhere_does_not_open() {
    let fault = "a changed document, another row's document, another key";
    let Some(fleet) = Fleet::start(fault) else { return };
    let keys = Keys::read(fleet.keys()).unwrap();
    let right = fleet.document();
    let mut flipped = right.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let other_row = RowVersion { name: "team-b", version: 1 };
    let other_row = keys.seal(other_row, &Tokens::new(0, -60).to_bytes()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    Keys::create(folder.path().join("keys")).unwrap();
    let other_keys = Keys::read(folder.path().join("keys")).unwrap();
    let other_key = RowVersion { name: ROW, version: 1 };
    let other_key = other_keys.seal(other_key, &Tokens::new(0, -60).to_bytes()).unwrap();
    for (document, error) in [
        (&flipped[..], "Changed(Tampered)"),
        (&other_row, "Changed(Tampered)"),
        (&other_key, "Key(WrongKey"),
        (br#"{"access_token":"access-0"}"#, "Changed(NotSealed)"),
    ] {
        fleet.put(1, document);
        assert_refused(&fleet, 0, error);
    }
    fleet.put(1, &right);
    // After a rotation, the old key still opens, and the new one seals.
    let new = Keys::add(fleet.keys()).unwrap();
    fleet.assert_outcome(fault, Outcome::Kept);
    let keys = Keys::read(fleet.keys()).unwrap();
    assert!(keys.first() == new && keys.is_sealed_with_first_key(&fleet.document()).unwrap());
}
