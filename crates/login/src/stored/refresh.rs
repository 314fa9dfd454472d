use std::time::Duration;

use auth_store::{AuthDocument, AuthMode, Error as StoreError, Location, Locked, Renewal};
use credentials::{AccessToken, RefreshToken};
use tokio::task::yield_now;
use tokio::time::sleep;

use super::due::{has_expired, still_works};
use super::refreshed::examine;
use super::turn::Turn;
use super::{DiscardedTokens, StoredSignIn, is_due, issuer_of};
use crate::commit::commit_patiently;
use crate::error::Error;
use crate::event::{Event, Events};

/// How often a commit is tried when programs that take no lock write at the same moment.
const ATTEMPTS: usize = 3;

impl StoredSignIn {
    /// The document with an access token that is valid now: the stored one, or, where that is
    /// [due](is_due), the one of a refresh. Of all who ask at once, in any number of processes, one
    /// refreshes, and the others get what it brings.
    ///
    /// Where the refresh does not work at the moment, a token that is not over yet is still handed
    /// out, and [`Event::RefreshPostponed`] says why.
    ///
    /// # Errors
    ///
    /// [`Error::NotSignedIn`], [`Error::SignInEnded`], or why the refresh did not work.
    pub async fn valid(&self, events: Events<'_>) -> Result<AuthDocument, Error> {
        let document = self.load()?;
        let is_left = |document: &AuthDocument| is_due(document, (self.now)());
        if !is_left(&document) {
            return Ok(document);
        }
        match self.renewed(is_left, events).await {
            // It was never meant to last longer, and is not over.
            Err(Error::NothingToRefresh { .. } | Error::UnknownMode { .. })
                if !has_expired(&document, (self.now)()) =>
            {
                Ok(document)
            }
            Err(error) if may_pass(&error) && still_works(&document, (self.now)()) => {
                events(Event::RefreshPostponed(&error));
                Ok(document)
            }
            Err(Error::Store(source)) if is_not_writable(&source) => Err(Error::Unstorable(source)),
            other => other,
        }
    }

    /// The access token of that document, for a server of the issuer whose client asks.
    ///
    /// # Errors
    ///
    /// [`Error::OtherIssuer`], [`Error::NoAccessToken`], or like [`valid`](Self::valid).
    pub(crate) async fn access_token(&self, events: Events<'_>) -> Result<AccessToken, Error> {
        self.our_access_token(&self.load()?)?;
        // Meanwhile another sign-in may have taken its place.
        self.our_access_token(&self.valid(events).await?)
    }

    fn our_access_token(&self, document: &AuthDocument) -> Result<AccessToken, Error> {
        let is_chatgpt = document.personal_access_token().is_none();
        let token = document.access_token().filter(|_| is_chatgpt);
        let none = || Error::NoAccessToken { location: self.store.location() };
        let token = token.ok_or_else(none)?;
        self.is_ours(document).map(|()| token)
    }

    /// Refreshes now, due or not; unless another program does so at the same moment, whose result
    /// counts as well.
    ///
    /// # Errors
    ///
    /// Like [`valid`](Self::valid).
    pub async fn refresh(&self, events: Events<'_>) -> Result<AuthDocument, Error> {
        let before = self.load()?.refresh_token();
        let is_left = |document: &AuthDocument| is_same(&document.refresh_token(), &before);
        self.renewed(is_left, events).await
    }

    async fn renewed(
        &self,
        is_left: impl Fn(&AuthDocument) -> bool,
        events: Events<'_>,
    ) -> Result<AuthDocument, Error> {
        match self.turn(is_left, events).await? {
            Turn::Done(document) => Ok(document),
            Turn::Ours(locked, document) => self.spend(*locked, document, events).await,
        }
    }

    /// Spends the refresh token, under the locks.
    async fn spend(
        &self,
        mut locked: Locked,
        document: AuthDocument,
        events: Events<'_>,
    ) -> Result<AuthDocument, Error> {
        let token = spendable(&document, &locked)?;
        self.is_ours(&document)?;
        let client = self.client_of(&document)?;
        locked.reserve()?;
        let left_over = locked.take_left_over();
        events(Event::Refreshing);
        let refreshed = match client.refresh(&token).await {
            Ok(refreshed) => refreshed,
            Err(error) => {
                events(Event::Refreshed);
                drop(locked);
                self.revoker().discard_left_over(left_over, events).await;
                return self.successor(&token, error).await;
            }
        };
        let (renewal, verdict) = examine(refreshed, &document, &client, (self.now)());
        let is_new = renewal.access_token.is_some();
        let unkept = DiscardedTokens::from_document(&document);
        let keep = move || (keep(&mut locked, document, &token, &renewal), renewal);
        let (kept, renewal) = match self.store.location() {
            // It takes a moment, and must not take a thread, which may not be had by now.
            Location::File(_) => {
                let kept = keep();
                let_signals_in().await;
                kept
            }
            Location::Vault(_) => commit_patiently(keep).await,
        };
        events(Event::Refreshed);
        self.revoker().discard_left_over(left_over, events).await;
        let current = match kept? {
            Kept::Renewed(document) if !is_new && has_expired(&document, (self.now)()) => {
                Err(Error::UnusableAnswer { field: "access_token" })
            }
            Kept::Renewed(document) => Ok(document),
            Kept::Superseded(theirs) => {
                let unkept = unkept.with_renewal(renewal);
                self.revoker().discard(unkept, events).await;
                theirs.ok_or_else(|| Error::NotSignedIn { location: self.store.location() })
            }
        };
        verdict.and(current)
    }

    /// What has taken the place of a token that the issuer does not take any more; nothing, where it
    /// may still take it. A program that takes no lock while it refreshes, such as Codex CLI, may have
    /// been quicker, and be about to write what it got; it needs the locks for that.
    async fn successor(
        &self,
        spent: &RefreshToken,
        error: token_client::Error,
    ) -> Result<AuthDocument, Error> {
        const EVERY: Duration = Duration::from_millis(50);
        const LOOKS: u32 = 40;
        if !error.ends_the_sign_in() {
            return Err(Error::Refresh(error));
        }
        let looks = if error.is_spent_elsewhere() { LOOKS } else { 1 };
        for look in 1..=looks {
            let document = self.load()?;
            if !is_token(&document.refresh_token(), spent) {
                return Ok(document);
            }
            if look < looks {
                sleep(EVERY).await;
            }
        }
        Err(Error::SignInEnded(error))
    }

    /// Tokens are only sent to the issuer that they are from.
    pub(super) fn is_ours(&self, document: &AuthDocument) -> Result<(), Error> {
        let asked = self.client.issuer().as_str();
        match issuer_of(document) {
            stored if stored == asked => Ok(()),
            stored => Err(Error::OtherIssuer { stored, asked: asked.to_owned() }),
        }
    }
}

/// The refresh token of a sign-in of ours. One that was made in a way that only another program knows
/// is that program's to spend: what a refresh brings may not be all that it would have kept.
fn spendable(document: &AuthDocument, locked: &Locked) -> Result<RefreshToken, Error> {
    let token = match document.auth_mode() {
        Some(AuthMode::Other(auth_mode)) => return Err(Error::UnknownMode { auth_mode }),
        Some(AuthMode::PersonalAccessToken) => None,
        _ => document.refresh_token(),
    };
    token.ok_or_else(|| Error::NothingToRefresh { location: locked.location() })
}

/// A signal that came before the save counts: in the first turn the runtime sees it, and in the second
/// whatever waits for it beside this future.
async fn let_signals_in() {
    yield_now().await;
    yield_now().await;
}

/// What came of writing a renewal.
enum Kept {
    /// It is stored.
    Renewed(AuthDocument),
    /// Another program, one that takes no lock, has put something else in its place, or nothing.
    Superseded(Option<AuthDocument>),
}

/// Writes the renewal where its predecessor still stands. What another program wrote meanwhile stays.
fn keep(
    locked: &mut Locked,
    mut document: AuthDocument,
    spent: &RefreshToken,
    renewal: &Renewal,
) -> Result<Kept, Error> {
    for _ in 0..ATTEMPTS {
        document.set_renewal(renewal);
        match commit_stubbornly(locked, &document) {
            Ok(()) => return Ok(Kept::Renewed(document)),
            Err(StoreError::Changed { .. }) => {}
            // The new tokens are in place, or beside it, which is not the same as lost.
            Err(source @ (StoreError::NotDurable { .. } | StoreError::NotReplaced { .. })) => {
                return Err(Error::Store(source));
            }
            Err(source) => return Err(Error::Unsaved(source)),
        }
        match locked.load().map_err(Error::Unsaved)? {
            Some(theirs) if is_token(&theirs.refresh_token(), spent) => document = theirs,
            superseding => return Ok(Kept::Superseded(superseding)),
        }
    }
    Err(Error::Unsaved(StoreError::Changed { location: locked.location() }))
}

/// A disk that refused may take it the second time, and there is nothing else to do with tokens
/// whose predecessors are spent.
fn commit_stubbornly(locked: &mut Locked, document: &AuthDocument) -> Result<(), StoreError> {
    match locked.commit(document) {
        Err(
            StoreError::NotWritable { .. }
            | StoreError::NotReplaced { .. }
            | StoreError::Io { .. }
            | StoreError::Vault { .. }
            | StoreError::MayBeStored { .. },
        ) => locked.commit(document),
        other => other,
    }
}

fn is_same(one: &Option<RefreshToken>, other: &Option<RefreshToken>) -> bool {
    one.as_ref().map(RefreshToken::expose) == other.as_ref().map(RefreshToken::expose)
}

fn is_token(stored: &Option<RefreshToken>, token: &RefreshToken) -> bool {
    stored.as_ref().is_some_and(|stored| stored.expose() == token.expose())
}

/// Whether it is the place that nothing can be written to, which was found before a token was spent.
fn is_not_writable(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::NotWritable { .. }
            | StoreError::ForeignOwner { .. }
            | StoreError::WorldWritable { .. }
            | StoreError::Io { .. }
    )
}

/// Whether the sign-in is what it was, so that a token which is not over yet is good for now: the
/// issuer is broken, or not to be had, or not the one that was to be asked.
fn may_pass(error: &Error) -> bool {
    matches!(
        error,
        Error::Refresh(_)
            | Error::Store(_)
            | Error::Busy { .. }
            | Error::OtherIssuer { .. }
            | Error::OtherClient { .. }
    )
}
