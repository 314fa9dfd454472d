use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use credentials::{Claims, RefreshToken};
use jiff::Timestamp;
use token_client::{Error, InvalidIdToken, JwkSet, RefreshResponse, TokenClient};
use token_source::{
    Clock, RefreshError, RefreshErrorKind, RefreshedTokens, TokenEndpoint, TokenResponse,
};
use tokio::time::{Instant, timeout_at};

use crate::StoredTokens;

/// Valid access tokens from a store of this crate, or from one of your own for [`StoredTokens`].
pub type TokenSource<S> = token_source::TokenSource<S, Refresher, SystemClock>;

/// Valid access tokens from a store, refreshed by a [`TokenClient`] or a [`Refresher`].
pub fn token_source<S>(store: S, refresher: impl Into<Refresher>) -> TokenSource<S>
where
    S: token_source::SharedStore<SignIn = StoredTokens>,
{
    token_source::TokenSource::new(store, refresher.into(), SystemClock)
}

/// The token endpoint of a provider, for [`StoredTokens`]. A new ID token must be for this client, and about
/// the same person if the stored one can be read.
#[derive(Clone)]
pub struct Refresher {
    client: TokenClient,
    parameters: Vec<(String, String)>,
    keys: Option<Arc<JwkSet>>,
}

/// The value of a parameter can be a secret.
impl fmt::Debug for Refresher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("Refresher")
            .field("client", &self.client)
            .field("parameters", &parameters)
            .finish_non_exhaustive()
    }
}

impl Refresher {
    /// Refreshes with the parameters of [RFC 6749 §6](https://www.rfc-editor.org/rfc/rfc6749#section-6).
    #[must_use]
    pub fn new(client: TokenClient) -> Self {
        Self { client, parameters: Vec::new(), keys: None }
    }

    /// Adds a parameter to each request, such as `resource`
    /// ([RFC 8707 §2.2](https://www.rfc-editor.org/rfc/rfc8707#section-2.2)).
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.push((name.into(), value.into()));
        self
    }

    /// Verifies the signature of each new ID token with these keys, for a sign-in that required it. A token
    /// that they do not verify is refused with its access token.
    #[must_use]
    pub fn keys(self, keys: impl Into<Arc<JwkSet>>) -> Self {
        Self { keys: Some(keys.into()), ..self }
    }
}

impl From<TokenClient> for Refresher {
    fn from(client: TokenClient) -> Self {
        Self::new(client)
    }
}

/// Why tokens cannot be refreshed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RefreshFailure {
    /// There is no refresh token.
    #[error("there is no refresh token")]
    NoRefreshToken,
    /// The request failed, or the server refused it.
    #[error("cannot refresh the tokens")]
    Request(#[source] Error),
    /// The keys that verify the new ID token cannot be read. Nothing was refreshed.
    #[error("cannot refresh the tokens")]
    Keys(#[source] InvalidIdToken),
    /// The keys were read, but so late that nothing was sent.
    #[error("the keys of the server took too long")]
    KeysTimedOut,
    /// The tokens were refreshed, but the keys that verify the new ID token took too long. The new refresh token is
    /// stored.
    #[error("the keys of the server took too long to verify the new ID token")]
    ValidationTimedOut,
    /// The response is about another person, or not for this client.
    #[error("the new ID token is not valid")]
    InvalidIdToken(#[from] InvalidIdToken),
    /// A token of the response cannot be one.
    #[error("the new `{field}` is not valid")]
    InvalidField {
        /// The name of the field.
        field: &'static str,
    },
}

impl TokenEndpoint<StoredTokens> for Refresher {
    type Error = RefreshFailure;

    fn refresh_token(&self, tokens: &StoredTokens) -> Result<RefreshToken, RefreshFailure> {
        tokens.refresh_token().ok_or(RefreshFailure::NoRefreshToken)
    }

    fn deadline(&self) -> Duration {
        self.client.deadline()
    }

    async fn refresh(
        &self,
        before: &StoredTokens,
        token: &RefreshToken,
    ) -> Result<TokenResponse<RefreshFailure>, RefreshFailure> {
        let (window, end) = (self.client.http().retry_window(), Instant::now() + self.deadline());
        if let Some(keys) = &self.keys {
            keys.load().await.map_err(RefreshFailure::Keys)?;
            if !window.is_open() {
                return Err(RefreshFailure::KeysTimedOut);
            }
        }
        let parameters: Vec<(&str, &str)> =
            self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        // It ends in time by itself, so that no response is lost to a timeout here.
        let response = self.client.refresh_within(window, token, &parameters).await;
        let response = response.map_err(RefreshFailure::Request)?;
        let now = SystemClock.now();
        let validation = timeout_at(end, self.validate(&response, before, now)).await;
        let defect = validation.unwrap_or(Err(RefreshFailure::ValidationTimedOut)).err();
        let RefreshResponse { id_token, access_token, refresh_token, expires_in, .. } = response;
        let tokens = match defect {
            None => RefreshedTokens {
                last_refresh: access_token.as_ref().map(|_| now),
                // Without a new access token, it would be the time of the old one.
                expires_at: expires_in
                    .filter(|_| access_token.is_some())
                    .and_then(|it| now.checked_add(it).ok()),
                id_token,
                access_token,
                refresh_token,
            },
            Some(_) => RefreshedTokens { refresh_token, ..RefreshedTokens::default() },
        };
        Ok(TokenResponse { tokens, defect })
    }

    /// Revokes nothing: a server may end every token of the sign-in, also those that are stored
    /// ([RFC 7009 §2.1](https://www.rfc-editor.org/rfc/rfc7009#section-2.1)).
    async fn discard(&self, _: StoredTokens) {}
}

impl Refresher {
    async fn validate(
        &self,
        response: &RefreshResponse,
        before: &StoredTokens,
        now: Timestamp,
    ) -> Result<(), RefreshFailure> {
        if let Some(field) = response.unusable.first() {
            return Err(RefreshFailure::InvalidField { field });
        }
        let Some(id_token) = &response.id_token else { return Ok(()) };
        let before = before.id_token();
        let before = before.and_then(|it| Claims::decode_id_token_without_verifying(&it).ok());
        match before {
            Some(before) => self.client.validate_refreshed_id_token(id_token, &before, now.into()),
            None => self.client.validate_id_token(id_token, None, now.into()),
        }?;
        match &self.keys {
            Some(keys) => Ok(keys.verify(id_token).await?),
            None => Ok(()),
        }
    }
}

impl RefreshError for RefreshFailure {
    fn kind(&self) -> RefreshErrorKind {
        match self {
            Self::NoRefreshToken => RefreshErrorKind::NotRefreshable,
            Self::Request(error) if error.requires_reauthentication() => RefreshErrorKind::Rejected,
            Self::Request(error) if error.may_have_taken_effect() => {
                RefreshErrorKind::OutcomeUnknown
            }
            Self::Request(_) | Self::Keys(_) | Self::KeysTimedOut => RefreshErrorKind::Unavailable,
            Self::ValidationTimedOut | Self::InvalidIdToken(InvalidIdToken::Keys { .. }) => {
                RefreshErrorKind::OutcomeUnknown
            }
            Self::InvalidIdToken(_) | Self::InvalidField { .. } => {
                RefreshErrorKind::InvalidResponse
            }
        }
    }
}

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that is passed down")]
    fn now(&self) -> Timestamp {
        Timestamp::try_from(SystemTime::now()).unwrap_or_default()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryStore;
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
    use token_client::http_client::http::{Request, Response};
    use token_client::http_client::{Transport, TransportError, TransportFuture};
    use token_client::{HttpClient, Options, Provider};
    use token_source::LOCK_TIMEOUT;
    use tokio::time::sleep;

    /// The header `{"alg":"ES256","kid":"k-2"}`, and claims of the subject `ada` that expire in 2100.
    const ID_TOKEN: &str = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImstMiJ9.eyJpc3MiOiJodHRwczovL2lkLnRlc3QiLCJhdWQiOiJhcHAiLCJzdWIiOiJhZGEiLCJleHAiOjQxMDI0NDQ4MDAsImlhdCI6MX0.AA";

    /// The keys can be read once. The first request for tokens finds no connection, and the response to the
    /// second one takes almost all of its time.
    #[derive(Debug, Default)]
    struct SlowServer {
        keys_take: Duration,
        has_sent_keys: AtomicBool,
        requests: Arc<AtomicU32>,
    }

    impl Transport for SlowServer {
        fn send<'a>(&'a self, request: Request<&'a [u8]>, _: usize) -> TransportFuture<'a> {
            Box::pin(async move {
                if request.uri().path() == "/token" {
                    if self.requests.fetch_add(1, Ordering::Relaxed) == 0 {
                        sleep(Duration::from_secs(2)).await;
                        return Err(TransportError::NotSent("no route".into()));
                    }
                    sleep(Duration::from_secs(29)).await;
                    let tokens = format!(
                        r#"{{"access_token":"a-2","refresh_token":"r-2","id_token":"{ID_TOKEN}"}}"#
                    );
                    return Ok(Response::new(tokens.into_bytes()));
                }
                if self.has_sent_keys.swap(true, Ordering::Relaxed) {
                    std::future::pending::<()>().await;
                }
                sleep(self.keys_take).await;
                Ok(Response::new(br#"{"keys":[]}"#.to_vec()))
            })
        }
    }

    /// What a refresh ends with, the refresh token that is stored after it, and the requests for tokens.
    async fn refresh(keys_take: u64) -> (RefreshFailure, String, u32) {
        let (options, requests) = (Options::new("test/1.0"), Arc::new(AtomicU32::new(0)));
        let keys_take = Duration::from_secs(keys_take);
        let server =
            SlowServer { keys_take, requests: Arc::clone(&requests), ..Default::default() };
        let http = HttpClient::with_transport(options, server);
        let at = |path: &str| format!("https://id.test{path}").parse().unwrap();
        let provider = Provider::new("https://id.test".parse().unwrap(), at("/a"), at("/token"));
        let keys = JwkSet::new(http.clone(), at("/keys"));
        let refresher = Refresher::new(TokenClient::new(http, provider, "app")).keys(keys);
        let mut tokens = StoredTokens::default();
        tokens.set("access_token", "a-1");
        tokens.set("refresh_token", "r-1");
        let store = MemoryStore::new(tokens);
        let (deadline, begun) = (refresher.deadline(), Instant::now());
        let error = token_source(store.clone(), refresher).access_token().await.unwrap_err();
        // Other processes wait for it that long.
        let elapsed = begun.elapsed();
        assert!(elapsed.max(deadline) < LOCK_TIMEOUT, "{elapsed:?} {error:?}");
        let token_source::Error::Refresh(error) = error else { panic!("{error:?}") };
        let stored = store.take().await.unwrap().refresh_token().unwrap();
        (error, stored.expose().to_owned(), requests.load(Ordering::Relaxed))
    }

    // threats 79
    #[tokio::test(start_paused = true)]
    async fn late_refresh_is_not_sent() {
        let (error, stored, requests) = refresh(10).await;
        assert!(matches!(error, RefreshFailure::KeysTimedOut), "{error:?}");
        assert_eq!((stored.as_str(), requests), ("r-1", 0));
    }

    // threats 79
    #[tokio::test(start_paused = true)]
    async fn late_refresh_is_not_sent_again() {
        let (error, stored, requests) = refresh(9).await;
        assert!(matches!(error, RefreshFailure::Request(_)), "{error:?}");
        assert_eq!((stored.as_str(), requests), ("r-1", 1));
    }

    // threats 79
    #[tokio::test(start_paused = true)]
    async fn new_refresh_token_is_stored_if_validation_times_out() {
        let (error, stored, requests) = refresh(7).await;
        assert!(matches!(error, RefreshFailure::ValidationTimedOut), "{error:?}");
        assert_eq!((stored.as_str(), requests), ("r-2", 2));
    }
}
