use credentials::{AccessToken, RefreshToken};
use http_client::ErrorResponse;

use crate::client::{TokenClient, TokenRequest, error_with_success};
use crate::error::Error;

/// What can be revoked. Revoking the refresh token ends the whole sign-in
/// ([RFC 7009 §2](https://www.rfc-editor.org/rfc/rfc7009#section-2)), so prefer it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Revocable<'a> {
    /// A refresh token, and with it the access tokens that came from it.
    RefreshToken(&'a RefreshToken),
    /// An access token alone.
    AccessToken(&'a AccessToken),
}

impl TokenClient {
    /// Revokes a token by [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009). A token that is
    /// no longer valid counts as revoked.
    ///
    /// Some metadata does not name the endpoint that the server has: set
    /// [`Provider::revocation_endpoint`](crate::Provider::revocation_endpoint) by hand.
    ///
    /// # Errors
    ///
    /// [`Error`]; the token may then still be valid. [`Error::RevocationNotSupported`] if the provider has
    /// no such endpoint: the token stays valid until it expires.
    pub async fn revoke(&self, token: Revocable<'_>) -> Result<(), Error> {
        let provider = self.provider();
        let endpoint = provider.revocation_endpoint.as_ref();
        let endpoint = endpoint.ok_or(Error::RevocationNotSupported)?;
        let (format, fields) =
            (provider.revocation_body, revocation_fields(self.client_id(), token));
        let request =
            TokenRequest { endpoint, format, fields: &fields, secrets: &[token.expose()] };
        let outcome = self.send(&request).await;
        let outcome = outcome.and_then(|response| match error_with_success(&response) {
            Some(error) => Err(Error::ErrorResponse(error)),
            None => Ok(()),
        });
        match outcome {
            // Google's, for a token that is no longer valid.
            Err(Error::ErrorResponse(response)) if is_invalid_token(&response) => Ok(()),
            outcome => outcome,
        }
    }
}

/// Another status is about the request ([RFC 6750 §3.1](https://www.rfc-editor.org/rfc/rfc6750#section-3.1)).
fn is_invalid_token(response: &ErrorResponse) -> bool {
    response.code.as_deref() == Some("invalid_token") && matches!(response.status, 200..=299 | 400)
}

impl<'a> Revocable<'a> {
    fn expose(self) -> &'a str {
        match self {
            Self::RefreshToken(token) => token.expose(),
            Self::AccessToken(token) => token.expose(),
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::RefreshToken(_) => "refresh_token",
            Self::AccessToken(_) => "access_token",
        }
    }
}

fn revocation_fields<'a>(client_id: &'a str, token: Revocable<'a>) -> [(&'static str, &'a str); 3] {
    [("token", token.expose()), ("token_type_hint", token.hint()), ("client_id", client_id)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revocation_has_a_token_type_hint() {
        let refresh_token = RefreshToken::new("r").unwrap();
        let access_token = AccessToken::new("a").unwrap();
        for (token, text, hint) in [
            (Revocable::RefreshToken(&refresh_token), "r", "refresh_token"),
            (Revocable::AccessToken(&access_token), "a", "access_token"),
        ] {
            let expected = [("token", text), ("token_type_hint", hint), ("client_id", "app_1")];
            assert_eq!(revocation_fields("app_1", token), expected);
        }
    }
}
