use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use credentials::ClientSecret;
use http_client::{HttpClient, Url, retry_if_not_sent};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::authentication::ClientAuthentication;
use crate::client::{TokenClient, accepted, decode};
use crate::device;
use crate::discovery::LONGEST_SHOWN;
use crate::error::Error;
use crate::provider::Provider;
use crate::seconds;

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

    /// The client may also use device codes
    /// ([RFC 8628 §3.4](https://www.rfc-editor.org/rfc/rfc8628#section-3.4)).
    #[must_use]
    pub fn with_device_code(mut self) -> Self {
        self.grant_types.push(device::GRANT.to_owned());
        self
    }
}

/// A registered client ([RFC 7591 §3.2.1](https://www.rfc-editor.org/rfc/rfc7591#section-3.2.1)). Store
/// it ([`as_json`](Self::as_json)): each registration makes another client.
#[derive(Debug)]
#[non_exhaustive]
pub struct RegisteredClient {
    /// The id that the server gave to the client.
    pub client_id: String,
    /// The secret, if the server issued one all the same.
    pub client_secret: Option<ClientSecret>,
    /// How the client sends its secret, if the server says so.
    pub token_endpoint_auth_method: Option<String>,
    /// When the secret expires, in time since 1970-01-01 UTC ([`has_expired`](Self::has_expired)).
    pub client_secret_expires_at: Option<Duration>,
    json: RegistrationJson,
}

/// Why no client was registered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RegistrationError {
    /// The server does not register clients by itself: use the id of a client that is registered.
    #[error("the server does not register clients")]
    NotSupported,
    /// The client is registered, and has to authenticate in a way that this crate does not know: it can only
    /// be `none`, `client_secret_basic` or `client_secret_post`.
    #[error("the server registered the client with {method:?}, which is not supported")]
    UnsupportedAuthentication {
        /// The `token_endpoint_auth_method`, or its beginning.
        method: String,
    },
    /// There is no response, or the server refused the metadata.
    #[error("cannot register a client at {url}")]
    Request {
        /// The registration endpoint.
        url: Url,
        /// The reason.
        source: Box<Error>,
    },
}

impl RegistrationError {
    /// Whether the same request may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Request { source, .. } if source.is_transient())
    }
}

/// The whole response. It can have secrets.
struct RegistrationJson(Zeroizing<String>);

impl fmt::Debug for RegistrationJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[derive(Deserialize)]
struct Fields {
    client_id: String,
    #[serde(default, deserialize_with = "client_secret")]
    client_secret: Option<ClientSecret>,
    #[serde(default)]
    token_endpoint_auth_method: Option<String>,
    #[serde(default, deserialize_with = "seconds::deserialize")]
    client_secret_expires_at: Option<Duration>,
}

/// An empty text is no secret.
fn client_secret<'de, D: Deserializer<'de>>(input: D) -> Result<Option<ClientSecret>, D::Error> {
    let text = Option::<String>::deserialize(input)?.filter(|it| !it.is_empty());
    text.map(ClientSecret::new).transpose().map_err(D::Error::custom)
}

impl Provider {
    /// Registers a client ([RFC 7591 §3](https://www.rfc-editor.org/rfc/rfc7591#section-3)).
    ///
    /// # Errors
    ///
    /// [`RegistrationError`].
    pub async fn register(
        &self,
        http: &HttpClient,
        client: &ClientMetadata,
    ) -> Result<RegisteredClient, RegistrationError> {
        let url = self.registration_endpoint.as_ref().ok_or(RegistrationError::NotSupported)?;
        let send = || http.post(url.clone()).send_json(client);
        let registered = async {
            let response = accepted(retry_if_not_sent(send).await?)?;
            Ok((decode(&response)?, decode::<Box<RawValue>>(&response)?))
        };
        let failed =
            |error: Error| RegistrationError::Request { url: url.clone(), source: error.into() };
        let (fields, json) = registered.await.map_err(failed)?;
        RegisteredClient::new(fields, json.get())
    }
}

impl RegisteredClient {
    fn new(fields: Fields, json: &str) -> Result<Self, RegistrationError> {
        let Fields { client_id, client_secret, token_endpoint_auth_method, .. } = fields;
        let known = ["none", "client_secret_basic", "client_secret_post"];
        let method = token_endpoint_auth_method.as_deref().filter(|method| !method.is_empty());
        if let Some(method) = method.filter(|method| !known.contains(method)) {
            let method = method.chars().take(LONGEST_SHOWN).collect();
            return Err(RegistrationError::UnsupportedAuthentication { method });
        }
        // Zero: it does not expire.
        let client_secret_expires_at = fields.client_secret_expires_at.filter(|it| !it.is_zero());
        let json = RegistrationJson(json.to_owned().into());
        Ok(Self {
            client_id,
            client_secret,
            token_endpoint_auth_method,
            client_secret_expires_at,
            json,
        })
    }

    /// Reads what [`as_json`](Self::as_json) returned; `None` unless it is a registration.
    #[must_use]
    pub fn from_json(json: &str) -> Option<Self> {
        Self::new(serde_json::from_str(json).ok()?, json).ok()
    }

    /// Whether the secret has expired, so that the client has to register again.
    #[must_use]
    pub fn has_expired(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        self.client_secret_expires_at.is_some_and(|at| at <= now)
    }

    /// The response of the server, for a store. It can have secrets.
    #[must_use]
    pub fn as_json(&self) -> &str {
        &self.json.0
    }

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
