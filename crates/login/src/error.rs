use std::error::Error as StdError;

use auth_store::Error as StoreError;
use credentials::{ClaimMismatch, MalformedJwt};
use oauth_callback_server::{BindError, WaitError};
use platform_api::{Organization, OrganizationId, Project, ProjectId};

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
    WrongClaim(#[source] ClaimMismatch),
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
    /// The key was made and handed over, and could not be kept.
    #[error("the API key \"{name}\" was created, but could not be kept")]
    Unkept {
        /// The name under which the platform lists it.
        name: String,
        /// Why not.
        source: StoreError,
    },
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
