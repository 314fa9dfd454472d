/// An endpoint of the sandbox, to find requests and to set faults.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Endpoint {
    /// All endpoints. For searches only: no request is recorded as `Any`.
    Any,
    /// `/`, which a client requests to open a connection early.
    Root,
    /// `GET /oauth/authorize`, the sign-in page.
    Authorize,
    /// `POST /oauth/authorize`, the selection of an account on that page.
    Choice,
    /// `POST /oauth/token`, with any grant type. A request is recorded as `Token` if its grant type
    /// is none of the three below.
    Token,
    /// The token endpoint with `grant_type=authorization_code`.
    TokenCode,
    /// The token endpoint with `grant_type=refresh_token`.
    TokenRefresh,
    /// The token endpoint with the grant type of [RFC 8693](https://www.rfc-editor.org/rfc/rfc8693).
    TokenExchange,
    /// `POST /oauth/revoke`.
    Revoke,
    /// `POST /api/accounts/deviceauth/usercode`.
    DeviceUserCode,
    /// `POST /api/accounts/deviceauth/token`.
    DeviceToken,
    /// `/codex/device`, where the user enters the code.
    DevicePage,
    /// The two metadata documents under `/.well-known/`.
    Discovery,
    /// The keys that verify the tokens.
    Jwks,
    /// `POST /dashboard/onboarding/login`.
    Onboarding,
    /// `GET /v1/organizations`.
    Organizations,
    /// `GET /dashboard/organizations/{org}/projects`.
    Projects,
    /// `POST /dashboard/organizations/{org}/projects/{project}/api_keys`.
    ApiKeys,
    /// Requests with exactly this path, as sent. For searches only.
    Path(String),
    /// None of the above.
    Unknown,
}

impl Endpoint {
    /// Whether this equals or includes the other endpoint.
    pub(crate) fn includes(&self, other: &Self) -> bool {
        match self {
            Self::Any => true,
            Self::Token => matches!(
                other,
                Self::Token | Self::TokenCode | Self::TokenRefresh | Self::TokenExchange
            ),
            _ => self == other,
        }
    }

    pub(crate) fn from_request(method: &str, path: &str) -> Self {
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        match (method, segments.as_slice()) {
            (_, [""]) => Self::Root,
            ("POST", ["oauth", "authorize"]) => Self::Choice,
            (_, ["oauth", "authorize"]) => Self::Authorize,
            (_, ["oauth", "token"]) => Self::Token,
            (_, ["oauth", "revoke"]) => Self::Revoke,
            (_, ["api", "accounts", "deviceauth", "usercode"]) => Self::DeviceUserCode,
            (_, ["api", "accounts", "deviceauth", "token"]) => Self::DeviceToken,
            (_, ["codex", "device"]) => Self::DevicePage,
            (_, [".well-known", "jwks.json"]) => Self::Jwks,
            (_, [".well-known", "openid-configuration" | "oauth-authorization-server"]) => {
                Self::Discovery
            }
            (_, ["v1", "organizations"]) => Self::Organizations,
            (_, ["dashboard", rest @ ..]) => Self::from_dashboard(rest),
            _ => Self::Unknown,
        }
    }

    fn from_dashboard(segments: &[&str]) -> Self {
        match segments {
            ["onboarding", "login"] => Self::Onboarding,
            ["organizations", _, "projects"] => Self::Projects,
            ["organizations", _, "projects", _, "api_keys"] => Self::ApiKeys,
            _ => Self::Unknown,
        }
    }

    /// The grant type selects one of three token endpoints.
    pub(crate) fn with_grant(self, grant_type: Option<&str>) -> Self {
        match (self, grant_type) {
            (Self::Token, Some("authorization_code")) => Self::TokenCode,
            (Self::Token, Some("refresh_token")) => Self::TokenRefresh,
            (Self::Token, Some(TOKEN_EXCHANGE)) => Self::TokenExchange,
            (other, _) => other,
        }
    }

    pub(crate) fn is_api(&self) -> bool {
        matches!(self, Self::Onboarding | Self::Organizations | Self::Projects | Self::ApiKeys)
    }
}

/// The grant type of [RFC 8693 §2.1](https://www.rfc-editor.org/rfc/rfc8693#section-2.1).
pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
