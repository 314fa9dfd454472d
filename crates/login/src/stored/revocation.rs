//! Revokes tokens that are no longer stored.
//!
//! A revocation may end more than the token it names: "the authorization server SHOULD also invalidate
//! all access tokens based on the same authorization grant"
//! ([RFC 7009 §2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1)), and some issuers end every
//! sign-in of the person at this client. So tokens are revoked only if that cannot end a stored sign-in of
//! the same person.

use auth_store::{AuthDocument, AuthMode, AuthStore, Error as StoreError, SignIn, uninterrupted};
use credentials::{AccessToken, RefreshToken};
use http_client::BaseUrl;
use jiff::Timestamp;
use token_client::{Revocable, TokenClient};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::at_risk::AtRisk;
use super::{OtherStores, REVOCATION_TIMEOUT, client_id_of, identity_without_verifying, issuer_of};
use crate::error::RevocationError;
use crate::event::{Event, Events};
use crate::openai::{self, Claims};

/// The outcome of a revocation.
#[derive(Debug)]
#[non_exhaustive]
pub enum Revocation {
    /// There is no token.
    NothingToRevoke,
    /// The access token was imported. It is not revoked, because that would end the sign-in from which it
    /// was copied.
    Imported {
        /// When it expires, if known.
        expires_at: Option<Timestamp>,
    },
    /// The tokens are not revoked, because that could end a stored sign-in of the same person.
    Skipped(AtRisk),
    /// The caller did not request it.
    NotRequested,
    /// The issuer has revoked the tokens.
    Revoked,
    /// The tokens may still be valid.
    Failed(RevocationError),
}

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
    /// A credential of it that stays valid.
    pub still_valid: Option<StillValid>,
}

/// A credential that stays valid after a new sign-in replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StillValid {
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

impl StillValid {
    /// The credential in the document that is not revoked when it is replaced.
    fn in_document(document: &AuthDocument) -> Option<Self> {
        match document.auth_mode()? {
            AuthMode::PersonalAccessToken => Some(Self::PersonalAccessToken),
            AuthMode::ApiKey => document.api_key().map(|_| Self::ApiKey),
            AuthMode::Other(auth_mode) => Some(Self::OtherProgram { auth_mode }),
            _ if document.has_only_access_token() => Some(Self::ImportedAccessToken),
            _ => None,
        }
    }

    /// Whether `now` still has the credential of `before`.
    fn is_kept(&self, before: &Secrets, now: &AuthDocument) -> bool {
        match self {
            Self::ApiKey => before.api_key == Secrets::from_document(now).api_key,
            Self::PersonalAccessToken => now.personal_access_token().is_some(),
            Self::ImportedAccessToken => {
                before.access_token == Secrets::from_document(now).access_token
            }
            Self::OtherProgram { .. } => Self::in_document(now).as_ref() == Some(self),
        }
    }
}

/// The secrets to compare before and after a change.
struct Secrets {
    api_key: Option<Zeroizing<String>>,
    access_token: Option<Zeroizing<String>>,
}

impl Secrets {
    fn from_document(document: &AuthDocument) -> Self {
        let copied = |secret: &str| Zeroizing::new(secret.to_owned());
        Self {
            api_key: document.api_key().map(|key| copied(key.expose())),
            access_token: document.access_token().map(|token| copied(token.expose())),
        }
    }
}

/// Tokens that are no longer stored.
#[derive(Debug, Default)]
pub(crate) struct DiscardedTokens {
    refresh_token: Option<RefreshToken>,
    access_token: Option<AccessToken>,
    /// The issuer, which would revoke them.
    issuer: String,
    /// Their client, if it is not that of the revoker.
    client_id: Option<String>,
    owner: Owner,
}

/// The person, if the tokens name one.
#[derive(Clone, Debug, Default)]
struct Owner {
    issuer: Option<String>,
    subject: Option<String>,
    user_id: Option<String>,
    name: Option<String>,
    email: Option<String>,
}

impl Owner {
    fn from_document(document: &AuthDocument) -> Self {
        Self::from(identity_without_verifying(document).unwrap_or_default())
    }

    /// Whether they are certainly different persons.
    fn is_another_person(&self, other: &Self) -> bool {
        let differ = |one: &Option<String>, other: &Option<String>| {
            one.as_ref().zip(other.as_ref()).is_some_and(|(one, other)| one != other)
        };
        let is_same_user = self.user_id.is_some() && self.user_id == other.user_id;
        differ(&self.issuer, &other.issuer)
            || !is_same_user && differ(&self.subject, &other.subject)
    }
}

impl From<Claims> for Owner {
    fn from(claims: Claims) -> Self {
        let Claims { iss, sub: subject, name, email, additional, .. } = claims;
        let issuer = iss.map(|iss| iss.trim_end_matches('/').to_owned());
        let user_id = additional.auth.chatgpt_user_id.or(additional.auth.user_id);
        Self { issuer, subject, user_id, name, email }
    }
}

impl DiscardedTokens {
    /// The tokens of a stored sign-in, without imported access tokens and without sign-ins of other
    /// programs, which are not revoked.
    pub(crate) fn from_document(document: &AuthDocument) -> Self {
        if document.has_only_access_token() || document.other_mode().is_some() {
            return Self { owner: Owner::from_document(document), ..Self::default() };
        }
        Self {
            refresh_token: document.refresh_token(),
            access_token: document.access_token(),
            issuer: issuer_of(document),
            client_id: Some(client_id_of(document).to_owned()),
            owner: Owner::from_document(document),
        }
    }

    /// The tokens of a sign-in at `issuer` that was not stored.
    pub(crate) fn from_sign_in(sign_in: SignIn, issuer: &BaseUrl) -> Self {
        let issuer = issuer.as_str().to_owned();
        let claims = Claims::decode_id_token_without_verifying(&sign_in.id_token);
        // An ID token of another issuer does not identify the person.
        let claims = claims
            .ok()
            .filter(|it| it.iss.as_ref().is_none_or(|iss| iss.trim_end_matches('/') == issuer));
        let owner = Owner { issuer: Some(issuer.clone()), ..claims.unwrap_or_default().into() };
        let (refresh_token, access_token) = (sign_in.refresh_token, sign_in.access_token);
        let (refresh_token, access_token) = (Some(refresh_token), Some(access_token));
        Self { refresh_token, access_token, issuer, client_id: None, owner }
    }

    /// The refresh token, which ends the whole sign-in; otherwise the access token.
    fn revocable(&self) -> Option<Revocable<'_>> {
        let refresh_token = self.refresh_token.as_ref().map(Revocable::RefreshToken);
        refresh_token.or_else(|| self.access_token.as_ref().map(Revocable::AccessToken))
    }

    /// Whether revoking these tokens could end the sign-in in this store. An unreadable store counts as the
    /// same person.
    fn may_end(&self, store: &AuthStore) -> bool {
        match store.load() {
            Ok(Some(document)) => self.may_end_document(&document),
            Ok(None) | Err(StoreError::NotAFile { .. }) => false,
            Err(_) => true,
        }
    }

    fn may_end_document(&self, stored: &AuthDocument) -> bool {
        let (refresh_token, access_token) = (stored.refresh_token(), stored.access_token());
        let is_same = |stored: &RefreshToken| {
            self.refresh_token.as_ref().is_some_and(|token| token.expose() == stored.expose())
        };
        let has_tokens = refresh_token.is_some() || access_token.is_some();
        refresh_token.as_ref().is_some_and(is_same)
            || has_tokens && !self.owner.is_another_person(&Owner::from_document(stored))
    }

    /// The stored sign-ins that revoking these tokens could end.
    pub(super) fn at_risk(&self, store: &AuthStore, others: &OtherStores) -> AtRisk {
        let others = others.find().into_iter().filter(|other| self.may_end(&other.store));
        AtRisk { this: self.may_end(store), others: others.map(|other| other.name).collect() }
    }
}

/// A sign-in that is being replaced, and whether it certainly belongs to another person.
#[derive(Debug, Default)]
pub(crate) struct Replaced {
    tokens: DiscardedTokens,
    was_another_person: bool,
    still_valid: Option<StillValid>,
}

impl Replaced {
    /// What `change` replaces in the document.
    pub(crate) fn by(document: &mut AuthDocument, change: impl FnOnce(&mut AuthDocument)) -> Self {
        let tokens = DiscardedTokens::from_document(document);
        let (held, before) = (StillValid::in_document(document), Secrets::from_document(document));
        change(document);
        let was_another_person = tokens.owner.is_another_person(&Owner::from_document(document));
        let still_valid = held.filter(|held| !held.is_kept(&before, document));
        Self { tokens, was_another_person, still_valid }
    }
}

/// The stores of this machine, and the client that revokes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Revoker<'a> {
    pub(crate) client: &'a TokenClient,
    pub(crate) store: &'a AuthStore,
    pub(crate) others: &'a OtherStores,
}

impl Revoker<'_> {
    /// Revokes tokens, unless that could end a stored sign-in.
    pub(crate) async fn revoke_discarded(
        &self,
        tokens: DiscardedTokens,
        events: Events<'_>,
    ) -> Revocation {
        if tokens.revocable().is_none() {
            return Revocation::NothingToRevoke;
        }
        let (store, others) = (self.store.clone(), self.others.clone());
        let (tokens, at_risk) = uninterrupted(move || {
            let at_risk = tokens.at_risk(&store, &others);
            (tokens, at_risk)
        })
        .await;
        if !at_risk.is_empty() {
            return Revocation::Skipped(at_risk);
        }
        let revocation = self.revoke(&tokens).await;
        if let Revocation::Failed(error) = &revocation {
            events(Event::NotRevoked(error));
        }
        revocation
    }

    /// The same, and reports tokens that stay valid.
    pub(crate) async fn discard(&self, tokens: DiscardedTokens, events: Events<'_>) {
        if let Revocation::Skipped(at_risk) = self.revoke_discarded(tokens, events).await {
            events(Event::RevocationSkipped(&at_risk));
        }
    }

    /// Revokes the tokens of a replaced sign-in. `None` if it had no credentials.
    pub(crate) async fn revoke_replaced(
        &self,
        replaced: Replaced,
        events: Events<'_>,
    ) -> Option<ReplacedSignIn> {
        let Replaced { tokens, was_another_person, still_valid } = replaced;
        if tokens.revocable().is_none() && still_valid.is_none() {
            return None;
        }
        let Owner { name, email, .. } = tokens.owner.clone();
        let revocation = self.revoke_discarded(tokens, events).await;
        Some(ReplacedSignIn { name, email, was_another_person, revocation, still_valid })
    }

    /// Tokens are sent only to their issuer.
    pub(super) async fn revoke(&self, tokens: &DiscardedTokens) -> Revocation {
        let Some(revocable) = tokens.revocable() else { return Revocation::NothingToRevoke };
        let Ok(issuer) = tokens.issuer.parse() else {
            return Revocation::Failed(RevocationError::OtherIssuer(tokens.issuer.clone()));
        };
        let client = self.client.clone().with_provider(openai::provider(issuer));
        let client = match &tokens.client_id {
            Some(client_id) => client.with_client_id(client_id.clone()),
            None => client,
        };
        match timeout(REVOCATION_TIMEOUT, client.revoke(revocable)).await {
            Ok(Ok(())) => Revocation::Revoked,
            Ok(Err(error)) => Revocation::Failed(RevocationError::Refused(error)),
            Err(_) => Revocation::Failed(RevocationError::TimedOut(REVOCATION_TIMEOUT)),
        }
    }
}
