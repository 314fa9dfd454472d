//! Whether the answer to a refresh is about the sign-in that was refreshed.

use auth_store::{AuthDocument, Renewal};
use credentials::{AccessToken, Claims};
use jiff::Timestamp;
use token_client::{Refreshed, TokenClient};

use super::{claims_without_verifying, identity_without_verifying};
use crate::error::Error;
use crate::restrictions::{check_access_token, check_same_user};

/// What of an answer is kept, and whether it is an answer. A rotated refresh token is kept
/// whatever is wrong with the rest: its predecessor is spent.
pub(super) fn examine(
    refreshed: Refreshed,
    before: &AuthDocument,
    client: &TokenClient,
    now: Timestamp,
) -> (Renewal, Result<(), Error>) {
    let Refreshed { id_token, access_token, refresh_token, unusable, .. } = refreshed;
    // The time is the access token's: an old one that stays is as old as it was, and still due.
    let last_refresh = access_token.as_ref().map(|_| now);
    let verdict = match &id_token {
        Some(id_token) => Claims::of_id_token_without_verifying(id_token)
            .map_err(|source| Error::MalformedJwt { token: crate::JsonWebToken::Id, source })
            .and_then(|new| is_about_the_same(&new, before, client)),
        None => Ok(()),
    };
    let verdict = verdict.and_then(|()| match &access_token {
        Some(access_token) => check_renewed_access_token(access_token, before, client),
        None => Ok(()),
    });
    let verdict = verdict.and(match unusable.first() {
        Some(field) => Err(Error::UnusableAnswer { field }),
        None => Ok(()),
    });
    let renewal = match verdict {
        Ok(()) => Renewal { id_token, access_token, refresh_token, last_refresh },
        Err(_) => Renewal { refresh_token, ..Renewal::default() },
    };
    (renewal, verdict)
}

/// Times are not looked at: the clock of this machine may be wrong, and was before.
fn is_about_the_same(
    new: &Claims,
    before: &AuthDocument,
    client: &TokenClient,
) -> Result<(), Error> {
    new.check_origin(client.issuer().as_str(), client.client_id())
        .and_then(|()| {
            claims_without_verifying(before).map_or(Ok(()), |before| new.check_same_person(&before))
        })
        .map_err(Error::WrongClaim)
}

/// The same of an access token that is a JWT.
fn check_renewed_access_token(
    access_token: &AccessToken,
    before: &AuthDocument,
    client: &TokenClient,
) -> Result<(), Error> {
    let Ok(new) = Claims::of_access_token_without_verifying(access_token) else { return Ok(()) };
    check_access_token(&new, client.issuer().as_str(), Some(client.client_id()))?;
    identity_without_verifying(before).map_or(Ok(()), |before| check_same_user(&new, &before))
}
