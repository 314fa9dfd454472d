use credential_helper::{Credential, Error, Helper};
use zeroize::Zeroizing;

use crate::{ExternalStore, ExternalStoreError};

/// An entry of a credential helper, for example `docker-credential-pass` or the system's keychain.
#[derive(Clone, Debug)]
pub struct HelperStore {
    helper: Helper,
    entry: String,
}

/// Helpers keep one entry per user name, so it is constant.
const USERNAME: &str = "login-cli";

impl HelperStore {
    /// The entry named `entry`, which has to be a URL, because some helpers parse it.
    #[must_use]
    pub fn new(helper: Helper, entry: String) -> Self {
        Self { helper, entry }
    }

    /// A second entry, for tests of the helper.
    fn probe(&self) -> String {
        format!("{}/probe", self.entry)
    }

    /// Writes an entry and reads it back. Nothing less tells: an uninitialized store looks empty, and a
    /// locked one may accept a write.
    fn try_out(&self, length: usize) -> Result<(), ExternalStoreError> {
        let secret = Zeroizing::new("0".repeat(length));
        let probe = Credential { username: USERNAME.to_owned(), secret };
        self.helper.store(&self.probe(), &probe)?;
        let there = self.helper.get(&self.probe());
        let erased = match there {
            // It would time out again.
            Err(Error::TimedOut { .. } | Error::Cancelled { .. }) => Ok(()),
            _ => self.helper.erase(&self.probe()),
        };
        let is_same = there?.is_some_and(|there| there.secret == probe.secret);
        erased?;
        if is_same {
            return Ok(());
        }
        Err(format!("{} does not return what it stored", self.helper.program()).into())
    }

    /// Restores the entry after a test with a helper that has only one entry under any name. It may
    /// be the only copy of a sign-in, so this is not cancelled.
    fn put_back(&self, before: &Credential) -> Result<(), ExternalStoreError> {
        let helper = self.helper.without_cancellation();
        match helper.get(&self.entry)? {
            Some(now) if now.secret == before.secret => Ok(()),
            _ => Ok(helper.store(&self.entry, before)?),
        }
    }
}

impl ExternalStore for HelperStore {
    fn name(&self) -> String {
        format!("{} ({})", self.helper.program(), self.entry)
    }

    /// Uses a second entry: the first one may be the only copy of a sign-in.
    fn check(&self, length: usize) -> Result<(), ExternalStoreError> {
        let before = self.helper.get(&self.entry)?;
        let tried = self.try_out(length);
        let put_back = before.map_or(Ok(()), |before| self.put_back(&before));
        tried.and(put_back)
    }

    fn read(&self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        let bytes = |credential: Credential| credential.secret.as_bytes().to_vec().into();
        Ok(self.helper.get(&self.entry)?.map(bytes))
    }

    fn write(&self, document: &[u8]) -> Result<(), ExternalStoreError> {
        let secret = Zeroizing::new(std::str::from_utf8(document)?.to_owned());
        let credential = Credential { username: USERNAME.to_owned(), secret };
        Ok(self.helper.store(&self.entry, &credential)?)
    }

    fn remove(&self) -> Result<bool, ExternalStoreError> {
        let was_there = match self.helper.get(&self.entry) {
            // An answer that is not part of the protocol still means that there is an entry.
            Err(Error::InvalidAnswer { .. }) => true,
            other => other?.is_some(),
        };
        self.helper.erase(&self.entry)?;
        Ok(was_there)
    }
}
