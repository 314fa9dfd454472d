use std::error::Error as StdError;
use std::time::Duration;

use auth_store::{Error as StoreError, Location, LockHolder};
use credentials::MalformedJwt;
use http_client::RequestFailure;
use jiff::Timestamp;
use native_oauth::Error as OAuthError;
use platform_api::{Organization, OrganizationId, Project, ProjectId};
use printable::excerpt;
use token_client::Error as TokenError;
use token_source::Holder;

use crate::openai::{Mismatch, MissingClaim};
use crate::search_summary::SearchSummary;

/// Why a sign-in, a refresh or a logout failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The user denied, the callback failed, or the code could not be exchanged.
    #[error(transparent)]
    OAuth(#[from] native_oauth::Error),
    /// The store cannot be read or written. Where possible, this is found before the browser opens.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A token is not a valid JWT.
    #[error("the issuer sent an unusable {token}")]
    MalformedJwt {
        /// Which token, for the message.
        token: &'static str,
        /// Why it is invalid.
        source: MalformedJwt,
    },
    /// The ID token is not for this sign-in.
    #[error("the issuer sent an ID token that is not for this sign-in")]
    InvalidIdToken(#[source] Mismatch),
    /// The access token is not for this sign-in.
    #[error("the access token is not for this sign-in")]
    InvalidAccessToken(#[source] Mismatch),
    /// The account is of another ChatGPT workspace than the sign-in is restricted to.
    #[error(
        "{}, and only {} is allowed",
        workspace.as_deref().map_or_else(
            || "the workspace of this account is not known".to_owned(),
            |workspace| format!("this account belongs to the workspace {}", excerpt(workspace, 80)),
        ),
        allowed.join(", ")
    )]
    WrongWorkspace {
        /// Its workspace, if its tokens name one.
        workspace: Option<String>,
        /// Those that are allowed.
        allowed: Vec<String>,
    },
    /// The sign-in was cancelled. Tokens that were already issued are revoked.
    #[error("the sign-in was cancelled")]
    Cancelled,
    /// The account has no organization or no project, so no API key can be created.
    #[error("{0}, which an API key needs")]
    AccountNotSetUp(MissingClaim),
    /// The ID token could not be exchanged for an API key.
    #[error("cannot exchange the sign-in for an API key")]
    KeyExchange {
        /// The name of the key. The key may exist if the response was lost.
        name: String,
        /// The error of the issuer.
        source: Box<token_client::Error>,
    },
    /// A request to the platform failed.
    #[error(transparent)]
    Platform(platform_api::Error),
    /// The key was not created, as far as is known.
    #[error("{source}")]
    KeyCreation {
        /// The name of the key. The key may exist if
        /// [the response was lost](platform_api::Error::may_have_created_key).
        name: String,
        /// The error of the platform.
        source: Box<platform_api::Error>,
    },
    /// The account has no organization with this id.
    #[error("this account has no organization {wanted}")]
    UnknownOrganization {
        /// The requested organization.
        wanted: OrganizationId,
        /// The ones that exist.
        offered: Vec<Organization>,
    },
    /// No organization that was searched has a project with this id.
    #[error("there is no project {wanted}")]
    UnknownProject {
        /// The requested project.
        wanted: ProjectId,
        /// The ones that exist.
        offered: Vec<Project>,
    },
    /// Several projects match, and the person selected none. No key was created.
    #[error("nothing was chosen")]
    NothingChosen,
    /// Several projects match, and the person could not be asked. No key was created.
    #[error("cannot ask for a choice")]
    PromptFailed(#[source] Box<dyn StdError + Send + Sync>),
    /// No project for the key appeared before the timeout.
    #[error(
        "timed out waiting for an organization and default project{}",
        seen.as_suffix(failure.is_some())
    )]
    NoProject {
        /// What the last search found.
        seen: SearchSummary,
        /// Why the last search failed, if it did.
        #[source]
        failure: Option<Box<platform_api::Error>>,
    },
    /// The list was not complete before the timeout.
    #[error("the platform did not list everything in time")]
    ListTimedOut {
        /// The timeout.
        after: Duration,
    },
    /// The key was created, but not delivered.
    #[error("the API key \"{name}\" was created, but could not be delivered")]
    NotDelivered {
        /// The name of the key on the platform.
        name: String,
        /// Whether it is stored in `auth.json`.
        stored: bool,
        /// The reason.
        source: DeliveryError,
    },
    /// There is no sign-in in the store.
    #[error("not signed in: there is no sign-in in {0}")]
    NotSignedIn(Location),
    /// The access token has expired, and nothing can refresh it.
    #[error(
        "no longer signed in: the access token in {location} expired, and nothing can refresh it"
    )]
    SignInExpired {
        /// The store.
        location: Location,
        /// When it expired.
        expired_at: Timestamp,
        /// Whether the store has an API key, which still works.
        has_api_key: bool,
        /// The `auth_mode` of another program, which may be able to refresh the token.
        other_mode: Option<String>,
    },
    /// The issuer has ended the sign-in. The store is unchanged.
    #[error("the sign-in is no longer valid")]
    SignInEnded(#[source] token_client::Error),
    /// The access token could not be refreshed. The store is unchanged.
    #[error("cannot refresh the access token")]
    Refresh(#[source] token_client::Error),
    /// The access token has expired, and it was not refreshed because the store is not writable.
    #[error("the access token has expired, and a new one could not be stored")]
    NotWritable(#[source] StoreError),
    /// The sign-in has no refresh token.
    #[error("the sign-in in {0} has no refresh token")]
    NothingToRefresh(Location),
    /// The sign-in has no access token: it is an API key.
    #[error("the sign-in in {0} has no access token")]
    NoAccessToken(Location),
    /// The platform does not accept the stored access token.
    #[error("the platform does not accept the stored access token")]
    AccessTokenNotAccepted(#[source] platform_api::Error),
    /// The access token has expired, so it was not sent.
    #[error("the platform was not asked, because the access token has expired")]
    AccessTokenExpired,
    /// The `auth_mode` belongs to another program. Its tokens are not refreshed here.
    #[error("the sign-in belongs to another program (auth_mode {auth_mode})")]
    UnsupportedAuthMode {
        /// The `auth_mode` in the document.
        auth_mode: String,
    },
    /// The stored tokens belong to another issuer. They are sent only to that issuer.
    #[error("the stored sign-in is from {stored}, not from {asked}")]
    OtherIssuer {
        /// The issuer of the tokens.
        stored: String,
        /// The issuer of this request.
        asked: String,
    },
    /// The stored sign-in belongs to another client than the requested one.
    #[error("the stored sign-in belongs to client {stored}, not to {asked}")]
    OtherClient {
        /// The client of the sign-in.
        stored: String,
        /// The requested client.
        asked: String,
    },
    /// The response to a refresh has an invalid field. A new refresh token in it is stored.
    #[error("the issuer sent an unusable {field}")]
    InvalidRefreshResponse {
        /// The field.
        field: &'static str,
    },
    /// The issuer sent new tokens, and they could not be stored. The stored tokens no longer work.
    #[error("the new tokens could not be stored, and the stored ones are spent")]
    TokensNotStored(#[source] StoreError),
    /// Another program held the lock of the store until the timeout.
    #[error(
        "{holder} has kept the stored sign-in locked for {waited} s",
        holder = match (claimed_by, holder) {
            (Some(Holder { name, .. }), _) => name.clone(),
            (None, Some(holder)) => holder.to_string(),
            (None, None) => "another program".to_owned(),
        },
        waited = waited.as_secs()
    )]
    StoreBusy {
        /// The timeout.
        waited: Duration,
        /// The program, if the system reports it.
        holder: Option<LockHolder>,
        /// The process of another machine, if the store has claims.
        claimed_by: Option<Holder>,
    },
    /// The key was created, but not stored.
    #[error("the API key \"{name}\" was created, but could not be stored")]
    NotStored {
        /// The name of the key on the platform.
        name: String,
        /// Whether it was delivered.
        delivered: bool,
        /// The reason.
        source: Box<StoreError>,
    },
}

/// Why tokens may still be valid at the issuer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationError {
    /// The request to the issuer failed.
    #[error(transparent)]
    Refused(token_client::Error),
    /// The issuer did not respond before the timeout.
    #[error("the issuer did not respond within {0:?}")]
    TimedOut(Duration),
    /// The tokens belong to this issuer, whose URL is not valid.
    #[error("the URL of their issuer, {0}, is not valid")]
    InvalidIssuer(String),
    /// The stored document cannot be read, so its tokens are unknown.
    #[error(transparent)]
    Unreadable(StoreError),
}

/// Why a key was not delivered.
pub type DeliveryError = Box<dyn StdError + Send + Sync>;

impl Error {
    /// Whether the same may work later. If a key may exist, it is `false`: another try could create a
    /// second one.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Store(error) | Self::NotWritable(error) => error.is_transient(),
            Self::StoreBusy { .. } => true,
            Self::SignInEnded(_) => false,
            // A 401 of the issuer itself would have ended the sign-in: a gateway returned this one.
            Self::Refresh(TokenError::ErrorResponse(it)) if it.status == 401 => true,
            _ => {
                let passes = self.request_failure().is_some_and(RequestFailure::is_transient);
                passes && !self.key_may_exist()
            }
        }
    }

    /// Whether a key may exist that was not delivered.
    #[must_use]
    pub fn key_may_exist(&self) -> bool {
        match self {
            Self::KeyExchange { source, .. } => source.may_have_taken_effect(),
            Self::KeyCreation { source, .. } => source.may_have_created_key(),
            _ => false,
        }
    }

    /// Whether a new sign-in solves this.
    #[must_use]
    pub fn requires_sign_in(&self) -> bool {
        match self {
            Self::Platform(error) => error.is_unauthorized(),
            Self::NotSignedIn(_)
            | Self::SignInExpired { .. }
            | Self::SignInEnded(_)
            | Self::AccessTokenNotAccepted(_)
            | Self::NothingToRefresh(_)
            | Self::UnsupportedAuthMode { .. }
            | Self::NoAccessToken(_)
            | Self::OtherIssuer { .. }
            | Self::OtherClient { .. } => true,
            _ => false,
        }
    }

    /// Why a request failed, if that is the reason.
    #[must_use]
    pub fn request_failure(&self) -> Option<RequestFailure<'_>> {
        match self {
            Self::OAuth(OAuthError::Unreachable { source, .. }) => {
                Some(RequestFailure::NoResponse(source))
            }
            Self::OAuth(OAuthError::DeviceCode(error) | OAuthError::CodeExchange(error))
            | Self::Refresh(error)
            | Self::SignInEnded(error) => error.request_failure(),
            Self::KeyExchange { source, .. } => source.request_failure(),
            Self::Platform(error) | Self::AccessTokenNotAccepted(error) => {
                Some(error.request_failure())
            }
            Self::KeyCreation { source, .. } => Some(source.request_failure()),
            Self::NoProject { failure, .. } => Some(failure.as_ref()?.request_failure()),
            _ => None,
        }
    }
}
