use platform_api::{PlatformApi, Session};

use crate::error::Error;
use crate::event::Events;
use crate::stored::StoredSignIn;

/// Starts a session with a stored sign-in, without the browser.
///
/// The sign-in must come from the issuer of `sign_in`, and `platform` must belong to that issuer.
///
/// # Errors
///
/// After an error that [requires a sign-in](Error::requires_sign_in), use [`start`](super::start).
pub async fn by_stored_sign_in(
    sign_in: &StoredSignIn,
    platform: &PlatformApi,
    events: Events<'_>,
) -> Result<Session, Error> {
    let access_token = sign_in.access_token(events).await?;
    platform.log_in(&access_token).await.map_err(Error::Platform)
}
