use credentials::{ApiKey, IdToken};
use http_client::Response;
use serde::Deserialize;

use crate::answer::{self, BEARER};
use crate::client::TokenClient;
use crate::error::Error;

/// [RFC 8693 §2.1](https://www.rfc-editor.org/rfc/rfc8693#section-2.1).
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// [RFC 8693 §3](https://www.rfc-editor.org/rfc/rfc8693#section-3).
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";

/// The `token_type` of an issued token that is no access token
/// ([RFC 8693 §2.2.1](https://www.rfc-editor.org/rfc/rfc8693#section-2.2.1)), as a key is.
const NOT_APPLICABLE: &str = "N_A";

/// The key travels in the field that RFC 8693 §2.2.1 has for any issued token.
#[derive(Deserialize)]
struct Exchanged {
    access_token: ApiKey,
}

impl TokenClient {
    /// Exchanges an ID token for an API key, by [RFC 8693](https://www.rfc-editor.org/rfc/rfc8693), at a
    /// server that issues some as `requested_token` and lists the key as `name`.
    ///
    /// # Errors
    ///
    /// [`Error`]. Each success makes another key, so a failure after sending may have left one
    /// behind.
    pub async fn exchange_for_api_key(
        &self,
        id_token: &IdToken,
        requested_token: &str,
        name: &str,
    ) -> Result<ApiKey, Error> {
        let form = exchange_form(self.client_id(), id_token, requested_token, name);
        issued_key(&self.send_form(&form, &[id_token.expose()]).await?)
    }
}

pub(crate) fn issued_key(answer: &Response) -> Result<ApiKey, Error> {
    answer::check_type(answer, &[BEARER, NOT_APPLICABLE])?;
    let Exchanged { access_token } = answer.decode()?;
    Ok(access_token)
}

fn exchange_form<'a>(
    client_id: &'a str,
    id_token: &'a IdToken,
    requested_token: &'a str,
    name: &'a str,
) -> [(&'static str, &'a str); 6] {
    [
        ("grant_type", GRANT),
        ("client_id", client_id),
        ("requested_token", requested_token),
        ("subject_token", id_token.expose()),
        ("subject_token_type", ID_TOKEN),
        ("name", name),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exchange_names_what_it_offers_and_what_it_wants() {
        let id_token = IdToken::new("i.d.t").unwrap();
        let expected = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("client_id", "app_1"),
            ("requested_token", "an-api-key"),
            ("subject_token", "i.d.t"),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
            ("name", "a name"),
        ];
        assert_eq!(exchange_form("app_1", &id_token, "an-api-key", "a name"), expected);
    }

    // threats 85
    #[test]
    fn the_key_is_the_access_token_of_the_answer() {
        let answer: Exchanged = serde_json::from_str(r#"{"access_token":"sk-1","x":{}}"#).unwrap();
        assert_eq!(answer.access_token.expose(), "sk-1");
        for body in ["{}", r#"{"access_token":null}"#, r#"{"access_token":"sk\n"}"#, "[]", "null"] {
            assert!(serde_json::from_str::<Exchanged>(body).is_err(), "{body}");
        }
    }
}
