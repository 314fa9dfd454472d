use platform_api::{PlatformApi, Session};

use crate::error::Error;
use crate::event::Events;
use crate::stored::StoredSignIn;

/// A session by a sign-in that is there already, without the browser.
///
/// The sign-in has to be from the issuer that `sign_in` was made for, and `platform` has to be that
/// issuer's: a token is sent to nobody else.
///
/// # Errors
///
/// Where [`Error::asks_for_sign_in`], [`start`](super::start) is the way to a session. Otherwise
/// it could not be found out.
pub async fn by_stored_sign_in(
    sign_in: &StoredSignIn,
    platform: &PlatformApi,
    events: Events<'_>,
) -> Result<Session, Error> {
    let access_token = sign_in.access_token(events).await?;
    platform.log_in(&access_token).await.map_err(Error::Platform)
}
