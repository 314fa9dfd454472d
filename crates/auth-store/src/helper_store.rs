use credential_helper::{Credential, Error, Helper};
use zeroize::Zeroizing;

use crate::{ExternalStore, ExternalStoreError};

/// An entry of a credential helper: `docker-credential-pass`, the system's keychain, or whatever a
/// company has.
#[derive(Clone, Debug)]
pub struct HelperStore {
    helper: Helper,
    entry: String,
}

/// Helpers keep one entry for each user name, so it is always the same.
const USERNAME: &str = "login-cli";

impl HelperStore {
    /// The entry under `entry`, which has to be a URL, because some helpers take it apart.
    #[must_use]
    pub fn new(helper: Helper, entry: String) -> Self {
        Self { helper, entry }
    }

    /// An entry beside ours, to try what works.
    fn probe(&self) -> String {
        format!("{}/probe", self.entry)
    }

    /// Only writing and reading tells: a store that was never set up looks empty, and one that is
    /// locked may still take what it cannot give back.
    fn try_out(&self, length: usize) -> Result<(), ExternalStoreError> {
        let secret = Zeroizing::new("0".repeat(length));
        let probe = Credential { username: USERNAME.to_owned(), secret };
        self.helper.store(&self.probe(), &probe)?;
        let there = self.helper.get(&self.probe());
        let erased = match there {
            // It would only hang once more.
            Err(Error::TimedOut { .. } | Error::Cancelled { .. }) => Ok(()),
            _ => self.helper.erase(&self.probe()),
        };
        let is_same = there?.is_some_and(|there| there.secret == probe.secret);
        erased?;
        if is_same {
            return Ok(());
        }
        Err(format!("{} does not give back what it took", self.helper.program()).into())
    }

    /// A simple helper keeps one entry, whatever it is called, and has ours no more. The entry may be the only
    /// copy of a sign-in, so nothing cancels this.
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

    /// It is tried beside the entry, which may be the only copy of a sign-in.
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
            // What is no answer of the protocol is there all the same.
            Err(Error::Misshapen { .. }) => true,
            other => other?.is_some(),
        };
        self.helper.erase(&self.entry)?;
        Ok(was_there)
    }
}
