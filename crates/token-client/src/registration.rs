use credentials::ClientSecret;
use http_client::{HttpClient, retry_if_not_sent};
use serde::{Deserialize, Serialize};

use crate::authentication::ClientAuthentication;
use crate::client::{TokenClient, accepted, decode};
use crate::error::Error;
use crate::provider::Provider;

/// What an app registers about itself
/// ([RFC 7591 §2](https://www.rfc-editor.org/rfc/rfc7591#section-2)).
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ClientMetadata {
    /// The name that a person sees when asked for consent.
    pub client_name: String,
    /// The redirect URIs. A server that follows
    /// [RFC 8252 §7.3](https://www.rfc-editor.org/rfc/rfc8252#section-7.3) accepts each port if there is
    /// none in `http://127.0.0.1/callback`.
    pub redirect_uris: Vec<String>,
    /// How the client proves its identity: `none`, because the secret of a native app is none.
    pub token_endpoint_auth_method: String,
    /// `authorization_code` and `refresh_token`.
    pub grant_types: Vec<String>,
    /// `code`.
    pub response_types: Vec<String>,
    /// `native` ([OpenID Connect Registration
    /// §2](https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata)).
    pub application_type: String,
    /// The scopes that the client may request, separated by spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
}

impl ClientMetadata {
    /// A public native app that uses codes and refresh tokens.
    #[must_use]
    pub fn native(
        client_name: impl Into<String>,
        redirect_uris: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            client_name: client_name.into(),
            redirect_uris: redirect_uris.into_iter().map(Into::into).collect(),
            token_endpoint_auth_method: "none".to_owned(),
            grant_types: ["authorization_code", "refresh_token"].map(str::to_owned).into(),
            response_types: vec!["code".to_owned()],
            application_type: "native".to_owned(),
            scope: None,
        }
    }
}

/// A registered client ([RFC 7591 §3.2.1](https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1)). Store
/// it: each registration makes another client.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct RegisteredClient {
    /// The id that the server gave to the client.
    pub client_id: String,
    /// The secret, if the server issued one all the same.
    #[serde(default)]
    pub client_secret: Option<ClientSecret>,
    /// How the client sends its secret, if the server says so.
    #[serde(default)]
    pub token_endpoint_auth_method: Option<String>,
}

impl Provider {
    /// Registers a client ([RFC 7591 §3](https://www.rfc-editor.org/rfc/rfc7591#section-3)).
    ///
    /// # Errors
    ///
    /// [`Error::RegistrationNotSupported`] if the server has no endpoint for it,
    /// [`Error::ErrorResponse`] if it refuses the metadata.
    pub async fn register(
        &self,
        http: &HttpClient,
        client: &ClientMetadata,
    ) -> Result<RegisteredClient, Error> {
        let endpoint = self.registration_endpoint.as_ref();
        let endpoint = endpoint.ok_or(Error::RegistrationNotSupported)?;
        let send = || http.post(endpoint.clone()).send_json(client);
        decode(&accepted(retry_if_not_sent(send).await?)?)
    }
}

impl RegisteredClient {
    /// The client of this id and secret at `provider`, which has registered it.
    #[must_use]
    pub fn into_client(self, http: HttpClient, provider: Provider) -> TokenClient {
        let authentication = match (self.client_secret, self.token_endpoint_auth_method.as_deref())
        {
            (None, _) | (_, Some("none")) => ClientAuthentication::None,
            (Some(secret), Some("client_secret_post")) => ClientAuthentication::SecretPost(secret),
            // The default of RFC 7591 §2.
            (Some(secret), _) => ClientAuthentication::SecretBasic(secret),
        };
        TokenClient::new(http, provider, self.client_id).with_authentication(authentication)
    }
}
