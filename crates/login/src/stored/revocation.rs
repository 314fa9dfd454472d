//! What becomes of tokens that this machine does not hold any more.
//!
//! A revocation may end more than the token it names: "the authorization server SHOULD also invalidate
//! all access tokens based on the same authorization grant"
//! ([RFC 7009 §2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1)), and some issuers end every
//! sign-in of the person at this client. So tokens are only revoked where no stored sign-in of the same
//! person could end with them.

use auth_store::{AuthDocument, AuthMode, AuthStore, Error as StoreError, SignIn, uninterrupted};
use credentials::{AccessToken, RefreshToken};
use http_client::BaseUrl;
use jiff::Timestamp;
use token_client::{Revocable, TokenClient};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::at_risk::AtRisk;
use super::{OtherStores, REVOCATION_LIMIT, client_id_of, identity_without_verifying, issuer_of};
use crate::error::RevocationError;
use crate::event::{Event, Events};
use crate::openai::{self, Claims};

/// What became of tokens that are not needed any more.
#[derive(Debug)]
#[non_exhaustive]
pub enum Revocation {
    /// There was none to revoke.
    NothingToRevoke,
    /// It is an access token that was imported. It was not revoked, because the sign-in that it was
    /// copied from would end with it.
    Imported {
        /// How long it stays valid, where it says so.
        expires_at: Option<Timestamp>,
    },
    /// They were not revoked, because a stored sign-in of the same person could end with them.
    Withheld(AtRisk),
    /// They were not revoked, as the caller wanted it.
    NotRequested,
    /// The issuer has revoked them.
    Revoked,
    /// They may still be valid.
    Failed(RevocationError),
}

/// A sign-in whose place another one has taken.
#[derive(Debug)]
#[non_exhaustive]
pub struct ReplacedSignIn {
    /// The name of the person, as far as the tokens say.
    pub name: Option<String>,
    /// The address of the person, likewise.
    pub email: Option<String>,
    /// Whether it was another person's, as far as that is known.
    pub was_another_person: bool,
    /// What became of its tokens.
    pub revocation: Revocation,
    /// What it had instead of tokens, and nobody has ended.
    pub still_valid: Option<StillValid>,
}

/// Credentials that a new sign-in replaces and does not end.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StillValid {
    /// An API key that was stored alone. Only its owner can end it.
    ApiKey,
    /// A personal access token, likewise.
    PersonalAccessToken,
    /// An access token that was imported: the sign-in that it was copied from would end with it.
    ImportedAccessToken,
    /// The sign-in of another program, in a way of its own.
    OtherProgram {
        /// Its mode.
        auth_mode: String,
    },
}

impl StillValid {
    /// What the document holds that is not revoked when it is replaced.
    fn in_document(document: &AuthDocument) -> Option<Self> {
        match document.auth_mode()? {
            AuthMode::PersonalAccessToken => Some(Self::PersonalAccessToken),
            AuthMode::ApiKey => document.api_key().map(|_| Self::ApiKey),
            AuthMode::Other(auth_mode) => Some(Self::OtherProgram { auth_mode }),
            _ if document.is_access_token_alone() => Some(Self::ImportedAccessToken),
            _ => None,
        }
    }

    /// Whether what `before` held is in `now` as well.
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

/// What is compared before and after a change.
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

/// Tokens that nothing stores, or will store, any more.
#[derive(Debug, Default)]
pub(crate) struct DiscardedTokens {
    refresh_token: Option<RefreshToken>,
    access_token: Option<AccessToken>,
    /// Where they are from, and would be revoked.
    issuer: String,
    /// The client that they name, where it is another one than that of the revoker.
    client_id: Option<String>,
    owner: Owner,
}

/// Whose tokens they are, as far as they say.
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

    /// Whether they are certainly not the same person.
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
    /// Those of a stored sign-in. An imported access token is not among them: the sign-in that it was
    /// copied from would end with it. Nor is what only another program understands.
    pub(crate) fn from_document(document: &AuthDocument) -> Self {
        if document.is_access_token_alone() || document.other_mode().is_some() {
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

    /// Those of a sign-in at `issuer` that was not stored.
    pub(crate) fn from_sign_in(sign_in: SignIn, issuer: &BaseUrl) -> Self {
        let issuer = issuer.as_str().to_owned();
        let claims = Claims::of_id_token_without_verifying(&sign_in.id_token);
        // An ID token of another issuer says nothing of whose the tokens of this one are.
        let claims = claims
            .ok()
            .filter(|it| it.iss.as_ref().is_none_or(|iss| iss.trim_end_matches('/') == issuer));
        let owner = Owner { issuer: Some(issuer.clone()), ..claims.unwrap_or_default().into() };
        let (refresh_token, access_token) = (sign_in.refresh_token, sign_in.access_token);
        let (refresh_token, access_token) = (Some(refresh_token), Some(access_token));
        Self { refresh_token, access_token, issuer, client_id: None, owner }
    }

    /// The refresh token, because the whole sign-in ends with it; else the access token.
    fn revocable(&self) -> Option<Revocable<'_>> {
        let refresh_token = self.refresh_token.as_ref().map(Revocable::RefreshToken);
        refresh_token.or_else(|| self.access_token.as_ref().map(Revocable::AccessToken))
    }

    /// Whether the sign-in in this store could end with these tokens. What cannot be read could be
    /// anybody's.
    fn endanger(&self, store: &AuthStore) -> bool {
        match store.load() {
            Ok(Some(document)) => self.endanger_document(&document),
            Ok(None) | Err(StoreError::NotAFile { .. }) => false,
            Err(_) => true,
        }
    }

    fn endanger_document(&self, stored: &AuthDocument) -> bool {
        let (refresh_token, access_token) = (stored.refresh_token(), stored.access_token());
        let is_same = |stored: &RefreshToken| {
            self.refresh_token.as_ref().is_some_and(|token| token.expose() == stored.expose())
        };
        let has_tokens = refresh_token.is_some() || access_token.is_some();
        refresh_token.as_ref().is_some_and(is_same)
            || has_tokens && !self.owner.is_another_person(&Owner::from_document(stored))
    }

    /// The stored sign-ins that could end with these tokens.
    pub(super) fn at_risk(&self, store: &AuthStore, others: &OtherStores) -> AtRisk {
        let others = others.find().into_iter().filter(|other| self.endanger(&other.store));
        AtRisk { this: self.endanger(store), others: others.map(|other| other.name).collect() }
    }
}

/// A sign-in whose place another one takes, and whether that is certainly another person's.
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

/// Where the sign-ins of this machine are stored, and the client that revokes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Revoker<'a> {
    pub(crate) client: &'a TokenClient,
    pub(crate) store: &'a AuthStore,
    pub(crate) others: &'a OtherStores,
}

impl Revoker<'_> {
    /// Revokes tokens, unless a stored sign-in could end with them.
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
            return Revocation::Withheld(at_risk);
        }
        let revocation = self.revoke(&tokens).await;
        if let Revocation::Failed(error) = &revocation {
            events(Event::NotRevoked(error));
        }
        revocation
    }

    /// The same, for tokens that could not be stored; says so where they stay valid.
    pub(crate) async fn discard(&self, tokens: DiscardedTokens, events: Events<'_>) {
        if let Revocation::Withheld(at_risk) = self.revoke_discarded(tokens, events).await {
            events(Event::RevocationWithheld(&at_risk));
        }
    }

    /// The same, for the sign-in that an interrupted save has left, once nothing of it is stored.
    pub(crate) async fn discard_abandoned(
        &self,
        abandoned: Option<AuthDocument>,
        events: Events<'_>,
    ) {
        if let Some(document) = abandoned {
            self.discard(DiscardedTokens::from_document(&document), events).await;
        }
    }

    /// The sign-in that was replaced, and what becomes of its tokens. Nothing, where it had no credentials.
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

    /// Tokens are only sent to the issuer that they are from.
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
        match timeout(REVOCATION_LIMIT, client.revoke(revocable)).await {
            Ok(Ok(())) => Revocation::Revoked,
            Ok(Err(error)) => Revocation::Failed(RevocationError::Refused(error)),
            Err(_) => Revocation::Failed(RevocationError::TimedOut(REVOCATION_LIMIT)),
        }
    }
}
