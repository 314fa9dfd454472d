//! An external store that several machines share: it is claimed, and not only locked.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use auth_store::{
    AuthDocument, AuthStore, Claim, ClaimError, Error, ErrorKind, ExternalStore,
    ExternalStoreError, FoundEntry, Import, LockedStore,
};
use credentials::{ApiKey, RefreshToken};
use token_source::{Commit, Holder, RefreshedTokens, TryLock, WaitPolicy, WhileHeld};
use zeroize::Zeroizing;

use crate::common::{Home, block_on, is_locked, sign_in, write};

/// The row of a database, as every machine sees it.
#[derive(Debug, Default)]
pub(crate) struct Row(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    version: u64,
    entry: Option<Vec<u8>>,
    is_claimed: bool,
    /// The deadlines of the requests that the claims have to outlive.
    deadlines: Vec<Duration>,
    /// The error of each attempt to store something.
    error: Option<Outcome>,
    /// How often somebody tried to claim it.
    attempts: usize,
    /// How often a process of this machine has the lock.
    readers: u32,
    /// How long a process waits for the claim of another machine.
    claim_wait: Option<Duration>,
}

/// What the claim knows of it.
type Outcome = fn(ExternalStoreError) -> ClaimError;

/// How long that is unless a test says otherwise.
const CLAIM_WAIT: Duration = Duration::from_millis(100);

const DEADLINE: Duration = Duration::from_secs(40);

impl Row {
    pub(crate) fn holding(document: &AuthDocument) -> Arc<Self> {
        let row = Arc::<Self>::default();
        row.put(document.to_bytes().unwrap().to_vec());
        row
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Another machine stores something.
    fn put(&self, entry: impl Into<Option<Vec<u8>>>) {
        let mut state = self.state();
        state.version += 1;
        state.entry = entry.into();
    }

    fn is_claimed(&self) -> bool {
        self.state().is_claimed
    }

    fn text(&self) -> String {
        String::from_utf8(self.state().entry.clone().unwrap()).unwrap()
    }

    fn holder() -> Holder {
        Holder { name: "build-7:17".to_owned(), held_for: Duration::from_secs(12) }
    }
}

/// The row from one machine.
#[derive(Debug)]
struct Machine(Arc<Row>);

impl ExternalStore for Machine {
    fn name(&self) -> String {
        "the row".to_owned()
    }

    fn check(&self, _: usize) -> Result<(), ExternalStoreError> {
        Ok(())
    }

    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        Ok(self.0.state().entry.clone().map(Zeroizing::new))
    }

    fn write(&self, _: &[u8]) -> Result<(), ExternalStoreError> {
        Err("it is written without a claim".into())
    }

    fn remove(&self) -> Result<bool, ExternalStoreError> {
        Err("it is removed without a claim".into())
    }

    fn read_access_token(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        Ok(Some(Zeroizing::new(br#"{"tokens":{"access_token":"cached"}}"#.to_vec())))
    }

    fn has_claims(&self) -> bool {
        true
    }

    fn try_claim(&self) -> Result<TryLock<Option<Box<dyn Claim>>>, ExternalStoreError> {
        let mut state = self.0.state();
        state.attempts += 1;
        if let Some(readers) = state.readers.checked_sub(1) {
            state.readers = readers;
            return Ok(TryLock::Held(None));
        }
        if std::mem::replace(&mut state.is_claimed, true) {
            return Ok(TryLock::Held(Some(Row::holder())));
        }
        let (version, entry) = (state.version, state.entry.clone());
        let row = self.0.clone();
        Ok(TryLock::Locked(Some(Box::new(RowClaim { row, version, entry, is_reserved: false }))))
    }

    fn wait_policy(&self) -> WaitPolicy {
        let timeout = self.0.state().claim_wait.unwrap_or(CLAIM_WAIT);
        WaitPolicy { while_held: WhileHeld::UseOldToken, timeout, ..WaitPolicy::default() }
    }
}

#[derive(Debug)]
struct RowClaim {
    row: Arc<Row>,
    version: u64,
    entry: Option<Vec<u8>>,
    is_reserved: bool,
}

impl Claim for RowClaim {
    fn read(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        Ok(self.entry.clone().map(Zeroizing::new))
    }

    fn reserve(&mut self, deadline: Duration) -> Result<(), ExternalStoreError> {
        self.is_reserved = true;
        self.row.state().deadlines.push(deadline);
        Ok(())
    }

    fn replace(&mut self, document: Option<&[u8]>) -> Result<bool, ClaimError> {
        let mut state = self.row.state();
        if let Some(error) = state.error {
            return Err(error("it is unreachable".into()));
        }
        if state.version != self.version {
            (self.version, self.entry) = (state.version, state.entry.clone());
            return Ok(false);
        }
        state.version += 1;
        state.is_claimed = false;
        state.entry = document.map(<[u8]>::to_vec);
        self.is_reserved = true;
        Ok(true)
    }

    fn commit(
        mut self: Box<Self>,
        mut document: AuthDocument,
        tokens: RefreshedTokens,
        _: RefreshToken,
    ) -> Result<Commit<AuthDocument>, ClaimError> {
        self.is_reserved = true;
        document.set_refreshed_tokens(&tokens);
        self.replace(Some(&document.to_bytes().unwrap()))?;
        Ok(Commit::Stored(document))
    }

    fn release(mut self: Box<Self>) {
        self.is_reserved = false;
    }
}

impl Drop for RowClaim {
    fn drop(&mut self) {
        if !self.is_reserved {
            self.row.state().is_claimed = false;
        }
    }
}

fn document(mark: &str) -> AuthDocument {
    let mut document = AuthDocument::default();
    document.set_sign_in(&sign_in(mark));
    document
}

/// The folder of a machine, and its store.
pub(crate) fn machine(row: &Arc<Row>) -> (Home, AuthStore) {
    let home = Home::new();
    let store = home.store().with_external_store(Arc::new(Machine(row.clone())));
    (home, store)
}

#[track_caller]
fn locked(store: &AuthStore) -> LockedStore {
    store.try_lock().unwrap().locked().unwrap()
}

/// The commit of a refresh that has spent the token of sign-in 1.
fn commit(mut locked: LockedStore) -> Result<Commit<AuthDocument>, Error> {
    let document = locked.load().unwrap().unwrap();
    let refresh_token = RefreshToken::new("refresh-new").ok();
    let tokens = RefreshedTokens { refresh_token, ..RefreshedTokens::default() };
    let spent = RefreshToken::new("refresh-1").unwrap();
    block_on(token_source::StoreGuard::commit(locked, document, tokens, spent))
}

// threats 120
#[test]
fn one_machine_at_a_time_has_the_claim() {
    let row = Row::holding(&document("1"));
    let ((home, one), (_other_home, other)) = (machine(&row), machine(&row));
    let held = one.lock().unwrap();
    assert!(is_locked(home.file("auth.lock")) && row.is_claimed());
    let TryLock::Held(holder) = other.try_lock().unwrap() else { panic!("it is claimed twice") };
    assert_eq!(holder, Some(Row::holder()));
    drop(held);
    assert!(!row.is_claimed());
    locked(&other).commit(&document("2")).unwrap();
    assert!(row.text().contains("access-2"));
}

/// The locks of the machine come first: only one of its processes asks for the claim.
// threats 120
#[test]
fn process_without_the_lock_of_its_machine_claims_nothing() {
    let row = Row::holding(&document("1"));
    let (home, store) = machine(&row);
    drop(store.lock().unwrap());
    let theirs = std::fs::File::open(home.file("auth.lock")).unwrap();
    theirs.lock().unwrap();
    assert!(store.try_lock().unwrap().locked().is_none());
    assert!(!row.is_claimed());
}

/// An import of sign-in 1.
fn import(entry: &Machine, wait: Duration) -> Result<(Home, Import<'_>), Error> {
    let home = Home::new();
    home.store().update(|stored| *stored = document("1"))?;
    let file = home.store().lock()?;
    Ok((home, Import::begin(file, document("1"), entry, wait)?))
}

#[test]
fn import_waits_for_processes_of_this_machine_and_names_another_machine() {
    let row = Arc::<Row>::default();
    let (machine, minute) = (Machine(row.clone()), Duration::from_secs(60));
    row.state().readers = 2;
    let held = import(&machine, minute).unwrap();
    let error = import(&machine, minute).unwrap_err();
    assert_eq!(error.to_string(), "build-7:17 has claimed the sign-in in the row");
    drop(held);
    row.state().readers = 1;
    let error = import(&machine, Duration::ZERO).unwrap_err();
    assert!(matches!(error, Error::Claimed { holder: None, .. }), "{error:?}");
}

#[test]
fn import_stores_the_entry_and_then_removes_the_file() {
    let other = || document("9").to_bytes().unwrap().to_vec();
    for (entry, found) in [
        (None, FoundEntry::Empty),
        (Some(b"{}".to_vec()), FoundEntry::Empty),
        (Some(b"{".to_vec()), FoundEntry::Other),
        (Some(other()), FoundEntry::Other),
        (Some(document("1").to_bytes().unwrap().to_vec()), FoundEntry::Same),
    ] {
        let row = Arc::<Row>::default();
        row.put(entry);
        let machine = Machine(row.clone());
        let (home, import) = import(&machine, CLAIM_WAIT).unwrap();
        assert_eq!(import.found(), found);
        let file = import.store().unwrap();
        assert!(home.auth_json().exists() && row.text().contains("refresh-1") && !row.is_claimed());
        file.remove().unwrap();
        assert!(!home.auth_json().exists());
    }
}

/// It was killed before it removed the file, and another machine has refreshed the entry since then.
#[test]
fn import_never_replaces_a_successor_and_keeps_a_file_that_was_refreshed() {
    let mut later = document("1");
    later.set_refreshed_tokens(&RefreshedTokens {
        refresh_token: RefreshToken::new("refresh-new").ok(),
        last_refresh: Some("2027-11-21T18:48:46Z".parse().unwrap()),
        ..RefreshedTokens::default()
    });
    let row = Row::holding(&later);
    let machine = Machine(row.clone());
    let (home, refused) = import(&machine, CLAIM_WAIT).unwrap();
    assert_eq!(refused.found(), FoundEntry::Successor);
    assert_eq!(refused.store().unwrap_err().kind(), ErrorKind::Changed);
    assert!(home.auth_json().exists() && row.text().contains("refresh-new") && !row.is_claimed());

    let mut with_key = document("1");
    with_key.set_api_key(&ApiKey::new("sk-new").unwrap());
    for written in [later, with_key] {
        row.put(None);
        let (home, import) = import(&machine, CLAIM_WAIT).unwrap();
        let file = import.store().unwrap();
        // By a program that takes no lock.
        write(home.auth_json(), written.to_bytes().unwrap());
        assert_eq!(file.remove().unwrap_err().kind(), ErrorKind::Changed);
        assert!(home.auth_json().exists());
    }
}

/// As in a container whose file system is read-only.
#[test]
fn folder_without_locks_stops_no_claim() {
    let row = Row::holding(&document("1"));
    let file = Home::new();
    file.store().update(|document| document.set_sign_in(&sign_in("9"))).unwrap();
    let below_a_file = AuthStore::new(file.file("auth.json").join("codex"));
    assert!(below_a_file.try_lock().is_err() && below_a_file.lock().is_err());
    let store = below_a_file.with_external_store(Arc::new(Machine(row.clone())));
    store.check_writable().unwrap();
    assert!(store.could_be_written().unwrap() && !store.is_locked().unwrap());
    drop(store.lock().unwrap());
    let mut locked = locked(&store);
    locked.load().unwrap();
    block_on(token_source::StoreGuard::reserve(&mut locked, DEADLINE)).unwrap();
    commit(locked).unwrap();
    assert!(row.text().contains("refresh-new"));
}

#[test]
fn lock_waits_for_a_claim_and_names_its_holder() {
    let row = Row::holding(&document("1"));
    let ((_home, one), (home, other)) = (machine(&row), machine(&row));
    let held = one.lock().unwrap();
    let error = other.clone().with_lock_wait(Duration::from_millis(1)).lock().unwrap_err();
    assert_eq!(error.to_string(), "build-7:17 has claimed the sign-in in the row");
    assert!(error.is_transient() && error.kind() == ErrorKind::Locked);
    // A claim may last longer than a lock of the system.
    assert!(matches!(error, Error::Claimed { waited, .. } if waited >= CLAIM_WAIT), "{error:?}");
    assert!(!is_locked(home.file("auth.lock")));
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| other.lock().map(drop));
        drop(held);
        waiting.join().unwrap().unwrap();
    });
}

/// One attempt takes longer than this wait, so there is no second one.
#[test]
fn time_of_an_attempt_to_claim_is_part_of_the_wait() {
    let row = Row::holding(&document("1"));
    let ((_home, one), (_other_home, other)) = (machine(&row), machine(&row));
    let _held = one.lock().unwrap();
    let wait = Duration::from_nanos(1);
    row.state().claim_wait = Some(wait);
    let error = other.with_lock_wait(wait).lock().unwrap_err();
    assert!(matches!(error, Error::Claimed { .. }), "{error:?}");
    assert_eq!(row.state().attempts, 2);
}

#[test]
fn claim_outlives_the_request_and_stays_if_its_token_may_be_used() {
    let row = Row::holding(&document("1"));
    let (_home, store) = machine(&row);
    let reserved = || {
        let mut locked = locked(&store);
        locked.load().unwrap();
        block_on(token_source::StoreGuard::reserve(&mut locked, DEADLINE)).unwrap();
        locked
    };
    block_on(token_source::StoreGuard::release(reserved()));
    assert!(!row.is_claimed());
    drop(reserved());
    assert!(row.is_claimed());
    assert_eq!(row.state().deadlines, [DEADLINE, DEADLINE]);
}

/// A sign-in spends no token of the row.
#[test]
fn sign_in_that_fails_gives_the_claim_back() {
    let row = Row::holding(&document("1"));
    let (_home, store) = machine(&row);
    let mut locked = locked(&store);
    locked.reserve_for_sign_in("2026-11-21T18:48:46Z".parse().unwrap()).unwrap();
    drop(locked);
    assert!(!row.is_claimed());
    assert_eq!(row.state().deadlines, [Duration::ZERO; 0]);
}

/// The claim compares and repeats; the store does not write a second time.
// threats 122
#[test]
fn new_tokens_are_stored_by_the_claim() {
    let row = Row::holding(&document("1"));
    let (_home, store) = machine(&row);
    let committed = commit(locked(&store)).unwrap();
    assert!(matches!(committed, Commit::Stored(_)), "{committed:?}");
    assert!(row.text().contains("refresh-new") && !row.text().contains("refresh-1"));
    assert!(!row.is_claimed());

    for (outcome, kind) in OUTCOMES {
        row.state().is_claimed = false;
        let locked = locked(&store);
        row.state().error = Some(outcome);
        let error = commit(locked).unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        assert!(row.is_claimed());
    }
}

/// The answer of the database may be lost, and the sign-in stored; what it refuses is not stored.
const OUTCOMES: [(Outcome, ErrorKind); 2] = [
    (ClaimError::MayBeStored, ErrorKind::MayBeStored),
    (ClaimError::NotStored, ErrorKind::External),
];

#[test]
fn change_is_repeated_on_what_another_machine_has_stored() {
    let row = Row::holding(&document("1"));
    let (_home, store) = machine(&row);
    let mut locked = locked(&store);
    locked.load().unwrap();
    row.put(br#"{"theirs":1}"#.to_vec());
    let now = "2026-11-21T18:48:46Z".parse().unwrap();
    let outcome = locked.update_with_backup(now, |document| document.set_sign_in(&sign_in("2")));
    assert!(outcome.unwrap().1.is_none());
    let text = row.text();
    assert!(text.contains("access-2") && text.contains("\"theirs\": 1"), "{text}");
}

/// Also what cannot be read.
#[test]
fn claimed_entry_is_removed() {
    for (entry, was_there) in
        [(Some(b"{}".to_vec()), true), (Some(b"{".to_vec()), true), (None, false)]
    {
        let row = Arc::<Row>::default();
        row.put(entry);
        let (_home, store) = machine(&row);
        let mut locked = locked(&store);
        let _ = locked.load();
        assert_eq!(locked.remove().unwrap(), was_there);
        assert!(row.state().entry.is_none() && !row.is_claimed());
    }
}

#[test]
fn failed_write_says_whether_it_may_have_stored_the_document() {
    for (outcome, kind) in OUTCOMES {
        let row = Row::holding(&document("1"));
        let (_home, store) = machine(&row);
        row.state().error = Some(outcome);
        let mut locked = locked(&store);
        for failed in [locked.commit(&document("2")), locked.remove().map(drop)] {
            assert_eq!(failed.unwrap_err().kind(), kind);
        }
        drop(locked);
        let row = Arc::<Row>::default();
        row.state().error = Some(outcome);
        let machine = Machine(row.clone());
        let (_home, import) = import(&machine, CLAIM_WAIT).unwrap();
        assert_eq!(import.store().unwrap_err().kind(), kind);
    }
}

#[test]
fn caller_that_needs_only_the_access_token_gets_a_copy() {
    let (_home, store) = machine(&Row::holding(&document("1")));
    let token = |document: AuthDocument| document.access_token().unwrap().expose().to_owned();
    assert_eq!(token(store.load_access_token().unwrap().unwrap()), "cached");
    assert_eq!(token(store.load().unwrap().unwrap()), "access-1");
    let of_protocol = block_on(token_source::SharedStore::load(&store));
    assert_eq!(token(of_protocol.unwrap().unwrap()), "cached");
    let again = block_on(token_source::SharedStore::reload(&store));
    assert_eq!(token(again.unwrap().unwrap()), "access-1");
    let policy = token_source::SharedStore::wait_policy(&store);
    assert_eq!(policy.while_held, WhileHeld::UseOldToken);
    let of_file = token_source::SharedStore::wait_policy(&Home::new().store());
    assert_eq!(of_file, WaitPolicy::default());
}
