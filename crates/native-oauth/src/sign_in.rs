use std::fmt;
use std::time::{Duration, SystemTime};

use oauth_callback_server::{BindOptions, Page, Pages, State};
use token_client::{InvalidIdToken, JwkSet, TokenClient, TokenResponse};

use crate::authorization::RequestParameters;
use crate::device_grant::{RESOURCE, StandardDeviceFlow};
use crate::error::Error;

/// A sign-in that has not started. The defaults are those of RFC 8252: `http://127.0.0.1` on any free
/// port, with the path `/callback`.
#[derive(Clone)]
pub struct SignIn {
    pub(crate) client: TokenClient,
    scopes: Vec<String>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) redirect: BindOptions,
    pub(crate) timeout: Duration,
    pub(crate) pages: Pages,
    pub(crate) success_page: Option<Page>,
    requires_signature: bool,
    pub(crate) pushes_request: bool,
    now: fn() -> SystemTime,
}

/// The value of a parameter can be a secret.
impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("SignIn")
            .field("client", &self.client)
            .field("scopes", &self.scopes)
            .field("parameters", &parameters)
            .field("redirect", &self.redirect)
            .finish_non_exhaustive()
    }
}

/// The parameters that the sign-in sets itself.
const RESERVED: &str = "response_type client_id redirect_uri state code_challenge \
                        code_challenge_method scope nonce response_mode request request_uri";

const MAX_AGE: &str = "max_age";

impl SignIn {
    /// A sign-in of this client, without a scope.
    #[must_use]
    pub fn new(client: TokenClient) -> Self {
        #[expect(clippy::disallowed_methods, reason = "the default; `clock` replaces it")]
        let now = SystemTime::now;
        Self {
            client,
            scopes: Vec::new(),
            parameters: Vec::new(),
            redirect: BindOptions::default(),
            timeout: Duration::from_secs(15 * 60),
            pages: Pages::default(),
            success_page: None,
            requires_signature: false,
            pushes_request: false,
            now,
        }
    }

    /// Adds scopes to the request; a text can have several, with spaces between them. `openid` requests an ID token, and a `nonce` is then sent.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        for scopes in scopes {
            let scopes: String = scopes.into();
            self.scopes.extend(scopes.split(' ').filter(|it| !it.is_empty()).map(str::to_owned));
        }
        self
    }

    /// Adds a parameter to the authorization request, such as `login_hint`. A device authorization
    /// request has it, too. It replaces one of the same name, unless that is a
    /// [`resource`](Self::resource).
    #[must_use]
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let name = name.into();
        self.parameters.retain(|(it, _)| *it != name || name == RESOURCE);
        self.parameters.push((name, value.into()));
        self
    }

    /// What the server asks the person, such as `login` or `select_account`, with spaces between them
    /// ([OpenID Connect Core
    /// §3.1.2.1](https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest)).
    #[must_use]
    pub fn prompt(self, prompt: impl Into<String>) -> Self {
        self.parameter("prompt", prompt)
    }

    /// The API that the access token is for, at a server with a parameter `audience`.
    #[must_use]
    pub fn audience(self, audience: impl Into<String>) -> Self {
        self.parameter("audience", audience)
    }

    /// The API that the access token is for ([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)). It is
    /// also in the token request, and can be called more than once.
    #[must_use]
    pub fn resource(self, resource: impl Into<String>) -> Self {
        self.parameter(RESOURCE, resource)
    }

    /// How long ago the person may have typed a password, in seconds. After a longer time, the provider asks
    /// again, and an ID token that does not prove it (`auth_time`, with five minutes for clocks that differ) is
    /// refused ([OpenID Connect
    /// Core §3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation), rule 13). This
    /// needs the scope `openid`.
    #[must_use]
    pub fn max_age(self, max_age: Duration) -> Self {
        self.parameter(MAX_AGE, max_age.as_secs().to_string())
    }

    /// The host, the ports and the path of the redirect URI, in place of `http://127.0.0.1:PORT/callback`.
    /// Providers compare the host with the registered one. With
    /// [`form_post`](BindOptions::form_post), the request has `response_mode=form_post`.
    ///
    /// Give each provider a path of its own if you do not trust all of them: one that names the
    /// authorization endpoint of another gets that one's codes, unless callbacks have an `iss`
    /// ([RFC 9700 §4.4.2.2](https://www.rfc-editor.org/rfc/rfc9700#section-4.4.2.2)).
    #[must_use]
    pub fn redirect(self, redirect: BindOptions) -> Self {
        Self { redirect, ..self }
    }

    /// How long to wait for the person: 15 minutes by default. A device code can expire earlier.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// The pages that the browser shows.
    #[must_use]
    pub fn pages(self, success: impl Into<Page>, others: Pages) -> Self {
        Self { success_page: Some(success.into()), pages: others, ..self }
    }

    /// Requires an ID token that is signed with a key of the provider ([`JwkSet`]). That is optional,
    /// because the token comes from the token endpoint over TLS; its claims are always validated. The
    /// keys are read before the wait begins: if they cannot be, the person has not signed in for
    /// nothing.
    #[must_use]
    pub fn require_signature(self) -> Self {
        Self { requires_signature: true, ..self }
    }

    /// Sends the parameters of the authorization request to the provider, so that the URL has only a
    /// reference to them ([RFC 9126](https://www.rfc-editor.org/rfc/rfc9126)). A provider that requires
    /// this in its metadata gets it anyway. After [`start`](Self::start), call
    /// [`PendingSignIn::push_request`](crate::PendingSignIn::push_request).
    #[must_use]
    pub fn push_request(self) -> Self {
        Self { pushes_request: true, ..self }
    }

    /// The clock for the validation of the ID token. The default is that of the system.
    #[must_use]
    pub fn clock(self, now: fn() -> SystemTime) -> Self {
        Self { now, ..self }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let is_reserved = |name: &String| RESERVED.split(' ').any(|it| it == name);
        let mut names = self.parameters.iter().map(|(name, _)| name);
        match names.clone().find(|name| is_reserved(name)) {
            Some(name) => Err(Error::ReservedParameter { name: name.clone() }),
            // Without an ID token, nothing proves the time of the sign-in.
            None if names.any(|name| name == MAX_AGE) && !self.requests_openid_scope() => {
                Err(Error::MissingOpenidScope)
            }
            None if self.requires_signature && self.client.provider().jwks_uri.is_none() => {
                Err(Error::MissingKeys)
            }
            None => Ok(()),
        }
    }

    pub(crate) fn requests_openid_scope(&self) -> bool {
        self.scopes.iter().any(|scope| scope == "openid")
    }

    pub(crate) fn query(
        &self,
        request: RequestParameters<'_>,
        nonce: Option<&State>,
    ) -> Vec<(&str, String)> {
        let required = [
            ("response_type", "code"),
            ("client_id", self.client.client_id()),
            ("redirect_uri", request.redirect_uri),
            ("state", request.state),
            ("code_challenge", request.code_challenge),
            ("code_challenge_method", pkce::CODE_CHALLENGE_METHOD),
        ];
        let form_post = self.redirect.form_post.then_some(("response_mode", "form_post"));
        let nonce = nonce.map(|nonce| ("nonce", nonce.expose()));
        let own = required.into_iter().chain(form_post).chain(nonce);
        let scope = self.scope().map(|scope| ("scope", scope));
        let more = self.parameters.iter().map(|(name, value)| (name.as_str(), value.clone()));
        own.map(|(name, value)| (name, value.to_owned())).chain(scope).chain(more).collect()
    }

    pub(crate) fn scope(&self) -> Option<String> {
        (!self.scopes.is_empty()).then(|| self.scopes.join(" "))
    }

    pub(crate) fn device_flow<'a>(&'a self, scope: Option<&'a str>) -> StandardDeviceFlow<'a> {
        StandardDeviceFlow { client: &self.client, scope, parameters: &self.parameters }
    }

    /// The keys that verify the signature of the ID token, not loaded.
    pub(crate) fn keys(&self) -> Option<JwkSet> {
        let jwks_uri = self.client.provider().jwks_uri.clone();
        let jwks_uri = jwks_uri.filter(|_| self.requires_signature)?;
        Some(JwkSet::new(self.client.http().clone(), jwks_uri))
    }

    pub(crate) async fn check_id_token(
        &self,
        mut tokens: TokenResponse,
        nonce: Option<&str>,
        keys: Option<&JwkSet>,
    ) -> Result<TokenResponse, Error> {
        let Some(id_token) = &tokens.id_token else {
            let is_required = keys.is_some() || self.requests_openid_scope();
            return if is_required { Err(InvalidIdToken::Missing.into()) } else { Ok(tokens) };
        };
        let now = (self.now)();
        let claims = self.client.validate_id_token(id_token, nonce, now)?;
        if let Some((_, max_age)) = self.parameters.iter().find(|(name, _)| name == MAX_AGE) {
            let max_age = Duration::from_secs(max_age.parse().unwrap_or_default());
            claims.check_authentication_age(max_age, now).map_err(InvalidIdToken::from)?;
        }
        if let Some(keys) = keys {
            keys.verify(id_token).await?;
        }
        tokens.claims = Some(claims);
        Ok(tokens)
    }
}
