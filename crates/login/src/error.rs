use std::error::Error as StdError;
use std::time::Duration;

use auth_store::{Error as StoreError, Location, LockHolder};
use credentials::MalformedJwt;
use jiff::Timestamp;
use oauth_callback_server::{BindError, WaitError};
use platform_api::{Organization, OrganizationId, Project, ProjectId};
use printable::excerpt;

use crate::openai::Mismatch;
use crate::seen::Seen;

/// Which step did not work, and whose side that is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The system gives no random numbers. Nothing was opened.
    #[error(transparent)]
    NoRandomness(Box<dyn StdError + Send + Sync>),
    /// The credentials cannot be kept. Found before the browser opens wherever that is possible.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The port cannot be had.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// No code came.
    #[error(transparent)]
    Callback(#[from] WaitError),
    /// No code came in time, and a server that will be needed could not be reached when the time was
    /// over.
    #[error("no callback came, and {} could not be reached", source.host())]
    Unreached {
        /// How long was waited.
        after: Duration,
        /// Why not.
        source: http_client::Error,
    },
    /// The issuer gives no code for another device, or ended the wait for it.
    #[error("cannot sign in by device code")]
    DeviceCode(#[source] token_client::Error),
    /// The person said no on the other device.
    #[error("the sign-in was denied on the other device")]
    DeviceDenied,
    /// Nobody typed the code on another device in time.
    #[error("the device code was not used in time")]
    DeviceExpired,
    /// The code could not be exchanged for tokens.
    #[error("cannot exchange the code for tokens")]
    Code(#[source] token_client::Error),
    /// A token is no JWT.
    #[error("the issuer sent an unusable {}", token.name())]
    MalformedJwt {
        /// Which of them.
        token: JsonWebToken,
        /// What is wrong with it.
        source: MalformedJwt,
    },
    /// The ID token is not for this sign-in.
    #[error("the issuer sent an ID token that is not for this sign-in")]
    WrongClaim(#[source] Mismatch),
    /// The access token is not for this sign-in.
    #[error("the access token is not for this sign-in")]
    WrongAccessToken(#[source] Mismatch),
    /// The account is of another ChatGPT workspace than the sign-in is restricted to.
    #[error(
        "{}, and only {} is allowed",
        workspace.as_deref().map_or_else(
            || "the workspace of this account is not known".to_owned(),
            |workspace| format!("this account is of the workspace {}", excerpt(workspace, 80)),
        ),
        allowed.join(", ")
    )]
    WrongWorkspace {
        /// Its workspace, where its tokens name one.
        workspace: Option<String>,
        /// Those that are allowed.
        allowed: Vec<String>,
    },
    /// The sign-in was cancelled, and its tokens were revoked where there were any.
    #[error("the sign-in was cancelled")]
    Cancelled,
    /// The account has no organization or no project, so it can have no API key.
    #[error("this account has no {claim}, which an API key needs")]
    MissingClaim {
        /// The claim that the ID token lacks.
        claim: &'static str,
    },
    /// The ID token could not be exchanged for an API key.
    #[error("cannot exchange the sign-in for an API key")]
    KeyExchange {
        /// The name that the key was to have. It may exist where the answer was lost.
        name: String,
        /// What the issuer said.
        source: token_client::Error,
    },
    /// The platform refused, or could not be reached.
    #[error(transparent)]
    Platform(platform_api::Error),
    /// No key was made, as far as that is known.
    #[error("{source}")]
    KeyCreation {
        /// The name that the key was to have. It may exist where
        /// [the answer was lost](platform_api::Error::may_have_created_key).
        name: String,
        /// What the platform said.
        source: Box<platform_api::Error>,
    },
    /// The account is in no organization of this id.
    #[error("this account has no organization {wanted}")]
    UnknownOrganization {
        /// The organization that was asked for.
        wanted: OrganizationId,
        /// Those that there are.
        offered: Vec<Organization>,
    },
    /// None of the organizations that were looked at has a project of this id.
    #[error("there is no project {wanted}")]
    UnknownProject {
        /// The project that was asked for.
        wanted: ProjectId,
        /// Those that there are.
        offered: Vec<Project>,
    },
    /// Several projects could be meant, and none of them was chosen. No key was made.
    #[error(transparent)]
    Undecided(#[from] Undecided),
    /// No project to make a key in was there in time.
    #[error(
        "timed out waiting for an organization and default project{}",
        seen.unless_nothing_was(failure.is_some())
    )]
    NoProject {
        /// What was there instead.
        seen: Seen,
        /// Why the last look saw nothing, if it did not.
        #[source]
        failure: Option<Box<platform_api::Error>>,
    },
    /// Not everything was listed in time.
    #[error("the platform did not list everything in time")]
    ListTimedOut {
        /// How long was waited.
        after: Duration,
    },
    /// The key was made, and did not reach whom it was made for.
    #[error("the API key \"{name}\" was created, but could not be handed over")]
    Undelivered {
        /// The name under which the platform lists it.
        name: String,
        /// Whether it is kept in `auth.json` all the same.
        kept: bool,
        /// Why not.
        source: Undelivered,
    },
    /// Nobody is signed in, or not any more.
    #[error("not signed in: there is no sign-in in {location}")]
    NotSignedIn {
        /// Where it was looked for.
        location: Location,
    },
    /// The access token has expired, and nothing can refresh it.
    #[error(
        "not signed in any more: the access token in {location} expired, and nothing can refresh it"
    )]
    SignInOver {
        /// Where it is.
        location: Location,
        /// When it expired.
        expired_at: Timestamp,
        /// Whether an API key is stored beside it, which still works.
        has_api_key: bool,
        /// The mode, where it is another program's, which may be able to refresh it.
        other_mode: Option<String>,
    },
    /// The issuer does not know the sign-in any more. The stored document was left alone.
    #[error("the sign-in is not valid any more")]
    SignInEnded(#[source] token_client::Error),
    /// The access token could not be refreshed; nothing has changed.
    #[error("cannot refresh the access token")]
    Refresh(#[source] token_client::Error),
    /// The access token has expired, and its refresh token was not spent, because what that brings could
    /// not be stored.
    #[error("the access token has expired, and a new one could not be stored")]
    Unstorable(#[source] StoreError),
    /// The sign-in has no refresh token.
    #[error("the sign-in in {location} has no refresh token")]
    NothingToRefresh {
        /// Where it is.
        location: Location,
    },
    /// The sign-in has no access token: it is by an API key.
    #[error("the sign-in in {location} has no access token")]
    NoAccessToken {
        /// Where it is.
        location: Location,
    },
    /// The sign-in was made in a way that only another program knows; its tokens are not spent here.
    #[error("the sign-in is another program's, of a kind that is not known here ({auth_mode})")]
    UnknownMode {
        /// What the document says of it.
        auth_mode: String,
    },
    /// The stored tokens are another issuer's, which is not asked. They are sent to nobody else.
    #[error("the stored sign-in is from {stored}, and not from {asked}")]
    OtherIssuer {
        /// Whose they are.
        stored: String,
        /// Who was to be asked.
        asked: String,
    },
    /// The stored sign-in names another client than the one that was asked for.
    #[error("the stored sign-in is of client {stored}, and not of {asked}")]
    OtherClient {
        /// Whose it is.
        stored: String,
        /// The client that was asked for.
        asked: String,
    },
    /// The answer to a refresh has a field that cannot be what its name says. A new refresh token in
    /// it was kept.
    #[error("the issuer sent an unusable {field}")]
    UnusableAnswer {
        /// Which.
        field: &'static str,
    },
    /// The issuer has sent new tokens, and they could not be kept: those that are stored are spent.
    #[error("the new tokens could not be stored, and the stored ones are spent")]
    Unsaved(#[source] StoreError),
    /// Another program held the locks of the store all the time.
    #[error(
        "{holder} has kept the stored sign-in locked for {waited} s",
        holder = holder.as_ref().map_or("another program".to_owned(), LockHolder::to_string),
        waited = waited.as_secs()
    )]
    Busy {
        /// How long it was waited for.
        waited: Duration,
        /// That program, where the system tells.
        holder: Option<LockHolder>,
    },
    /// The key was made, and could not be kept.
    #[error("the API key \"{name}\" was created, but could not be kept")]
    Unkept {
        /// The name under which the platform lists it.
        name: String,
        /// Whether it was handed over, so that somebody has it all the same.
        handed_over: bool,
        /// Why not.
        source: Box<StoreError>,
    },
}

impl Error {
    /// Whether what is stored is no sign-in, or not one that serves for this, so that a new one would
    /// be another matter.
    #[must_use]
    pub fn asks_for_sign_in(&self) -> bool {
        match self {
            Self::NotSignedIn { .. }
            | Self::SignInOver { .. }
            | Self::SignInEnded(_)
            | Self::NothingToRefresh { .. }
            | Self::NoAccessToken { .. }
            | Self::UnknownMode { .. }
            | Self::OtherIssuer { .. }
            | Self::OtherClient { .. } => true,
            Self::Platform(error) => error.is_unauthorized(),
            _ => false,
        }
    }
}

/// Why a choice was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Undecided {
    /// Whoever was asked does not want any of them.
    #[error("nothing was chosen")]
    Declined,
    /// Nobody could be asked.
    #[error("cannot ask for a choice")]
    Unasked(#[source] Box<dyn StdError + Send + Sync>),
}

/// Why tokens may still be valid at the issuer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevocationError {
    /// The issuer refused, or could not be reached.
    #[error(transparent)]
    Refused(token_client::Error),
    /// The issuer did not answer in time.
    #[error("the issuer did not answer within {0:?}")]
    TimedOut(Duration),
    /// The tokens are of this issuer, and another one was to be asked.
    #[error("the tokens are from {0}")]
    OtherIssuer(String),
    /// The stored document cannot be read, so the tokens in it are not known.
    #[error(transparent)]
    Unreadable(StoreError),
}

/// Why a key did not reach whom it was made for.
pub type Undelivered = Box<dyn StdError + Send + Sync>;

/// The two tokens that are read as JWTs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonWebToken {
    /// The ID token.
    Id,
    /// The access token.
    Access,
}

impl JsonWebToken {
    fn name(self) -> &'static str {
        match self {
            Self::Id => "ID token",
            Self::Access => "access token",
        }
    }
}

impl From<native_oauth::Error> for Error {
    fn from(error: native_oauth::Error) -> Self {
        match error {
            native_oauth::Error::NoRandomness(source) => Self::NoRandomness(source),
            native_oauth::Error::Bind(source) => Self::Bind(source),
            native_oauth::Error::Callback(source) => Self::Callback(source),
            native_oauth::Error::Unreachable { after, source } => Self::Unreached { after, source },
            native_oauth::Error::DeviceCode(source) => Self::DeviceCode(source),
            native_oauth::Error::DeviceDenied => Self::DeviceDenied,
            native_oauth::Error::DeviceExpired => Self::DeviceExpired,
            native_oauth::Error::CodeExchange(source) => Self::Code(source),
        }
    }
}
impl From<pkce::NoRandomness> for Error {
    fn from(error: pkce::NoRandomness) -> Self {
        Self::NoRandomness(error.into())
    }
}

impl From<oauth_callback_server::NoRandomness> for Error {
    fn from(error: oauth_callback_server::NoRandomness) -> Self {
        Self::NoRandomness(error.into())
    }
}
