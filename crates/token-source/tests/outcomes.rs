//! What a process gets, for each answer of the server and each thing that another process stores meanwhile.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use credentials::{AccessToken, RefreshToken};
use jiff::{SignedDuration, Timestamp};
use token_source::RefreshErrorKind::{self, *};
use token_source::{
    Clock, Commit, Error, Event, RefreshError, Refreshable, RefreshedTokens, SharedStore,
    StoreGuard, TokenEndpoint, TokenResponse, TokenSource, TryLock, WaitPolicy, WhileHeld,
};

/// Access token, refresh token, and the seconds until the access token expires.
type SignIn = (&'static str, Option<&'static str>, i64);

#[derive(Clone, Copy, Debug)]
struct Stored(SignIn);

/// It works, and is due: it has less than five minutes.
const DUE: SignIn = ("a1", Some("r1"), 60);
/// It expires at this moment.
const EXPIRED: SignIn = ("a1", Some("r1"), 0);
/// What another process has stored.
const OTHER: SignIn = ("a2", Some("r2"), 3600);

impl Refreshable for Stored {
    fn refresh_token(&self) -> Option<RefreshToken> {
        self.0.1.and_then(|token| RefreshToken::new(token).ok())
    }

    fn access_token(&self) -> Option<AccessToken> {
        AccessToken::new(self.0.0).ok()
    }

    fn expires_at(&self) -> Option<Timestamp> {
        Some(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(self.0.2))
    }

    fn issued_at(&self) -> Option<Timestamp> {
        None
    }

    fn last_refresh(&self) -> Option<Timestamp> {
        None
    }

    fn can_be_refreshed(&self) -> bool {
        true
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0:?}")]
struct Failure(RefreshErrorKind);

impl RefreshError for Failure {
    fn kind(&self) -> RefreshErrorKind {
        self.0
    }
}

/// A store, a server and a clock that do what a case says.
#[derive(Clone)]
struct World(Arc<Mutex<Case>>);

#[derive(Clone, Debug, Default)]
struct Case {
    stored: Option<SignIn>,
    /// What another process has stored when the refresh token is sent.
    during_request: Option<SignIn>,
    /// How the request ends: an error, or tokens with this access token.
    answer: Option<RefreshErrorKind>,
    access_token: Option<&'static str>,
    /// What is wrong with the tokens. The new refresh token is stored all the same.
    defect: Option<RefreshErrorKind>,
    /// How often the lock is held, and what is stored when it is free.
    held: u32,
    when_free: Option<SignIn>,
    /// What another process stores while it holds the lock.
    while_held: Option<SignIn>,
    uses_old_token: bool,
    /// What a commit finds in place of the sign-in: `Some(None)` is nothing.
    superseded_by: Option<Option<SignIn>>,
    /// The same for a second request, with the refresh token that another program has stored.
    during_second_request: Option<SignIn>,
    second_answer: Option<RefreshErrorKind>,
    /// What another program has put back before the second request.
    before_second_request: Option<SignIn>,
    // What has happened.
    requests: u32,
    pauses: u32,
    released: bool,
    discarded: bool,
    notices: u32,
    returned: Option<SignIn>,
}

impl World {
    fn case(&self) -> MutexGuard<'_, Case> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SharedStore for World {
    type SignIn = Stored;
    type Guard = Self;
    type Error = Failure;

    async fn load(&self) -> Result<Option<Stored>, Failure> {
        Ok(self.case().stored.map(Stored))
    }

    async fn try_lock(&self) -> Result<TryLock<Self>, Failure> {
        let mut case = self.case();
        if case.held > 0 {
            case.held -= 1;
            case.stored = case.while_held.or(case.stored);
            return Ok(TryLock::Held(None));
        }
        case.stored = case.when_free.or(case.stored);
        if case.requests == 1 {
            case.stored = case.before_second_request.or(case.stored);
        }
        Ok(TryLock::Locked(self.clone()))
    }

    fn wait_policy(&self) -> WaitPolicy {
        let while_held = match self.case().uses_old_token {
            true => WhileHeld::UseOldToken,
            false => WhileHeld::Wait,
        };
        WaitPolicy { while_held, ..WaitPolicy::default() }
    }
}

impl StoreGuard for World {
    type SignIn = Stored;
    type Error = Failure;

    async fn load(&mut self) -> Result<Option<Stored>, Failure> {
        SharedStore::load(self).await
    }

    async fn reserve(&mut self, _: Duration) -> Result<(), Failure> {
        Ok(())
    }

    async fn release(self) {
        self.case().released = true;
    }

    async fn commit(
        self,
        mut sign_in: Stored,
        tokens: RefreshedTokens,
        _: RefreshToken,
    ) -> Result<Commit<Stored>, Failure> {
        let mut case = self.case();
        if tokens.access_token.is_some() {
            sign_in.0 = (case.access_token.unwrap_or_default(), Some("r3"), 3600);
        }
        if tokens.refresh_token.is_some() {
            sign_in.0.1 = Some("r3");
        }
        match case.superseded_by.take() {
            Some(other) => {
                case.stored = other;
                Ok(Commit::Superseded { stored: other.map(Stored), discarded: sign_in })
            }
            None => {
                case.stored = Some(sign_in.0);
                Ok(Commit::Stored(sign_in))
            }
        }
    }
}

impl TokenEndpoint<Stored> for World {
    type Error = Failure;

    fn refresh_token(&self, sign_in: &Stored) -> Result<RefreshToken, Failure> {
        sign_in.refresh_token().ok_or(Failure(NotRefreshable))
    }

    fn deadline(&self) -> Duration {
        Duration::ZERO
    }

    async fn refresh(
        &self,
        _: &Stored,
        token: &RefreshToken,
    ) -> Result<TokenResponse<Failure>, Failure> {
        let mut case = self.case();
        case.requests += 1;
        if case.requests > 1 {
            assert_ne!(token.expose(), "r1", "it was spent by the first request");
            case.during_request = case.during_second_request;
            case.answer = case.second_answer;
            case.access_token = Some("a4");
            case.defect = None;
        }
        case.stored = case.during_request.or(case.stored);
        if let Some(kind) = case.answer {
            return Err(Failure(kind));
        }
        let access_token = case.access_token.and_then(|it| AccessToken::new(it).ok());
        let defect = case.defect.map(Failure);
        let refresh_token = defect.as_ref().and_then(|_| RefreshToken::new("r3").ok());
        let tokens = RefreshedTokens { access_token, refresh_token, ..RefreshedTokens::default() };
        Ok(TokenResponse { tokens, defect })
    }

    async fn discard(&self, _: Stored) {
        self.case().discarded = true;
    }
}

impl Clock for World {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }

    async fn sleep(&self, _: Duration) {
        self.case().pauses += 1;
    }
}

/// The access token, with `!` if a refresh was postponed, or the name of the error; and what has happened.
async fn outcome(case: &Case, refreshes_now: bool) -> (String, Case) {
    let world = World(Arc::new(Mutex::new(case.clone())));
    let source = TokenSource::new(world.clone(), world.clone(), world.clone());
    let events = |event| {
        if event == Event::WaitingForLock {
            world.case().notices += 1;
        }
    };
    let outcome = match refreshes_now {
        true => source.refresh(&events).await.map(|it| (it, false)),
        false => source.valid(&events).await.map(|it| (it.sign_in, it.postponed.is_some())),
    };
    let text = match outcome {
        Ok((sign_in, postponed)) => {
            world.case().returned = Some(sign_in.0);
            format!("{}{}", sign_in.0.0, if postponed { "!" } else { "" })
        }
        Err(Error::Refresh(Failure(kind)) | Error::Rejected(Failure(kind))) => format!("{kind:?}"),
        Err(Error::Busy { .. }) => "Busy".to_owned(),
        Err(error) => format!("{error:?}"),
    };
    let happened = world.case().clone();
    (text, happened)
}

/// An old token that still works hides an error that may pass, and no other.
// threats 113
#[tokio::test]
async fn failed_refresh_falls_back_to_a_token_that_works() {
    for (kind, due, expired, is_released) in [
        (Unavailable, "a1!", "Unavailable", true),
        (OutcomeUnknown, "a1!", "OutcomeUnknown", false),
        (InvalidResponse, "InvalidResponse", "InvalidResponse", false),
        (Rejected, "Rejected", "Rejected", true),
        (AlreadyUsed, "AlreadyUsed", "AlreadyUsed", true),
        (NotRefreshable, "a1", "NotRefreshable", true),
    ] {
        for (stored, expected) in [(DUE, due), (EXPIRED, expired)] {
            let case = Case { stored: Some(stored), answer: Some(kind), ..Case::default() };
            let (text, happened) = outcome(&case, false).await;
            assert_eq!((text.as_str(), happened.requests), (expected, 1), "{kind:?}");
            // A claim stays until nobody can send the same token by mistake.
            assert_eq!(happened.released, is_released, "{kind:?}");
            assert_eq!(happened.pauses, if kind == AlreadyUsed { 39 } else { 0 }, "{kind:?}");
        }
    }
    for (seconds, expected) in [(60, "a1"), (0, "NotRefreshable")] {
        let case = Case { stored: Some(("a1", None, seconds)), ..Case::default() };
        let (text, happened) = outcome(&case, false).await;
        assert_eq!((text.as_str(), happened.requests), (expected, 0));
    }
}

/// The refresh token of the sign-in that was read first may be spent by then.
// threats 111 113
#[tokio::test]
async fn fall_back_is_to_the_sign_in_that_is_stored() {
    let defect = Case { defect: Some(OutcomeUnknown), ..Case::default() };
    let answer = Case { answer: Some(Unavailable), held: 1, ..Case::default() };
    let answer = Case { when_free: Some(("a2", Some("r2"), 60)), ..answer };
    for (case, expected) in [(defect, ("a1", Some("r3"), 60)), (answer, ("a2", Some("r2"), 60))] {
        let (text, happened) = outcome(&Case { stored: Some(DUE), ..case }, false).await;
        assert_eq!(
            (happened.returned, happened.stored),
            (Some(expected), Some(expected)),
            "{text}"
        );
        assert!(text.ends_with('!'), "{text}");
    }
}

#[tokio::test]
async fn defect_is_the_error_unless_the_old_token_works() {
    for (kind, stored, superseded_by, expected) in [
        (InvalidResponse, DUE, None, "InvalidResponse"),
        (OutcomeUnknown, EXPIRED, None, "OutcomeUnknown"),
        (OutcomeUnknown, DUE, Some(None), "NotSignedIn"),
        (OutcomeUnknown, DUE, Some(Some(EXPIRED)), "NoAccessToken"),
        (OutcomeUnknown, DUE, Some(Some(OTHER)), "a2"),
        (InvalidResponse, DUE, Some(Some(OTHER)), "a2"),
    ] {
        let case = Case { defect: Some(kind), superseded_by, ..Case::default() };
        let (text, _) = outcome(&Case { stored: Some(stored), ..case.clone() }, false).await;
        assert_eq!(text, expected, "{case:?}");
        let (text, _) = outcome(&Case { stored: Some(stored), ..case }, true).await;
        assert_eq!(text, expected);
    }
}

#[tokio::test]
async fn rejected_token_may_have_a_successor_from_another_program() {
    for (other, expected) in [
        (OTHER, "a2"),
        (("a2", None, 3600), "a2"),
        (("a1", None, 3600), "AlreadyUsed"),
        (("a1", Some("r2"), 3600), "a1"),
        (("a1", Some("r2"), 0), "a4"),
        (("a2", Some("r1"), 3600), "AlreadyUsed"),
        // An old file was restored.
        (("a0", Some("r0"), -1), "a4"),
        (("a0", None, -1), "NoAccessToken"),
    ] {
        let during_request = Some(other);
        let stored = Some(EXPIRED);
        let case = Case { stored, during_request, answer: Some(AlreadyUsed), ..Case::default() };
        assert_eq!(outcome(&case, false).await.0, expected, "{other:?}");
    }
    let during_request = Some(OTHER);
    let case = Case { stored: Some(EXPIRED), during_request, ..Case::default() };
    assert_eq!(outcome(&Case { answer: Some(Rejected), ..case }, false).await.0, "a2");
}

/// Another program has stored an old sign-in, such as one of a backup, whose refresh token is not spent.
// threats 112
#[tokio::test]
async fn old_sign_in_of_another_program_is_refreshed_once() {
    const OLD: Option<SignIn> = Some(("a0", Some("r0"), -1));
    let rejected = Case { answer: Some(AlreadyUsed), during_request: OLD, ..Case::default() };
    let superseded = Case { access_token: Some("a3"), superseded_by: Some(OLD), ..Case::default() };
    for case in [rejected.clone(), superseded] {
        for refreshes_now in [false, true] {
            let case = Case { stored: Some(EXPIRED), ..case.clone() };
            let (text, happened) = outcome(&case, refreshes_now).await;
            assert_eq!((text.as_str(), happened.requests), ("a4", 2), "{case:?}");
        }
    }
    for (during_second_request, expected) in [
        (None, "AlreadyUsed"),
        (Some(OTHER), "a2"),
        (Some(("a0", Some("r9"), -1)), "NoAccessToken"),
    ] {
        let second_answer = Some(AlreadyUsed);
        let case = Case { stored: Some(EXPIRED), second_answer, ..rejected.clone() };
        let (text, happened) = outcome(&Case { during_second_request, ..case }, false).await;
        assert_eq!((text.as_str(), happened.requests), (expected, 2));
    }
}

/// The token that the first request has spent is not sent again.
// threats 112
#[tokio::test]
async fn spent_token_that_another_program_puts_back_is_not_sent() {
    let during_request = Some(("a0", Some("r0"), -1));
    let before_second_request = Some(EXPIRED);
    let case = Case {
        answer: Some(AlreadyUsed),
        during_request,
        before_second_request,
        ..Case::default()
    };
    let (text, happened) = outcome(&Case { stored: Some(EXPIRED), ..case }, false).await;
    assert_eq!((text.as_str(), happened.requests, happened.released), ("NoAccessToken", 1, true));
}

/// A caller whose token an API has refused wants another one.
#[tokio::test]
async fn refresh_now_does_not_end_with_the_same_access_token() {
    let during_request = Some(("a1", Some("r2"), 3600));
    let second_answer = Some(Rejected);
    let during_second_request = Some(("a1", Some("r3"), 3600));
    let case = Case { answer: Some(Rejected), during_request, second_answer, ..Case::default() };
    let case = Case { stored: Some(DUE), during_second_request, ..case };
    assert_eq!(outcome(&case, true).await.0, "NoAccessToken");
    let case =
        Case { stored: Some(DUE), during_request, answer: Some(Rejected), ..Case::default() };
    assert_eq!(outcome(&case, false).await.0, "a1");
    assert_eq!(outcome(&case, true).await.0, "a4");
}

#[tokio::test]
async fn answer_without_an_access_token_is_enough_while_the_old_one_works() {
    for (stored, access_token, expected) in [
        (DUE, Some("a3"), "a3"),
        (EXPIRED, Some("a3"), "a3"),
        (DUE, None, "a1"),
        (EXPIRED, None, "NoAccessToken"),
    ] {
        let case = Case { stored: Some(stored), access_token, ..Case::default() };
        assert_eq!(outcome(&case, false).await.0, expected);
    }
    for (other, expected) in
        [(None, "NotSignedIn"), (Some(OTHER), "a2"), (Some(EXPIRED), "NoAccessToken")]
    {
        let superseded_by = Some(other);
        let access_token = Some("a3");
        let case = Case { stored: Some(EXPIRED), access_token, superseded_by, ..Case::default() };
        let (text, happened) = outcome(&case, false).await;
        assert_eq!((text.as_str(), happened.discarded), (expected, true));
    }
}

/// The holder of the lock may store a sign-in that is due, too.
#[tokio::test]
async fn process_that_waits_in_vain_has_the_last_stored_sign_in() {
    let while_held = Some(("a2", Some("r2"), 60));
    let case = Case { stored: Some(DUE), held: u32::MAX, while_held, ..Case::default() };
    assert_eq!(outcome(&case, false).await.0, "a2!");
}

#[tokio::test]
async fn process_waits_for_the_one_that_refreshes() {
    let (forever, when_free) = (u32::MAX, Some(OTHER));
    for (stored, held, uses_old_token, expected, notices) in [
        (DUE, 3, false, "a2", 0),
        (DUE, 100, false, "a2", 1),
        (DUE, forever, false, "a1!", 1),
        (EXPIRED, forever, false, "Busy", 1),
        (DUE, forever, true, "a1", 0),
        (EXPIRED, 3, true, "a2", 0),
    ] {
        let stored = Some(stored);
        let case = Case { stored, held, when_free, uses_old_token, ..Case::default() };
        let (text, happened) = outcome(&case, false).await;
        assert_eq!((text.as_str(), happened.requests), (expected, 0), "{case:?}");
        assert_eq!(happened.notices, notices, "{case:?}");
    }
}

#[tokio::test]
async fn refresh_counts_if_another_process_has_made_it() {
    let fresh = ("a1", Some("r1"), 3600);
    for (held, when_free, expected, requests) in [
        (0, None, "a3", 1),
        (3, None, "a3", 1),
        (3, Some(OTHER), "a2", 0),
        (3, Some(("a2", Some("r2"), -1)), "a3", 1),
    ] {
        let (stored, access_token) = (Some(fresh), Some("a3"));
        let case = Case { stored, held, when_free, access_token, ..Case::default() };
        let (text, happened) = outcome(&case, true).await;
        assert_eq!((text.as_str(), happened.requests), (expected, requests), "{case:?}");
    }
}

/// It works for another minute.
#[tokio::test]
async fn old_sign_in_that_is_put_back_is_used_while_it_works() {
    let case = Case {
        stored: Some(DUE),
        answer: Some(AlreadyUsed),
        during_request: Some(("a0", Some("r0"), -1)),
        before_second_request: Some(DUE),
        ..Case::default()
    };
    let (text, happened) = outcome(&case, false).await;
    assert_eq!((text.as_str(), happened.requests), ("a1", 1));
}

/// An API may have refused it. A token that the server returns again, or leaves, counts.
#[tokio::test]
async fn refresh_does_not_return_the_old_token_that_another_program_has_stored() {
    let old = Some(Some(("a1", None, 3600)));
    for (access_token, superseded_by, expected) in [
        (Some("a3"), old, "NoAccessToken"),
        // The server has returned a refresh token alone.
        (None, None, "a1"),
        (Some("a1"), None, "a1"),
    ] {
        let case = Case { stored: Some(DUE), access_token, superseded_by, ..Case::default() };
        assert_eq!(outcome(&case, true).await.0, expected, "{case:?}");
    }
}
