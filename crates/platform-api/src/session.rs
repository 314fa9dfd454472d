use std::fmt;
use std::sync::Arc;

use credentials::{AccessToken, SessionKey};
use http_client::{BaseUrl, HttpClient, Request, Url};
use serde::Deserialize;
use serde_json::json;

use crate::error::{Call, Error, decoded};

/// The platform's API, before login.
#[derive(Clone, Debug)]
pub struct PlatformApi {
    http: HttpClient,
    base: BaseUrl,
}

/// The onboarding session of a user. It authorizes every request except the login.
///
/// A clone is the same session.
#[derive(Clone)]
pub struct Session {
    api: PlatformApi,
    key: Arc<SessionKey>,
}

const LOGIN: &str = "/dashboard/onboarding/login";

#[derive(Deserialize)]
struct LoginResponse {
    user: User,
}

#[derive(Deserialize)]
struct User {
    session: Sensitive,
}

#[derive(Deserialize)]
struct Sensitive {
    sensitive_id: SessionKey,
}

impl PlatformApi {
    /// The API at `base`, `https://api.openai.com` for the real one.
    #[must_use]
    pub fn new(http: HttpClient, base: BaseUrl) -> Self {
        Self { http, base }
    }

    /// Exchanges the access token of a sign-in for a session.
    ///
    /// # Errors
    ///
    /// [`Error`], with [`Call::LogIn`].
    pub async fn log_in(&self, access_token: &AccessToken) -> Result<Session, Error> {
        let request = self.http.post(self.url(LOGIN)).bearer(access_token.expose());
        let response = request.send_json(&json!({ "app": "api" })).await;
        let LoginResponse { user } = decoded(Call::LogIn, response)?;
        Ok(Session { api: self.clone(), key: Arc::new(user.session.sensitive_id) })
    }

    fn url(&self, path: &str) -> Url {
        self.base.join(path)
    }
}

impl Session {
    pub(crate) fn get(&self, path: &str) -> Request {
        self.authorized(self.api.http.get(self.api.url(path)))
    }

    pub(crate) fn post(&self, path: &str) -> Request {
        self.authorized(self.api.http.post(self.api.url(path)))
    }

    fn authorized(&self, request: Request) -> Request {
        request.bearer(self.key.expose())
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("base", &self.api.base).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // threats 142
    #[test]
    fn login_response_without_a_valid_session_key_is_refused() {
        let read = |id: &str| {
            serde_json::from_str::<LoginResponse>(&format!(
                r#"{{"user":{{"session":{{"sensitive_id":{id}}}}}}}"#
            ))
        };
        assert_eq!(read("\"sess-1\"").unwrap().user.session.sensitive_id.expose(), "sess-1");
        for odd in ["null", "\"\"", "7", r#""a\r\nX-Evil: 1""#, "\"\u{e9}\""] {
            assert!(read(odd).is_err(), "{odd}");
        }
        for body in ["{}", r#"{"user":null}"#, r#"{"user":{"session":{}}}"#] {
            assert!(serde_json::from_str::<LoginResponse>(body).is_err(), "{body}");
        }
    }

    // threats 6 195
    #[test]
    fn debug_hides_the_session_key() {
        let http = HttpClient::new(http_client::Options::new("a-test/1.0"));
        let base = "https://api.openai.com".parse().unwrap();
        let api = PlatformApi::new(http, base);
        let key = Arc::new(SessionKey::new("canary").unwrap());
        let session = Session { api, key };
        let debug = format!("{session:?}");
        assert!(debug.contains("api.openai.com"), "{debug}");
        assert!(!debug.contains("canary"), "{debug}");
    }

    #[test]
    fn organizations_can_be_queried_concurrently() {
        fn is_send(_: &impl Send) {}
        let http = HttpClient::new(http_client::Options::new("a-test/1.0"));
        let api = PlatformApi::new(http, "https://api.openai.com".parse().unwrap());
        let key = Arc::new(SessionKey::new("k").unwrap());
        let session = Session { api, key };
        let organization = crate::OrganizationId::new("o").unwrap();
        let project = crate::ProjectId::new("p").unwrap();
        is_send(&session.projects(&organization));
        is_send(&session.create_api_key(&organization, &project, "n"));
    }
}
