use std::fmt;

use credentials::AuthorizationCode;
use pkce::CodeVerifier;

use crate::client::TokenClient;
use crate::error::Error;
use crate::token_response::TokenResponse;

/// An authorization code, and the proof that this client requested it.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct CodeExchange<'a> {
    /// The code of the callback.
    pub code: &'a AuthorizationCode,
    /// The `redirect_uri` of the authorization URL, byte for byte
    /// ([RFC 6749 §4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3)).
    pub redirect_uri: &'a str,
    /// The verifier whose challenge was in the authorization URL.
    pub code_verifier: &'a CodeVerifier,
    /// More parameters, such as `resource`
    /// ([RFC 8707 §2.2](https://www.rfc-editor.org/rfc/rfc8707#section-2.2)).
    pub parameters: &'a [(String, String)],
}

/// The value of a parameter can be a secret.
impl fmt::Debug for CodeExchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("CodeExchange")
            .field("redirect_uri", &self.redirect_uri)
            .field("parameters", &parameters)
            .finish_non_exhaustive()
    }
}

impl TokenClient {
    /// Exchanges a code for tokens.
    ///
    /// # Errors
    ///
    /// [`Error`]. The code is spent as soon as the request may have arrived.
    pub async fn exchange_code(&self, exchange: &CodeExchange<'_>) -> Result<TokenResponse, Error> {
        let order = &self.provider().code_exchange_order;
        let fields = exchange.fields(self.client_id(), order);
        let secrets = [exchange.code.expose(), exchange.code_verifier.expose()];
        let endpoint = &self.provider().token_endpoint;
        TokenResponse::read(&self.send_form(endpoint, &fields, &secrets).await?, self.token_type())
    }
}

impl<'a> CodeExchange<'a> {
    /// An exchange without more parameters.
    #[must_use]
    pub fn new(
        code: &'a AuthorizationCode,
        redirect_uri: &'a str,
        code_verifier: &'a CodeVerifier,
    ) -> Self {
        Self { code, redirect_uri, code_verifier, parameters: &[] }
    }

    fn fields(&self, client_id: &'a str, order: &[String]) -> Vec<(&'a str, &'a str)> {
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", self.code.expose()),
            ("redirect_uri", self.redirect_uri),
            ("client_id", client_id),
            ("code_verifier", self.code_verifier.expose()),
        ];
        let last = order.len();
        fields.sort_by_key(|(name, _)| order.iter().position(|it| it == name).unwrap_or(last));
        fields.extend(self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jwk_set::JwkSet;
    use crate::provider::Provider;
    use credentials::{IdToken, RefreshToken};
    use http_client::{HttpClient, Options};

    #[track_caller]
    fn assert_order(order: &[&str], expected: &str) {
        let code = AuthorizationCode::new("c&o=d e").unwrap();
        let code_verifier = CodeVerifier::new("v".repeat(43)).unwrap();
        let redirect_uri = "http://localhost:1455/auth/callback";
        let exchange = CodeExchange::new(&code, redirect_uri, &code_verifier);
        let order: Vec<_> = order.iter().map(|name| (*name).to_owned()).collect();
        let fields = exchange.fields("app_1", &order);
        let names: Vec<_> = fields.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names.join(" "), expected);
    }

    #[test]
    fn fields_have_the_order_of_the_provider() {
        assert_order(&[], "grant_type code redirect_uri client_id code_verifier");
        let first = ["client_id", "unknown", "code"];
        assert_order(&first, "client_id code grant_type redirect_uri code_verifier");
    }

    // threats 6 195
    #[test]
    fn debug_shows_no_secret() {
        let code = AuthorizationCode::new("canary").unwrap();
        let code_verifier = CodeVerifier::new("canary".repeat(8)).unwrap();
        let redirect_uri = "http://localhost:1455/auth/callback";
        let parameters = [("a_name".to_owned(), "canary".to_owned())];
        let exchange = CodeExchange::new(&code, redirect_uri, &code_verifier);
        let shown = format!("{:?}", CodeExchange { parameters: &parameters, ..exchange });
        assert!(shown.contains("a_name") && !shown.contains("canary"), "{shown}");
    }

    #[test]
    fn request_futures_are_send() {
        fn assert_send(_: &impl Send) {}
        let http = HttpClient::new(Options::new("a-test/1.0"));
        let url = |path: &str| format!("https://id.example.com{path}").parse().unwrap();
        let issuer = "https://id.example.com".parse().unwrap();
        let provider = Provider::new(issuer, url("/authorize"), url("/token"));
        let client = TokenClient::new(http, provider, "app_1");
        assert_send(&client.request_device_authorization(None, &[]));
        let http = client.http().clone();
        assert_send(&Provider::discover(&http, "https://id.example.com"));
        let id_token = IdToken::new("i").unwrap();
        assert_send(&JwkSet::new(http, url("/keys")).verify(&id_token));
        assert_send(&client.refresh(&RefreshToken::new("r").unwrap()));
    }
}
