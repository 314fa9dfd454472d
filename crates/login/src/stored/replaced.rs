//! A new sign-in in place of another one.

use auth_store::{AuthDocument, AuthMode};
use zeroize::Zeroizing;

use super::{DiscardedTokens, Revocation, StoredSignIn, identity_without_verifying};
use crate::event::Events;
use crate::openai::is_certainly_another_person;

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
    /// A credential of it that is never revoked here, and stays valid: an API key, a personal access token, a sign-in of another program, or ([`AuthMode::ChatGpt`]) an imported access token.
    pub unrevoked: Option<AuthMode>,
}

/// What a new sign-in replaces.
#[derive(Debug, Default)]
pub(crate) struct Replaced {
    tokens: DiscardedTokens,
    was_another_person: bool,
    unrevoked: Option<AuthMode>,
}

impl Replaced {
    /// Applies `change`, and returns what it has replaced.
    pub(crate) fn apply(
        document: &mut AuthDocument,
        change: impl FnOnce(&mut AuthDocument),
    ) -> Self {
        let tokens = DiscardedTokens::from_document(document);
        let before = unrevoked_credential(document);
        change(document);
        let owner = identity_without_verifying(document).unwrap_or_default();
        let was_another_person = is_certainly_another_person(&tokens.owner, &owner);
        let after = unrevoked_credential(document);
        let unrevoked = before.filter(|before| after.as_ref() != Some(before));
        Self { tokens, was_another_person, unrevoked: unrevoked.map(|(mode, _)| mode) }
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

/// The credential that is not revoked, and its secret, if this program knows it. The revocation of an
/// imported access token would end the sign-in from which it was copied.
fn unrevoked_credential(document: &AuthDocument) -> Option<(AuthMode, Zeroizing<String>)> {
    let mode = document.auth_mode()?;
    let secret = match &mode {
        AuthMode::PersonalAccessToken => document.personal_access_token()?.expose().to_owned(),
        AuthMode::ApiKey => document.api_key()?.expose().to_owned(),
        AuthMode::Other(_) => String::new(),
        _ if document.has_only_access_token() => document.access_token()?.expose().to_owned(),
        // The key beside the tokens.
        _ => {
            let secret = document.api_key()?.expose().to_owned();
            return Some((AuthMode::ApiKey, Zeroizing::new(secret)));
        }
    };
    Some((mode, Zeroizing::new(secret)))
}
