use auth_store::SignIn as NewSignIn;
use credentials::IdTokenValidation;
use token_client::TokenClient;

use crate::error::Error;
use crate::openai::{Claims, check_access_token};
use crate::stored::check_workspace;

/// The claims of the ID token, and the plan of the access token. They must match the request. The tokens
/// come from the token endpoint, so their signatures are not verified.
pub(super) fn read_claims(
    new: &NewSignIn,
    client: &TokenClient,
    workspaces: &[String],
) -> Result<(Claims, Option<String>), Error> {
    let malformed = |token| move |source| Error::MalformedJwt { token, source };
    let claims =
        Claims::decode_id_token_without_verifying(&new.id_token).map_err(malformed("ID token"))?;
    let (issuer, client_id) = (client.issuer().as_str(), client.client_id());
    let expected = IdTokenValidation::new(issuer, client_id, new.last_refresh.as_second());
    claims.check(&expected).map_err(|mismatch| Error::InvalidIdToken(mismatch.into()))?;
    check_workspace(&claims, workspaces)?;
    let access = Claims::decode_access_token_without_verifying(&new.access_token)
        .map_err(malformed("access token"))?;
    check_access_token(&access, issuer, Some(client_id), Some(&claims))
        .map_err(Error::InvalidAccessToken)?;
    Ok((claims, access.additional.auth.chatgpt_plan_type))
}
