//! What OpenAI has registered for the two clients, which therefore cannot be chosen freely
//! ([RFC 8252 §8.4](https://www.rfc-editor.org/rfc/rfc8252#section-8.4)).

/// The issuer of both clients.
pub const ISSUER: &str = "https://auth.openai.com";

/// The platform's API.
pub const API_BASE: &str = "https://api.openai.com";

/// The audience of an access token for it.
pub const API_AUDIENCE: &str = "https://api.openai.com/v1";

/// The path of both redirect URIs.
pub const REDIRECT_PATH: &str = "/auth/callback";

/// The client of "sign in with ChatGPT".
pub const SIGN_IN_CLIENT_ID: &str = "app_EMoamEEZ73f0CkXaXp7hrann";

/// The port in its redirect URI, `http://localhost:1455/auth/callback`.
pub const SIGN_IN_PORT: u16 = 1455;

/// The port in its other redirect URI, `http://localhost:1457/auth/callback`.
pub const SIGN_IN_OTHER_PORT: u16 = 1457;

/// Its scopes. `offline_access` requests a refresh token.
pub const SIGN_IN_SCOPE: &str = "openid profile email offline_access";

/// The client of "create a project API key".
pub const CREATE_API_KEY_CLIENT_ID: &str = "app_2SKx67EdpoN0G6j64rFvigXD";

/// The port in its redirect URI, `http://localhost:5000/auth/callback`. AirPlay on macOS often
/// holds it.
pub const CREATE_API_KEY_PORT: u16 = 5000;

/// Its scopes: the same, in the order that this client has always used.
pub const CREATE_API_KEY_SCOPE: &str = "openid email profile offline_access";

/// The `User-Agent` of the client of "create a project API key".
pub const CREATE_API_KEY_USER_AGENT: &str = "Codex-Create-API-Key/1.0";
