//! Revokes tokens that are no longer stored.
//!
//! A revocation may end more than the token it names: "the authorization server SHOULD also invalidate
//! all access tokens based on the same authorization grant"
//! ([RFC 7009 §2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1)), and some issuers end every
//! sign-in of the person at this client. So tokens are revoked only if that cannot end a stored sign-in of
//! the same person.

use auth_store::{AuthDocument, AuthStore, ErrorKind, SignIn, uninterrupted};
use credentials::{AccessToken, RefreshToken};
use jiff::Timestamp;
use token_client::{Revocable, TokenClient};
use tokio::time::timeout;

use super::{
    REVOCATION_TIMEOUT, StoredSignIn, client_id_of, identity_without_verifying, issuer_of,
};
use crate::error::RevocationError;
use crate::event::{AffectedSignIns, Event, Events};
use crate::openai::{self, Claims, is_certainly_another_person};

/// The outcome of a revocation.
#[derive(Debug, Default)]
#[non_exhaustive]
pub enum Revocation {
    /// There is no token.
    #[default]
    NothingToRevoke,
    /// The access token was imported. It is not revoked, because that would end the sign-in from which it
    /// was copied.
    Imported {
        /// When it expires, if known.
        expires_at: Option<Timestamp>,
    },
    /// The tokens are not revoked, because that could end these sign-ins of the same person.
    Withheld(AffectedSignIns),
    /// The caller did not request it.
    NotRequested,
    /// The issuer has revoked the tokens.
    Revoked,
    /// The tokens may still be valid.
    Failed(RevocationError),
}

/// Another store of this machine, such as that of another profile.
#[derive(Clone, Debug)]
pub struct OtherStore {
    /// Its display name.
    pub name: String,
    /// The store.
    pub store: AuthStore,
}

pub(super) type FindStores = dyn Fn() -> Vec<OtherStore> + Send + Sync;

/// Tokens that are no longer stored.
#[derive(Debug, Default)]
pub(crate) struct DiscardedTokens {
    refresh_token: Option<RefreshToken>,
    access_token: Option<AccessToken>,
    /// The issuer and the client that can revoke them.
    issuer: String,
    client_id: String,
    pub(super) owner: Claims,
}

impl DiscardedTokens {
    /// The tokens of a stored sign-in. Imported access tokens and sign-ins of other programs are not
    /// revoked.
    pub(crate) fn from_document(document: &AuthDocument) -> Self {
        let owner = identity_without_verifying(document).unwrap_or_default();
        if document.has_only_access_token() || document.other_mode().is_some() {
            return Self { owner, ..Self::default() };
        }
        Self {
            refresh_token: document.refresh_token(),
            access_token: document.access_token(),
            issuer: issuer_of(document),
            client_id: client_id_of(document).to_owned(),
            owner,
        }
    }

    /// The tokens of a sign-in that was not stored. An ID token of another issuer does not identify the
    /// person.
    pub(crate) fn not_stored(sign_in: &SignIn, client: &TokenClient) -> Self {
        let (issuer, client_id) = (client.issuer().as_str(), client.client_id());
        let mut document = AuthDocument::default();
        document.set_sign_in(sign_in);
        let mut tokens = Self::from_document(&document);
        let named = tokens.owner.iss.as_ref().map(|iss| iss.trim_end_matches('/'));
        if named.is_some_and(|named| named != issuer) {
            tokens.owner = Claims::default();
        }
        tokens.owner.iss = Some(issuer.to_owned());
        Self { issuer: issuer.to_owned(), client_id: client_id.to_owned(), ..tokens }
    }

    /// The refresh token, which ends the whole sign-in; otherwise the access token.
    pub(super) fn revocable(&self) -> Option<Revocable<'_>> {
        let refresh_token = self.refresh_token.as_ref().map(Revocable::RefreshToken);
        refresh_token.or_else(|| self.access_token.as_ref().map(Revocable::AccessToken))
    }

    /// Whether revoking these tokens could end the sign-in in this store. An unreadable store counts as the
    /// same person.
    fn may_end(&self, store: &AuthStore) -> bool {
        let stored = match store.load() {
            Ok(Some(stored)) => stored,
            Ok(None) => return false,
            Err(error) => return error.kind() != ErrorKind::NotAFile,
        };
        let theirs = stored.refresh_token();
        let tokens = self.refresh_token.as_ref().zip(theirs.as_ref());
        let is_same_token = tokens.is_some_and(|(ours, theirs)| ours.expose() == theirs.expose());
        let has_tokens = theirs.is_some() || stored.access_token().is_some();
        let owner = identity_without_verifying(&stored).unwrap_or_default();
        is_same_token || has_tokens && !is_certainly_another_person(&self.owner, &owner)
    }
}

impl StoredSignIn {
    /// Revokes tokens, unless that could end a stored sign-in.
    pub(super) async fn revoke_discarded(
        &self,
        tokens: DiscardedTokens,
        events: Events<'_>,
    ) -> Revocation {
        if tokens.revocable().is_none() {
            return Revocation::NothingToRevoke;
        }
        let sign_in = self.clone();
        let find = move || {
            let affected = sign_in.affected_sign_ins(&tokens);
            (tokens, affected)
        };
        let (tokens, affected) = uninterrupted(find).await;
        if affected != AffectedSignIns::default() {
            return Revocation::Withheld(affected);
        }
        let revocation = self.revoke(&tokens).await;
        if let Revocation::Failed(error) = &revocation {
            events(Event::NotRevoked(error));
        }
        revocation
    }

    /// The same, and reports tokens that stay valid.
    pub(crate) async fn discard(&self, tokens: DiscardedTokens, events: Events<'_>) {
        if let Revocation::Withheld(affected) = self.revoke_discarded(tokens, events).await {
            events(Event::RevocationWithheld(&affected));
        }
    }

    /// The stored sign-ins that revoking these tokens could end.
    pub(super) fn affected_sign_ins(&self, tokens: &DiscardedTokens) -> AffectedSignIns {
        let others = self.other_stores.as_ref().map(|find| find()).unwrap_or_default();
        let others = others.into_iter().filter(|other| tokens.may_end(&other.store));
        let others = others.map(|other| other.name).collect();
        AffectedSignIns { this: tokens.may_end(&self.store), others }
    }

    /// Tokens are sent only to their issuer.
    pub(super) async fn revoke(&self, tokens: &DiscardedTokens) -> Revocation {
        let Some(revocable) = tokens.revocable() else { return Revocation::NothingToRevoke };
        let Ok(issuer) = tokens.issuer.parse() else {
            return Revocation::Failed(RevocationError::InvalidIssuer(tokens.issuer.clone()));
        };
        let client = self.client.clone().with_provider(openai::provider(issuer));
        let client = client.with_client_id(tokens.client_id.clone());
        match timeout(REVOCATION_TIMEOUT, client.revoke(revocable)).await {
            Ok(Ok(())) => Revocation::Revoked,
            Ok(Err(error)) => Revocation::Failed(RevocationError::Refused(error)),
            Err(_) => Revocation::Failed(RevocationError::TimedOut(REVOCATION_TIMEOUT)),
        }
    }
}
