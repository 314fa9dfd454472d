use std::time::Duration;

use auth_store::{AuthDocument, Claim, ExternalStoreError};
use credentials::RefreshToken;
use postgres_store::{ClaimGuard, Document as _, StoredSignIn};
use token_source::{Commit, RefreshedTokens, StoreGuard as _};
use zeroize::Zeroizing;

use super::Error;
use super::document::{Stored, document_of};
use super::server::run;

/// The claim of this process on a row.
#[derive(Debug)]
pub(super) struct RowClaim(pub(super) ClaimGuard<Stored>);

impl Claim for RowClaim {
    fn read(&mut self) -> Result<Option<Zeroizing<Vec<u8>>>, ExternalStoreError> {
        let stored = run(self.0.load())?;
        Ok(stored.map(|it| document_of(it).to_bytes()).transpose()?)
    }

    fn reserve(&mut self, deadline: Duration) -> Result<(), ExternalStoreError> {
        Ok(run(self.0.reserve(deadline))?)
    }

    fn replace(&mut self, document: Option<&[u8]>) -> Result<bool, ExternalStoreError> {
        let stored = document.map(|text| Stored::parse(text).ok_or("it is not an auth.json"));
        let stored = stored.transpose()?;
        Ok(run(self.0.store(stored.as_ref()))?)
    }

    fn commit(
        self: Box<Self>,
        document: AuthDocument,
        tokens: RefreshedTokens,
        spent: RefreshToken,
    ) -> Result<Commit<AuthDocument>, ExternalStoreError> {
        let document = StoredSignIn::Document(Stored::new(document)?);
        Ok(match run(self.0.commit(document, tokens, spent))? {
            Commit::Stored(document) => Commit::Stored(document_of(document)),
            Commit::Superseded { stored, discarded } => {
                let (stored, discarded) = (stored.map(document_of), document_of(discarded));
                Commit::Superseded { stored, discarded }
            }
        })
    }

    fn release(self: Box<Self>) {
        // If it fails, the claim ends by itself.
        let _ = run(async {
            self.0.release().await;
            Ok::<_, Error>(())
        });
    }
}
