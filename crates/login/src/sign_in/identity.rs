use credentials::{IdToken, IdTokenValidation};
use jiff::Timestamp;

use super::Options;
use crate::error::{Error, JsonWebToken};
use crate::openai::{Claims, Tokens};
use crate::restrictions::{check_access_token, check_same_user, check_workspace};

/// Who signed in, by the claims of both tokens.
#[derive(Debug)]
pub(super) struct Identity<'a> {
    pub(super) id_token: &'a IdToken,
    pub(super) claims: Claims,
    pub(super) plan: Option<String>,
}

impl<'a> Identity<'a> {
    /// Reads both tokens and checks that their claims match the request. They come from the token endpoint,
    /// so their signatures are not verified.
    pub(super) fn read(
        tokens: &'a Tokens,
        options: &Options,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let malformed = |token| move |source| Error::MalformedJwt { token, source };
        let claims = Claims::decode_id_token_without_verifying(&tokens.id_token)
            .map_err(malformed(JsonWebToken::Id))?;
        let (issuer, client_id) = (options.issuer.as_str(), options.client_id.as_str());
        let expected = IdTokenValidation::new(issuer, client_id, now.as_second());
        claims.check(&expected).map_err(|mismatch| Error::InvalidIdToken(mismatch.into()))?;
        check_workspace(&claims, &options.workspaces)?;
        let access = Claims::decode_access_token_without_verifying(&tokens.access_token)
            .map_err(malformed(JsonWebToken::Access))?;
        check_access_token(&access, options.issuer.as_str(), Some(&options.client_id))?;
        check_same_user(&access, &claims)?;
        let id_token = &tokens.id_token;
        Ok(Self { id_token, claims, plan: access.additional.auth.chatgpt_plan_type })
    }

    /// An API key needs an organization and a project. Without them, the exchange would fail with a less
    /// useful error.
    pub(super) fn check_api_project(&self) -> Result<(), Error> {
        let auth = &self.claims.additional.auth;
        match (&auth.organization_id, &auth.project_id) {
            (None, _) => Err(Error::MissingClaim { claim: "organization_id" }),
            (_, None) => Err(Error::MissingClaim { claim: "project_id" }),
            _ => Ok(()),
        }
    }

    /// Whether the organization is not set up, and this person can do that.
    pub(super) fn needs_setup(&self) -> bool {
        let auth = &self.claims.additional.auth;
        auth.is_org_owner && !auth.completed_platform_onboarding
    }
}
