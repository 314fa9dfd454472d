use credentials::{AccessToken, AuthorizationCode, IdToken, RefreshToken};
use http_client::Response;
use pkce::CodeVerifier;
use serde::Deserialize;

use crate::answer::{self, BEARER};
use crate::client::TokenClient;
use crate::error::Error;

/// A code from the callback, and what proves that it is redeemed by whoever asked for it.
#[derive(Clone, Copy, Debug)]
pub struct CodeExchange<'a> {
    /// What the callback brought.
    pub code: &'a AuthorizationCode,
    /// The `redirect_uri` of the authorization URL, byte for byte
    /// ([RFC 6749 §4.1.3](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.3)).
    pub redirect_uri: &'a str,
    /// The verifier whose challenge was in the authorization URL.
    pub code_verifier: &'a CodeVerifier,
}

/// All that a sign-in keeps.
#[derive(Debug, Deserialize)]
pub struct Tokens {
    /// Who signed in.
    pub id_token: IdToken,
    /// What the APIs are asked with.
    pub access_token: AccessToken,
    /// What the next access token is asked with.
    pub refresh_token: RefreshToken,
}

/// The only token that a short visit needs. The others, if there are any, are not even read.
#[derive(Deserialize)]
struct AccessTokenAlone {
    access_token: AccessToken,
}

impl TokenClient {
    /// Redeems a code for all the tokens of a sign-in.
    ///
    /// # Errors
    ///
    /// [`Error`]; among them [`Error::InvalidResponse`], which names the token that is missing or cannot
    /// be one. The code is spent as soon as the request may have arrived.
    pub async fn exchange_code(&self, exchange: &CodeExchange<'_>) -> Result<Tokens, Error> {
        let form = exchange.sign_in_form(self.client_id());
        all_tokens(&self.send_form(&form, &exchange.secrets()).await?)
    }

    /// Redeems a code for an access token alone, as the client that creates API keys does.
    ///
    /// # Errors
    ///
    /// As [`TokenClient::exchange_code`], except that the other tokens may be missing.
    pub async fn redeem_code_for_access_token(
        &self,
        exchange: &CodeExchange<'_>,
    ) -> Result<AccessToken, Error> {
        let form = exchange.access_form(self.client_id());
        access_token_alone(&self.send_form(&form, &exchange.secrets()).await?)
    }
}

pub(crate) fn all_tokens(answer: &Response) -> Result<Tokens, Error> {
    answer::check_type(answer, &[BEARER])?;
    Ok(answer.decode()?)
}

pub(crate) fn access_token_alone(answer: &Response) -> Result<AccessToken, Error> {
    answer::check_type(answer, &[BEARER])?;
    let AccessTokenAlone { access_token } = answer.decode()?;
    Ok(access_token)
}

/// A form, in the order in which it is sent.
type Form<'a> = [(&'static str, &'a str); 5];

/// The RFC gives the fields no order. Each of the two registered clients has always sent its own,
/// and keeps to it.
impl<'a> CodeExchange<'a> {
    fn sign_in_form(&self, client_id: &'a str) -> Form<'a> {
        [
            ("grant_type", "authorization_code"),
            ("code", self.code.expose()),
            ("redirect_uri", self.redirect_uri),
            ("client_id", client_id),
            ("code_verifier", self.code_verifier.expose()),
        ]
    }

    fn access_form(&self, client_id: &'a str) -> Form<'a> {
        [
            ("client_id", client_id),
            ("code_verifier", self.code_verifier.expose()),
            ("code", self.code.expose()),
            ("grant_type", "authorization_code"),
            ("redirect_uri", self.redirect_uri),
        ]
    }

    fn secrets(&self) -> [&'a str; 2] {
        [self.code.expose(), self.code_verifier.expose()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::Provider;
    use http_client::{HttpClient, Options};

    #[test]
    fn the_two_registered_clients_send_the_same_fields_each_in_its_order() {
        let code = AuthorizationCode::new("c&o=d e").unwrap();
        let code_verifier = CodeVerifier::new("v".repeat(43)).unwrap();
        let exchange = CodeExchange {
            code: &code,
            redirect_uri: "http://localhost:1455/auth/callback",
            code_verifier: &code_verifier,
        };
        let mut sign_in = exchange.sign_in_form("app_1");
        let mut access = exchange.access_form("app_1");
        let names = |form: &Form<'_>| form.map(|(name, _)| name).join(" ");
        assert_eq!(names(&sign_in), "grant_type code redirect_uri client_id code_verifier");
        assert_eq!(names(&access), "client_id code_verifier code grant_type redirect_uri");
        sign_in.sort_unstable();
        access.sort_unstable();
        assert_eq!(sign_in, access);
    }

    #[track_caller]
    fn lacks(body: &str, field: &str) {
        let error = serde_json::from_str::<Tokens>(body).unwrap_err().to_string();
        assert!(error.contains(field), "{body:.80}: {error}");
    }

    // threats 73 85
    #[test]
    fn a_sign_in_needs_all_three_tokens_and_each_of_them_once() {
        lacks(r#"{"access_token":"a","refresh_token":"r"}"#, "id_token");
        lacks(r#"{"id_token":"i","refresh_token":"r"}"#, "access_token");
        lacks(r#"{"id_token":"i","access_token":"a"}"#, "refresh_token");
        lacks(r#"{"id_token":"i","id_token":"j"}"#, "id_token");
    }

    // threats 85
    #[test]
    fn what_no_header_could_carry_is_no_token() {
        let long = format!("\"{}\"", "a".repeat(60_000));
        let odd = [r#""""#, "null", "7", "[]", "{}", r#""a\r\nb""#, r#""a\u0000""#, r#""\u00e9""#];
        for value in odd {
            let body = |id, access, refresh| {
                format!(r#"{{"id_token":{id},"access_token":{access},"refresh_token":{refresh}}}"#)
            };
            for body in [body(value, "\"a\"", "\"r\""), body("\"i\"", value, "\"r\"")] {
                assert!(serde_json::from_str::<Tokens>(&body).is_err(), "{body}");
            }
            let body = body("\"i\"", "\"a\"", value);
            assert!(serde_json::from_str::<Tokens>(&body).is_err(), "{body}");
        }
        let alone = format!(r#"{{"access_token":{long},"id_token":7,"refresh_token":null}}"#);
        assert!(serde_json::from_str::<AccessTokenAlone>(&alone).is_ok());
    }

    // threats 87
    #[test]
    fn what_expires_in_says_does_not_matter() {
        for odd in ["0", "-1", "1e308", "\"3600\"", "3600.5", "9223372036854775808", "null"] {
            let body = format!(
                r#"{{"id_token":"i","access_token":"a","refresh_token":"r","expires_in":{odd}}}"#
            );
            assert!(serde_json::from_str::<Tokens>(&body).is_ok(), "{odd}");
        }
    }

    // threats 6 195
    #[test]
    fn no_debug_shows_a_secret() {
        let body = r#"{"id_token":"canary","access_token":"canary","refresh_token":"canary"}"#;
        let tokens: Tokens = serde_json::from_str(body).unwrap();
        let code = AuthorizationCode::new("canary").unwrap();
        let code_verifier = CodeVerifier::new("canary".repeat(8)).unwrap();
        let redirect_uri = "http://localhost:1455/auth/callback";
        let exchange = CodeExchange { code: &code, redirect_uri, code_verifier: &code_verifier };
        assert!(!format!("{tokens:?} {exchange:?}").contains("canary"));
    }

    #[test]
    fn a_request_can_be_made_from_another_thread() {
        fn is_send(_: &impl Send) {}
        let http = HttpClient::new(Options::new("a-test/1.0"));
        let url = |path: &str| format!("https://id.example.com{path}").parse().unwrap();
        let issuer = "https://id.example.com".parse().unwrap();
        let provider = Provider::new(issuer, url("/authorize"), url("/token"));
        let client = TokenClient::new(http, provider, "app_1");
        let (id_token, refresh_token) =
            (IdToken::new("i").unwrap(), RefreshToken::new("r").unwrap());
        is_send(&client.exchange_for_api_key(&id_token, "k", "n"));
        is_send(&client.refresh(&refresh_token));
    }
}
