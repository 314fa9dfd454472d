use credentials::{AccessToken, RefreshToken};
use serde::Serialize;

use crate::client::{TokenClient, accepted};
use crate::error::Error;

const REVOKE: &str = "/oauth/revoke";

/// What can be revoked. Revoking the refresh token ends the whole sign-in
/// ([RFC 7009 §2](https://www.rfc-editor.org/rfc/rfc7009#section-2)), so it is the one to take where
/// there is one.
#[derive(Clone, Copy, Debug)]
pub enum Revocable<'a> {
    /// A refresh token, and with it the access tokens that came from it.
    RefreshToken(&'a RefreshToken),
    /// An access token alone.
    AccessToken(&'a AccessToken),
}

#[derive(Serialize)]
struct RevocationRequest<'a> {
    token: &'a str,
    token_type_hint: &'static str,
    client_id: &'a str,
}

impl TokenClient {
    /// Revokes a token by [RFC 7009](https://www.rfc-editor.org/rfc/rfc7009). A token that is not
    /// valid any more counts as revoked.
    ///
    /// # Errors
    ///
    /// [`Error`]; the token may then still be valid.
    pub async fn revoke(&self, token: Revocable<'_>) -> Result<(), Error> {
        let request = RevocationRequest::new(self.client_id(), token);
        accepted(self.post(REVOKE).secret(request.token).send_json(&request).await?)?;
        Ok(())
    }
}

impl<'a> RevocationRequest<'a> {
    fn new(client_id: &'a str, token: Revocable<'a>) -> Self {
        let (token, token_type_hint) = match token {
            Revocable::RefreshToken(token) => (token.expose(), "refresh_token"),
            Revocable::AccessToken(token) => (token.expose(), "access_token"),
        };
        Self { token, token_type_hint, client_id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn sends(token: Revocable<'_>, body: &str) {
        let request = RevocationRequest::new("app_1", token);
        assert_eq!(serde_json::to_string(&request).unwrap(), body);
    }

    #[test]
    fn a_revocation_hints_at_what_it_revokes() {
        let refresh_token = RefreshToken::new("r").unwrap();
        let access_token = AccessToken::new("a").unwrap();
        sends(
            Revocable::RefreshToken(&refresh_token),
            r#"{"token":"r","token_type_hint":"refresh_token","client_id":"app_1"}"#,
        );
        sends(
            Revocable::AccessToken(&access_token),
            r#"{"token":"a","token_type_hint":"access_token","client_id":"app_1"}"#,
        );
    }
}
