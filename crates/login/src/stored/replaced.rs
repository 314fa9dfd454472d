//! A new sign-in in place of another one.

use auth_store::{AuthDocument, AuthMode};
use zeroize::Zeroizing;

use super::{DiscardedTokens, Revocation, StoredSignIn, identity_without_verifying};
use crate::event::Events;
use crate::openai::is_another_person;

/// A sign-in that was replaced by another one.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReplacedSignIn {
    /// The name of the person, if the tokens have it.
    pub name: Option<String>,
    /// The email address of the person, if the tokens have it.
    pub email: Option<String>,
    /// Whether it certainly belonged to another person.
    pub was_another_person: bool,
    /// Whether its tokens were revoked.
    pub revocation: Revocation,
    /// A credential of it that is never revoked here.
    pub unrevoked: Option<UnrevokedCredential>,
}

/// A credential that stays valid after a new sign-in replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnrevokedCredential {
    /// An API key without tokens. Only its owner can delete it.
    ApiKey,
    /// A personal access token. Only its owner can delete it.
    PersonalAccessToken,
    /// An imported access token: revoking it would end the sign-in from which it was copied.
    ImportedAccessToken,
    /// A sign-in with an `auth_mode` of another program.
    OtherProgram {
        /// The `auth_mode`.
        auth_mode: String,
    },
}

impl UnrevokedCredential {
    /// The one in the document, with its secret if there is one.
    fn in_document(document: &AuthDocument) -> Option<(Self, Zeroizing<String>)> {
        let secret = |secret: &str| Zeroizing::new(secret.to_owned());
        Some(match document.auth_mode()? {
            AuthMode::PersonalAccessToken => {
                (Self::PersonalAccessToken, secret(document.personal_access_token()?.expose()))
            }
            AuthMode::ApiKey => (Self::ApiKey, secret(document.api_key()?.expose())),
            AuthMode::Other(auth_mode) => (Self::OtherProgram { auth_mode }, Zeroizing::default()),
            _ if document.has_only_access_token() => {
                (Self::ImportedAccessToken, secret(document.access_token()?.expose()))
            }
            _ => return None,
        })
    }
}

/// What a new sign-in replaces.
#[derive(Debug, Default)]
pub(crate) struct Replaced {
    tokens: DiscardedTokens,
    was_another_person: bool,
    unrevoked: Option<UnrevokedCredential>,
}

impl Replaced {
    /// What `change` replaces in the document.
    pub(crate) fn by(document: &mut AuthDocument, change: impl FnOnce(&mut AuthDocument)) -> Self {
        let tokens = DiscardedTokens::from_document(document);
        let before = UnrevokedCredential::in_document(document);
        change(document);
        let owner = identity_without_verifying(document).unwrap_or_default();
        let was_another_person = is_another_person(&tokens.owner, &owner);
        let after = UnrevokedCredential::in_document(document);
        let unrevoked = before.filter(|before| after.as_ref() != Some(before));
        Self { tokens, was_another_person, unrevoked: unrevoked.map(|(credential, _)| credential) }
    }
}

impl StoredSignIn {
    /// Revokes the tokens of a replaced sign-in. `None` if it had no credentials.
    pub(crate) async fn revoke_replaced(
        &self,
        replaced: Replaced,
        events: Events<'_>,
    ) -> Option<ReplacedSignIn> {
        let Replaced { tokens, was_another_person, unrevoked } = replaced;
        if tokens.revocable().is_none() && unrevoked.is_none() {
            return None;
        }
        let (name, email) = (tokens.owner.name.clone(), tokens.owner.email.clone());
        let revocation = self.revoke_discarded(tokens, events).await;
        Some(ReplacedSignIn { name, email, was_another_person, revocation, unrevoked })
    }
}
