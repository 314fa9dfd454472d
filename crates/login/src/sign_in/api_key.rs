use auth_store::SignIn as NewSignIn;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use native_oauth::Error as OAuthError;
use rand::TryRng as _;
use rand::rngs::SysRng;
use token_client::TokenClient;

use crate::error::Error;
use crate::event::{Event, Events};
use crate::openai::{AuthClaims, MissingClaim, exchange_for_api_key};

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
    Created {
        /// Its name on the platform.
        name: String,
    },
    /// It was not requested.
    NotRequested,
    /// The account cannot have one.
    Unavailable(MissingClaim),
    /// The exchange failed.
    Failed(Box<Error>),
}

impl ApiKeyMode {
    /// Exchanges the ID token of `new` for its API key, if this mode requests one and the account can have
    /// one.
    ///
    /// # Errors
    ///
    /// Only if a key is required.
    pub(super) async fn request(
        self,
        client: &TokenClient,
        new: &mut NewSignIn,
        account: &AuthClaims,
        events: Events<'_>,
    ) -> Result<ApiKeyOutcome, Error> {
        if self == Self::Skip {
            return Ok(ApiKeyOutcome::NotRequested);
        }
        let exchanged = match account.api_project() {
            Ok(_) => exchange(client, new, events).await,
            Err(missing) => Err(Error::AccountNotSetUp(missing)),
        };
        match exchanged {
            Ok(name) => Ok(ApiKeyOutcome::Created { name }),
            Err(error) if self == Self::Required => Err(error),
            Err(Error::AccountNotSetUp(missing)) => Ok(ApiKeyOutcome::Unavailable(missing)),
            Err(error) => Ok(ApiKeyOutcome::Failed(error.into())),
        }
    }
}

/// Returns the name of the key.
async fn exchange(
    client: &TokenClient,
    new: &mut NewSignIn,
    events: Events<'_>,
) -> Result<String, Error> {
    let name = key_name(new.last_refresh)?;
    events(Event::CreatingApiKey { name: &name });
    match exchange_for_api_key(client, &new.id_token, &name).await {
        Ok(key) => new.api_key = Some(key),
        Err(source) => return Err(Error::KeyExchange { name, source: source.into() }),
    }
    Ok(name)
}

/// The name of the key on the platform: the date, and six random bytes that distinguish two keys of one
/// day.
fn key_name(now: Timestamp) -> Result<String, Error> {
    let mut random_id = [0; 6];
    SysRng
        .try_fill_bytes(&mut random_id)
        .map_err(|error| OAuthError::NoRandomness(error.into()))?;
    Ok(format_key_name(now, random_id))
}

fn format_key_name(now: Timestamp, random_id: [u8; 6]) -> String {
    let date = now.to_zoned(TimeZone::UTC).date();
    let digits: String = random_id.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("Codex CLI [auto-generated] ({date}) [{digits}]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_name(time: &str, random_id: [u8; 6], name: &str) {
        assert_eq!(format_key_name(time.parse().unwrap(), random_id), name);
    }

    // threats 210
    #[test]
    fn key_name_has_the_utc_date_and_twelve_hex_digits() {
        let zeros = "Codex CLI [auto-generated] (2026-11-21) [000000000000]";
        assert_name("2026-11-21T23:59:59.999999Z", [0; 6], zeros);
        let next = "Codex CLI [auto-generated] (2026-11-22) [0102030a0bff]";
        assert_name("2026-11-22T00:00:00Z", [1, 2, 3, 10, 11, 255], next);
        assert_name("2026-11-22T01:30:00+02:00", [0; 6], zeros);
        assert_name(
            "9999-12-30T22:00:00Z",
            [0; 6],
            "Codex CLI [auto-generated] (9999-12-30) [000000000000]",
        );
        assert_name(
            "2028-02-29T12:00:00Z",
            [0; 6],
            "Codex CLI [auto-generated] (2028-02-29) [000000000000]",
        );
    }
}
