use credentials::{ApiKey, IdToken};
use http_client::DecodeError;
use serde::Deserialize;
use token_client::{BodyFormat, Error, TokenClient, TokenRequest};

/// [RFC 8693 §2.1](https://www.rfc-editor.org/rfc/rfc8693#section-2.1).
const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
/// [RFC 8693 §3](https://www.rfc-editor.org/rfc/rfc8693#section-3).
const ID_TOKEN: &str = "urn:ietf:params:oauth:token-type:id_token";
/// The `requested_token`, a parameter of OpenAI's.
const API_KEY: &str = "openai-api-key";
/// An API key is no access token, so its type may also be "not applicable"
/// ([RFC 8693 §2.2.1](https://www.rfc-editor.org/rfc/rfc8693#section-2.2.1)).
const TOKEN_TYPES: [&str; 2] = ["Bearer", "N_A"];

/// The key is in the field that RFC 8693 §2.2.1 has for any issued token.
#[derive(Deserialize)]
struct ApiKeyResponse {
    #[serde(default)]
    access_token: Option<ApiKey>,
    #[serde(default)]
    token_type: Option<String>,
}

/// Exchanges an ID token for an API key, which the platform lists as `name`, by
/// [RFC 8693](https://www.rfc-editor.org/rfc/rfc8693).
///
/// # Errors
///
/// [`Error`]. If [`Error::may_have_taken_effect`], a key may exist.
pub async fn exchange_for_api_key(
    client: &TokenClient,
    id_token: &IdToken,
    name: &str,
) -> Result<ApiKey, Error> {
    let subject_token = id_token.expose();
    let fields = [
        ("grant_type", GRANT),
        ("client_id", client.client_id()),
        ("requested_token", API_KEY),
        ("subject_token", subject_token),
        ("subject_token_type", ID_TOKEN),
        ("name", name),
    ];
    let endpoint = &client.provider().token_endpoint;
    let mut request = TokenRequest::new(endpoint, BodyFormat::Form, &fields);
    let secrets = [subject_token];
    request.secrets = &secrets;
    client.send(&request).await?.decode::<ApiKeyResponse>()?.into_key()
}

impl ApiKeyResponse {
    fn into_key(self) -> Result<ApiKey, Error> {
        let is_known = |named: &str| TOKEN_TYPES.iter().any(|it| it.eq_ignore_ascii_case(named));
        let unusable = |field: &str| DecodeError::Shape { field: field.to_owned() };
        if !self.token_type.as_deref().is_none_or(is_known) {
            return Err(unusable("token_type").into());
        }
        self.access_token.ok_or_else(|| unusable("access_token").into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<ApiKey> {
        serde_json::from_str::<ApiKeyResponse>(body).ok()?.into_key().ok()
    }

    // threats 85
    #[test]
    fn key_is_the_access_token_of_the_response() {
        assert_eq!(read(r#"{"access_token":"sk-1","x":{}}"#).unwrap().expose(), "sk-1");
        for body in ["{}", r#"{"access_token":null}"#, r#"{"access_token":"sk\n"}"#, "null"] {
            assert!(read(body).is_none(), "{body}");
        }
    }

    // threats 86
    #[test]
    fn key_of_an_unknown_type_is_refused() {
        let typed = |token_type: &str| {
            read(&format!(r#"{{"access_token":"sk-1","token_type":{token_type}}}"#)).is_some()
        };
        for known in ["null", r#""Bearer""#, r#""bearer""#, r#""N_A""#] {
            assert!(typed(known), "{known}");
        }
        for unknown in [r#""mac""#, r#""DPoP""#, r#""""#, "7"] {
            assert!(!typed(unknown), "{unknown}");
        }
    }
}
