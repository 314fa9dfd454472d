//! The token endpoint for the refresh of a stored sign-in.

use std::time::Duration;

use auth_store::{AuthDocument, AuthMode};
use credentials::RefreshToken;
use token_client::{RefreshResponse, TokenClient};
use token_source::{RefreshError, RefreshErrorKind, RefreshedTokens, TokenEndpoint, TokenResponse};

use super::{DiscardedTokens, StoredSignIn, claims_without_verifying, identity_without_verifying};
use crate::error::Error;
use crate::event::Events;
use crate::openai::{
    Claims, Mismatch, check_access_token, check_same_person, is_refresh_token_reused,
    requires_reauthentication,
};

pub(super) struct IssuerEndpoint<'a> {
    pub(super) sign_in: &'a StoredSignIn,
    pub(super) events: Events<'a>,
}

impl TokenEndpoint<AuthDocument> for IssuerEndpoint<'_> {
    type Error = Error;

    /// A sign-in of another program is refreshed only by that program, which may store more of the
    /// response.
    fn refresh_token(&self, document: &AuthDocument) -> Result<RefreshToken, Error> {
        let token = match document.auth_mode() {
            Some(AuthMode::Other(auth_mode)) => {
                return Err(Error::UnsupportedAuthMode { auth_mode });
            }
            Some(AuthMode::PersonalAccessToken) => None,
            _ => document.refresh_token(),
        };
        let none = || Error::NothingToRefresh(self.sign_in.store.location());
        let token = token.ok_or_else(none)?;
        self.sign_in.client_for(document).map(|_| token)
    }

    fn deadline(&self) -> Duration {
        self.sign_in.client.deadline()
    }

    async fn refresh(
        &self,
        document: &AuthDocument,
        token: &RefreshToken,
    ) -> Result<TokenResponse<Error>, Error> {
        let client = self.sign_in.client_for(document)?;
        let refreshed = client.refresh(token).await.map_err(Error::Refresh)?;
        let defect = validate(&refreshed, document, &client).err();
        let RefreshResponse { id_token, access_token, refresh_token, .. } = refreshed;
        // A new refresh token is always stored, because the old one no longer works.
        let mut tokens = RefreshedTokens { refresh_token, ..RefreshedTokens::default() };
        if defect.is_none() {
            // Without a new access token, the old one stays due.
            tokens.last_refresh = access_token.as_ref().map(|_| self.sign_in.now());
            (tokens.id_token, tokens.access_token) = (id_token, access_token);
        }
        Ok(TokenResponse { tokens, defect })
    }

    async fn discard(&self, document: AuthDocument) {
        let tokens = DiscardedTokens::from_document(&document);
        self.sign_in.discard(tokens, self.events).await;
    }
}

impl RefreshError for Error {
    fn kind(&self) -> RefreshErrorKind {
        match self {
            Self::NothingToRefresh { .. } | Self::UnsupportedAuthMode { .. } => {
                RefreshErrorKind::NotRefreshable
            }
            Self::Refresh(error) if is_refresh_token_reused(error) => RefreshErrorKind::AlreadyUsed,
            Self::Refresh(error) if requires_reauthentication(error) => RefreshErrorKind::Rejected,
            Self::Refresh(error) if error.may_have_taken_effect() => {
                RefreshErrorKind::OutcomeUnknown
            }
            Self::Refresh(_) | Self::OtherIssuer { .. } | Self::OtherClient { .. } => {
                RefreshErrorKind::Unavailable
            }
            _ => RefreshErrorKind::InvalidResponse,
        }
    }
}

/// Checks that the response belongs to the sign-in, as far as its tokens are JWTs. Does not check times:
/// the clock of this machine may be wrong.
fn validate(
    refreshed: &RefreshResponse,
    before: &AuthDocument,
    client: &TokenClient,
) -> Result<(), Error> {
    let (issuer, client_id) = (client.issuer().as_str(), client.client_id());
    if let Some(id_token) = &refreshed.id_token {
        let new = Claims::decode_id_token_without_verifying(id_token)
            .map_err(|source| Error::MalformedJwt { token: "ID token", source })?;
        let before = claims_without_verifying(before);
        let checked = new.check_origin(issuer, client_id).map_err(Mismatch::from);
        checked
            .and_then(|()| before.map_or(Ok(()), |before| check_same_person(&new, &before)))
            .map_err(Error::InvalidIdToken)?;
    }
    if let Some(access_token) = &refreshed.access_token
        && let Ok(new) = Claims::decode_access_token_without_verifying(access_token)
    {
        let before = identity_without_verifying(before);
        check_access_token(&new, issuer, Some(client_id), before.as_ref())
            .map_err(Error::InvalidAccessToken)?;
    }
    match refreshed.unusable.first() {
        Some(field) => Err(Error::InvalidRefreshResponse { field }),
        None => Ok(()),
    }
}
