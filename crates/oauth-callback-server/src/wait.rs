use std::sync::Arc;
use std::time::Duration;

use credentials::AuthorizationCode;
use hyper::StatusCode;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::accept::serve;
use crate::acceptor::Acceptor;
use crate::classify::{AuthorizationResponse, Rules};
use crate::query::CallbackParameters;
use crate::reply::Reply;
use crate::server::Server;
use crate::session::Session;
use crate::{
    BrowserResponder, CallbackServer, Pages, PastedCallback, Rejections, State, WaitError,
};

/// The expected callback, and the pages for other requests.
#[derive(Debug)]
#[non_exhaustive]
pub struct CallbackConfig {
    /// The `state` of the authorization URL.
    pub state: State,
    /// The issuer identifier of the authorization server. An `iss` parameter must equal it
    /// ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)). `{tenantid}` in it stands for the name of any tenant:
    /// letters, digits and hyphens. `None`: `iss` is ignored.
    pub issuer: Option<String>,
    /// Whether a callback without `iss` is refused, as that of another issuer: the metadata has
    /// `authorization_response_iss_parameter_supported`
    /// ([RFC 9207 §2.4](https://www.rfc-editor.org/rfc/rfc9207#section-2.4)).
    pub iss_required: bool,
    /// The pages that do not depend on the outcome.
    pub pages: Pages,
    /// How long to wait for the callback. The clock stops while the machine is suspended.
    pub timeout: Duration,
}

impl CallbackConfig {
    /// No issuer, [`Pages::default`], and 15 minutes.
    #[must_use]
    pub fn new(state: State) -> Self {
        let timeout = Duration::from_secs(15 * 60);
        Self { state, issuer: None, iss_required: false, pages: Pages::default(), timeout }
    }
}

/// The authorization code, and the browser that waits for a response.
#[derive(Debug)]
#[non_exhaustive]
pub struct Callback {
    /// The code. An authorization server accepts it once.
    pub code: AuthorizationCode,
    /// The other parameters.
    pub parameters: CallbackParameters,
    /// Sends the outcome to the browser.
    pub browser: BrowserResponder,
}

impl CallbackServer {
    /// Waits for the callback with the right `state`. Any other request gets a constant page. This needs a tokio
    /// runtime with time and I/O.
    ///
    /// Dropping the future closes the port.
    ///
    /// # Errors
    ///
    /// [`WaitError`] if there is no code. The browser, if it sent the callback, has its page, and the port is
    /// closed.
    pub async fn wait(self, config: CallbackConfig) -> Result<Callback, WaitError> {
        self.serve(config)?.callback().await
    }

    /// Starts to serve, and to accept [pasted URLs](RunningServer::pasted_url). This needs a tokio runtime with
    /// time and I/O.
    ///
    /// # Errors
    ///
    /// [`WaitError::Runtime`]. The port is closed.
    pub fn serve(self, config: CallbackConfig) -> Result<RunningServer, WaitError> {
        let CallbackConfig { state, issuer, iss_required, pages, timeout } = config;
        let port = self.port();
        let options = self.options;
        let rules = Rules {
            port,
            redirect_host: options.redirect_host,
            // A browser requests `/` for a URL without a path.
            callback_path: Some(options.callback_path)
                .filter(|path| !path.is_empty())
                .unwrap_or_else(|| "/".to_owned()),
            form_post: options.form_post,
            state,
            issuer,
            iss_required,
        };
        let acceptor = Acceptor::open(self.listeners).map_err(WaitError::Runtime)?;
        let (session, callback) =
            Session::new(rules, pages, options.limits.within_descriptors(), acceptor);
        let session = Arc::new(session);
        tokio::spawn(serve(session.clone()));
        Ok(RunningServer { server: Server { session }, callback, timeout })
    }
}

/// A server that waits for the callback. Dropping it closes the port.
#[derive(Debug)]
pub struct RunningServer {
    server: Server,
    callback: oneshot::Receiver<AuthorizationResponse>,
    timeout: Duration,
}

impl RunningServer {
    /// Accepts the callback as a URL that the user pastes.
    #[must_use]
    pub fn pasted_url(&self) -> PastedCallback {
        PastedCallback::new(self.server.session.clone())
    }

    /// The kinds of rejected callbacks, to show them to the user.
    #[must_use]
    pub fn rejections(&self) -> Rejections {
        self.server.session.rejections.subscribe()
    }

    /// Waits for the callback. The timeout starts now.
    ///
    /// # Errors
    ///
    /// Like [`CallbackServer::wait`].
    pub async fn callback(self) -> Result<Callback, WaitError> {
        let Self { server, callback, timeout: after } = self;
        let Ok(Ok(response)) = timeout(after, callback).await else {
            return Err(WaitError::TimedOut { after, rejected: server.session.rejections.kinds() });
        };
        let pages = &server.session.pages;
        let (status, page, error) = match response {
            AuthorizationResponse::Code(code, parameters) => {
                return Ok(Callback { code, parameters, browser: BrowserResponder::new(server) });
            }
            AuthorizationResponse::Denied { error, error_description } => {
                let error = WaitError::Denied { error, error_description };
                (StatusCode::FORBIDDEN, &pages.denied, error)
            }
            AuthorizationResponse::WrongIssuer => {
                (StatusCode::BAD_REQUEST, &pages.failed, WaitError::WrongIssuer)
            }
            AuthorizationResponse::MissingCode => {
                (StatusCode::BAD_REQUEST, &pages.missing_code, WaitError::MissingCode)
            }
        };
        server.respond(Reply::new(status, page.clone())).await;
        Err(error)
    }
}
