use credentials::ApiKey;
use jiff::Timestamp;
use token_client::TokenClient;

use super::identity::Identity;
use super::key_name::key_name;
use crate::error::Error;
use crate::event::{Event, Events};
use crate::openai::exchange_for_api_key;

/// Whether a sign-in requests an API key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKeyMode {
    /// Exchange the ID token for a key. Without a key, the sign-in is stored anyway.
    IfPossible,
    /// The same, but without a key the sign-in fails: nothing is stored, and the tokens are revoked.
    Required,
    /// Request no key: it is null in `auth.json`.
    Skip,
}

/// Whether a sign-in has an API key.
#[derive(Debug)]
#[non_exhaustive]
pub enum ApiKeyOutcome {
    /// It is stored.
    Created,
    /// It was not requested.
    NotRequested,
    /// The account cannot have one: the ID token lacks a claim.
    Unavailable {
        /// `organization_id` or `project_id`.
        claim: &'static str,
    },
    /// The exchange failed.
    Failed(Box<Error>),
}

/// An API key, and its name on the platform.
pub(super) struct NewApiKey {
    pub(super) name: String,
    pub(super) key: ApiKey,
}

impl ApiKeyMode {
    /// Exchanges the ID token for an API key, if this mode requests one and the account can have one.
    ///
    /// # Errors
    ///
    /// Only if a key is required.
    pub(super) async fn obtain(
        self,
        client: &TokenClient,
        identity: &Identity<'_>,
        now: Timestamp,
        events: Events<'_>,
    ) -> Result<(ApiKeyOutcome, Option<NewApiKey>), Error> {
        if self == Self::Skip {
            return Ok((ApiKeyOutcome::NotRequested, None));
        }
        match exchange(client, identity, now, events).await {
            Ok(new) => Ok((ApiKeyOutcome::Created, Some(new))),
            Err(error) if self == Self::Required => Err(error),
            Err(Error::MissingClaim { claim }) => Ok((ApiKeyOutcome::Unavailable { claim }, None)),
            Err(error) => Ok((ApiKeyOutcome::Failed(error.into()), None)),
        }
    }
}

async fn exchange(
    client: &TokenClient,
    identity: &Identity<'_>,
    now: Timestamp,
    events: Events<'_>,
) -> Result<NewApiKey, Error> {
    identity.check_api_project()?;
    let name = key_name(now)?;
    events(Event::CreatingApiKey { name: &name });
    match exchange_for_api_key(client, identity.id_token, &name).await {
        Ok(key) => Ok(NewApiKey { name, key }),
        Err(source) => Err(Error::KeyExchange { name, source }),
    }
}
