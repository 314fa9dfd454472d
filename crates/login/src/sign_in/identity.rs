use credentials::{Claims, Expected};
use jiff::Timestamp;
use token_client::Tokens;

use super::Options;
use crate::error::{Error, JsonWebToken};

/// Who signed in, by the claims of both tokens.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) claims: Claims,
    pub(super) plan: Option<String>,
}

impl Identity {
    /// Reads both tokens. They came straight from the token endpoint, so their signatures are not
    /// verified; what the ID token says of itself is held against what was asked for.
    pub(super) fn read(tokens: &Tokens, options: &Options, now: Timestamp) -> Result<Self, Error> {
        let malformed = |token| move |source| Error::MalformedJwt { token, source };
        let claims = Claims::of_id_token_without_verifying(&tokens.id_token)
            .map_err(malformed(JsonWebToken::Id))?;
        let expected = Expected {
            issuer: options.issuer.as_str(),
            client_id: &options.client_id,
            now: now.as_second(),
        };
        claims.check(&expected).map_err(Error::WrongClaim)?;
        let access = Claims::of_access_token_without_verifying(&tokens.access_token)
            .map_err(malformed(JsonWebToken::Access))?;
        Ok(Self { claims, plan: access.openai.chatgpt_plan_type })
    }

    /// An API key belongs to a project of an organization; without both, the exchange could only
    /// fail with less to say.
    pub(super) fn needs_a_home_for_the_key(&self) -> Result<(), Error> {
        let openai = &self.claims.openai;
        match (&openai.organization_id, &openai.project_id) {
            (None, _) => Err(Error::MissingClaim { claim: "organization_id" }),
            (_, None) => Err(Error::MissingClaim { claim: "project_id" }),
            _ => Ok(()),
        }
    }

    /// Whether the organization is not set up and this person is the one who can.
    pub(super) fn needs_setup(&self) -> bool {
        let openai = &self.claims.openai;
        openai.is_org_owner && !openai.completed_platform_onboarding
    }
}
