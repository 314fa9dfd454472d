//! What an interruption (Ctrl-C, SIGTERM) ends, and what it must not end.

use std::mem;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use auth_store::Location;
use login::{Event, RefreshEvent};
use terminal_ui::{Hint, say};
use tokio_util::sync::CancellationToken;

use crate::error::{CliError, key_may_exist};
use crate::mutex::lock;
use crate::signals::{self, Interrupt};

/// Tokens that the issuer may have issued, and that are stored nowhere.
pub(crate) const TOKENS_LOST: &str =
    "the issuer may have issued tokens that are stored nowhere; they expire by themselves";

/// The state of a command that matters if it is interrupted. [`Event`]s change it.
#[derive(Default)]
pub(crate) struct Interruption {
    state: Mutex<State>,
    /// Ends a sign-in in order.
    pub(crate) cancellation: CancellationToken,
    /// Whether the result of the command is a key.
    makes_key: bool,
    is_key_requested: AtomicBool,
}

#[derive(Clone, Default)]
struct State {
    /// Something single-use is being spent. This sentence says what is finished before the program ends.
    finishing: Option<&'static str>,
    /// What the user needs to know about a sign-in that is interrupted now.
    note: Option<Hint>,
    /// The same about an API key.
    key_note: Option<Hint>,
}

impl Interruption {
    pub(crate) fn new(makes_key: bool) -> Self {
        Self { makes_key, ..Self::default() }
    }

    pub(crate) fn update(&self, event: &Event<'_>) {
        if matches!(event, Event::CreatingApiKey { .. }) {
            self.is_key_requested.store(true, Ordering::Relaxed);
        }
        let state = mem::take(&mut *lock(&self.state));
        self.set(state.after(event));
    }

    /// The sign-in is being stored in another place, from which it may be refreshed at once.
    #[cfg(feature = "postgres")]
    pub(crate) fn finish_import(&self, import: &str) {
        let note =
            say("the sign-in may be in both places; to remove the file: ").run(import.to_owned());
        self.set(State::finishing("Moving the sign-in, so that it is in one place.", note));
    }

    /// The command has done what could be lost.
    pub(crate) fn clear(&self) {
        self.set(State::default());
    }

    /// The tokens of a cancelled sign-in are revoked, or a warning said that they are not.
    pub(crate) fn tokens_are_revoked(&self) {
        let state = &mut *lock(&self.state);
        state.note.take_if(|note| *note == say(TOKENS_LOST));
    }

    pub(crate) fn finishing(&self) -> Option<&'static str> {
        lock(&self.state).finishing
    }

    pub(crate) fn note(&self) -> Option<Hint> {
        let State { note, key_note, .. } = lock(&self.state).clone();
        match (key_note, note) {
            (Some(key), Some(note)) => Some(key.then("; ").and(note)),
            (key, note) => key.or(note),
        }
    }

    pub(crate) fn error(&self, by: Interrupt) -> CliError {
        let no_key = self.makes_key && !self.is_key_requested.load(Ordering::Relaxed);
        CliError::Interrupted { by, note: self.note(), no_key }
    }

    /// Fails if a signal stopped the credential helper or the database call of this command.
    pub(crate) fn check(&self) -> Result<(), CliError> {
        match signals::received() {
            Some(by) if self.finishing().is_none() => Err(self.error(by)),
            _ => Ok(()),
        }
    }

    fn set(&self, state: State) {
        signals::set_finishing(state.finishing.is_some());
        *lock(&self.state) = state;
    }
}

impl State {
    fn after(self, event: &Event<'_>) -> Self {
        match event {
            Event::ExchangingCode => Self::finishing(
                "Ending the sign-in, so that no token is left behind.",
                say(TOKENS_LOST),
            ),
            Event::Refresh(RefreshEvent::Refreshing) => Self::finishing(
                "Finishing the refresh, so that the sign-in is not lost.",
                say("a refresh was under way, and its response may be lost: if ")
                    .run("token")
                    .then(" now says that the sign-in is no longer valid, sign in again with ")
                    .run("login"),
            ),
            Event::CreatingApiKey { name } => {
                Self { key_note: Some(say(key_may_exist(name))), ..self }
            }
            Event::Storing => {
                let key = self.key_note.map(|key| say("; ").and(key)).unwrap_or_default();
                let status = say("the sign-in may be stored: ").run("status");
                Self::finishing(
                    "Finishing the sign-in, which is being stored.",
                    status.then(" shows whether it is").and(key),
                )
            }
            Event::Stored { location } => Self::stored(location),
            Event::Revoked => Self {
                note: Some(
                    say("the sign-in was revoked, and may still be stored; to remove it: ")
                        .run("logout"),
                ),
                ..Self::default()
            },
            Event::Refresh(RefreshEvent::Refreshed) | Event::Removed => Self::default(),
            _ => self,
        }
    }

    fn finishing(finishing: &'static str, note: Hint) -> Self {
        Self { finishing: Some(finishing), note: Some(note), key_note: None }
    }

    fn stored(location: &Location) -> Self {
        let note = say(format!("the credentials are in {location} all the same"));
        Self { note: Some(note), ..Self::default() }
    }
}
