use std::time::Duration;

use auth_store::{AuthDocument, AuthStore, Locked};
use tokio::time::sleep;

use super::{StoredSignIn, WORTH_WAITING};
use crate::error::Error;
use crate::event::{Event, Events};

/// What came of waiting for the locks.
pub(super) enum Turn {
    /// They are ours, and there is still something to do to this document.
    Ours(Box<Locked>, AuthDocument),
    /// Meanwhile somebody else has done it.
    Done(AuthDocument),
}

/// When a person would begin to wonder.
const WORTH_A_WORD: Duration = Duration::from_secs(2);

impl StoredSignIn {
    /// Waits for the locks, or until nothing `is_left` to do: who waits uses what the other program
    /// brings as soon as it is there, and never comes to hold the locks at all.
    pub(super) async fn turn(
        &self,
        is_left: impl Fn(&AuthDocument) -> bool,
        events: Events<'_>,
    ) -> Result<Turn, Error> {
        let mut wait = Wait::default();
        loop {
            if let Some(mut locked) = self.store.try_lock()? {
                let document = self.current(locked.load()?)?;
                return Ok(match is_left(&document) {
                    true => Turn::Ours(Box::new(locked), document),
                    false => Turn::Done(document),
                });
            }
            wait.a_little(&self.store, events).await?;
            let document = self.load()?;
            if !is_left(&document) {
                return Ok(Turn::Done(document));
            }
        }
    }
}

/// Waits for the locks, whatever is stored.
pub(crate) async fn locked(store: &AuthStore, events: Events<'_>) -> Result<Locked, Error> {
    let mut wait = Wait::default();
    loop {
        match store.try_lock()? {
            Some(locked) => return Ok(locked),
            None => wait.a_little(store, events).await?,
        }
    }
}

#[derive(Default)]
struct Wait {
    waited: Duration,
    pause: Duration,
    told: bool,
}

impl Wait {
    /// Longer each time, so that a crowd that waits does not keep the machine from what it waits for.
    async fn a_little(&mut self, store: &AuthStore, events: Events<'_>) -> Result<(), Error> {
        const SHORTEST: Duration = Duration::from_millis(2);
        const LONGEST: Duration = Duration::from_millis(50);
        if self.waited >= WORTH_WAITING {
            return Err(Error::Busy { waited: self.waited, holder: store.holder() });
        }
        if self.waited >= WORTH_A_WORD && !std::mem::replace(&mut self.told, true) {
            events(Event::WaitingForAnotherProgram);
        }
        self.pause = (self.pause * 2).clamp(SHORTEST, LONGEST);
        sleep(self.pause).await;
        self.waited += self.pause;
        Ok(())
    }
}
