//! Checks that the tokens match the request. The issuer may ignore the parameters of a request.

use credentials::ClaimMismatch;

use crate::error::Error;
use crate::openai::{Claims, Mismatch};

/// The workspace of the token is allowed.
pub(crate) fn check_workspace(claims: &Claims, allowed: &[String]) -> Result<(), Error> {
    let workspace = &claims.additional.auth.chatgpt_account_id;
    let is_allowed = workspace.as_ref().is_some_and(|workspace| allowed.contains(workspace));
    if allowed.is_empty() || is_allowed {
        return Ok(());
    }
    Err(Error::WrongWorkspace { workspace: workspace.clone(), allowed: allowed.to_vec() })
}

/// The access token has the user and the workspace of `other`, if both name them.
pub(crate) fn check_same_user(access: &Claims, other: &Claims) -> Result<(), Error> {
    fn user(claims: &Claims) -> Option<&String> {
        claims.additional.auth.chatgpt_user_id.as_ref().or(claims.additional.auth.user_id.as_ref())
    }
    fn workspace(claims: &Claims) -> Option<&String> {
        claims.additional.auth.chatgpt_account_id.as_ref()
    }
    let differ = |of: fn(&Claims) -> Option<&String>| {
        of(access).zip(of(other)).is_some_and(|(one, other)| one != other)
    };
    if differ(user) {
        return Err(Error::InvalidAccessToken(ClaimMismatch::Subject.into()));
    }
    if differ(workspace) {
        return Err(Error::InvalidAccessToken(Mismatch::Workspace));
    }
    Ok(())
}

/// The access token has this issuer and this client, if it names them
/// ([RFC 9068 §2.2](https://www.rfc-editor.org/rfc/rfc9068#section-2.2)). Its `aud` is the resource server.
pub(crate) fn check_access_token(
    claims: &Claims,
    issuer: &str,
    client_id: Option<&str>,
) -> Result<(), Error> {
    let differs = |said: &Option<String>, asked: &str| said.as_ref().is_some_and(|it| it != asked);
    if differs(&claims.iss, issuer) {
        return Err(Error::InvalidAccessToken(ClaimMismatch::Issuer.into()));
    }
    if client_id.is_some_and(|client_id| differs(&claims.client_id, client_id)) {
        return Err(Error::InvalidAccessToken(ClaimMismatch::Audience.into()));
    }
    Ok(())
}
