use std::path::PathBuf;

use credentials::ApiKey;

use super::{Replaced, StoredSignIn, WORTH_WAITING, revoke_replaced};
use crate::commit::commit;
use crate::error::Error;
use crate::event::{Event, Events};

impl StoredSignIn {
    /// Signs in with an API key that the person has: it takes the place of whatever is stored, whose
    /// tokens are then revoked. The copy of an old file that could not be read is returned, if there
    /// was one.
    ///
    /// # Errors
    ///
    /// [`Error::Store`]; what was stored before is untouched.
    pub async fn replace_by_api_key(
        &self,
        api_key: ApiKey,
        events: Events<'_>,
    ) -> Result<Option<PathBuf>, Error> {
        let (store, now) = (self.store.clone().with_lock_wait(WORTH_WAITING), (self.now)());
        let save = move || {
            store.update_or_set_aside(now, |document| {
                let replaced = Replaced::of(document);
                document.set_api_key_sign_in(&api_key);
                replaced
            })
        };
        let (replaced, set_aside) = commit(save).await?;
        events(Event::Kept { location: &self.store.location() });
        revoke_replaced(&self.client, &replaced, events).await;
        Ok(set_aside)
    }
}
