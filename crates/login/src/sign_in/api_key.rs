use credentials::ApiKey;
use jiff::Timestamp;
use token_client::TokenClient;

use super::identity::Identity;
use super::key_name::key_name;
use crate::error::Error;
use crate::event::{Event, Events};
use crate::openai::exchange_for_api_key;

/// Whether a sign-in brings an API key as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiKeyMode {
    /// Exchange the ID token for one. Without one, the sign-in is kept all the same.
    IfPossible,
    /// The same, but without one there is no sign-in either: nothing is stored, and the tokens are
    /// revoked.
    Required,
    /// Leave the key in `auth.json` null.
    Skip,
}

/// Whether an API key came with a sign-in.
#[derive(Debug)]
#[non_exhaustive]
pub enum ApiKeyOutcome {
    /// It did, and is stored.
    Created,
    /// It was not asked for.
    NotRequested,
    /// The account cannot have one: its ID token lacks this claim.
    Unavailable {
        /// `organization_id` or `project_id`.
        claim: &'static str,
    },
    /// The exchange failed.
    Failed(Box<Error>),
}

/// An API key, and the name under which the platform lists it.
pub(super) struct NewApiKey {
    pub(super) name: String,
    pub(super) key: ApiKey,
}

impl ApiKeyMode {
    /// Exchanges the ID token for an API key, as far as this mode asks for it and the account can have
    /// one.
    ///
    /// # Errors
    ///
    /// Only where a key is required.
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
