use credentials::RefreshToken;
use http_client::RetryWindow;

use crate::client::{TokenClient, TokenRequest};
use crate::error::Error;
use crate::provider::Provider;
use crate::token_response::RefreshResponse;

impl TokenClient {
    /// Exchanges a refresh token for new tokens.
    ///
    /// Where refresh tokens rotate, each is single-use: the caller holds the lock of the store from
    /// reading the token to storing the response.
    ///
    /// # Errors
    ///
    /// [`Error`]; after one that [requires it](Error::requires_reauthentication) only a new sign-in
    /// helps.
    pub async fn refresh(&self, refresh_token: &RefreshToken) -> Result<RefreshResponse, Error> {
        self.refresh_with(refresh_token, &[]).await
    }

    /// As [`refresh`](Self::refresh), with more parameters, such as `resource`
    /// ([RFC 8707 §2.2](https://www.rfc-editor.org/rfc/rfc8707#section-2.2)).
    ///
    /// # Errors
    ///
    /// As [`refresh`](Self::refresh).
    pub async fn refresh_with(
        &self,
        refresh_token: &RefreshToken,
        parameters: &[(&str, &str)],
    ) -> Result<RefreshResponse, Error> {
        self.refresh_within(self.http().retry_window(), refresh_token, parameters).await
    }

    /// As [`refresh_with`](Self::refresh_with), after other requests of the same refresh: nothing is sent
    /// again after `window` has closed. Whether it [is open](RetryWindow::is_open) for the first request is
    /// the caller's question.
    ///
    /// # Errors
    ///
    /// As [`refresh`](Self::refresh).
    pub async fn refresh_within(
        &self,
        window: RetryWindow,
        refresh_token: &RefreshToken,
        parameters: &[(&str, &str)],
    ) -> Result<RefreshResponse, Error> {
        let fields = refresh_fields(self.client_id(), refresh_token);
        let fields = [&fields[..], parameters].concat();
        let Provider { token_endpoint: endpoint, refresh_body: format, .. } = self.provider();
        let secrets = &[refresh_token.expose()];
        let request = TokenRequest { endpoint, format: *format, fields: &fields, secrets };
        RefreshResponse::read(&self.send_within(window, &request).await?, self.token_type())
    }
}

/// A refresh names no scope: it keeps the one of the sign-in.
fn refresh_fields<'a>(client_id: &'a str, token: &'a RefreshToken) -> [(&'static str, &'a str); 3] {
    [("client_id", client_id), ("grant_type", "refresh_token"), ("refresh_token", token.expose())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refresh_has_the_fields_of_rfc_6749() {
        let token = RefreshToken::new("r t").unwrap();
        let expected =
            [("client_id", "app_1"), ("grant_type", "refresh_token"), ("refresh_token", "r t")];
        assert_eq!(refresh_fields("app_1", &token), expected);
    }
}
