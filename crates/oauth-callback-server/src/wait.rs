use std::io;
use std::sync::Arc;
use std::time::Duration;

use credentials::AuthorizationCode;
use hyper::StatusCode;
use tokio::time::timeout;

use crate::accept::serve;
use crate::acceptor::Acceptor;
use crate::classify::{AuthorizationResponse, Rules};
use crate::error_kind::ErrorKind;
use crate::reply::Reply;
use crate::server::Server;
use crate::session::Session;
use crate::{
    BrowserResponder, CallbackServer, Pages, PastedCallback, RejectedCallback, Rejections, State,
};

/// Which callback is waited for, and what everyone else is told.
#[derive(Debug)]
pub struct CallbackConfig {
    /// The `state` of the authorization URL.
    pub state: State,
    /// The authorization server's identifier, which an `iss` parameter must equal
    /// ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)). Without one, `iss` is ignored.
    pub issuer: Option<String>,
    /// The pages that do not depend on how the sign-in ends.
    pub pages: Pages,
    /// How long to wait, on a clock that stands still while the machine sleeps.
    pub timeout: Duration,
}

/// The authorization code, and the browser that brought it and waits for an answer.
#[derive(Debug)]
pub struct Callback {
    /// The code, which works once.
    pub code: AuthorizationCode,
    /// Whom to tell what became of the code.
    pub browser: BrowserResponder,
}

impl CallbackServer {
    /// Waits for the one callback with the right `state`. Everything else that arrives is answered
    /// with a constant page and forgotten. It needs a tokio runtime with time and I/O.
    ///
    /// Dropping the future frees the port.
    ///
    /// # Errors
    ///
    /// [`WaitError`]: no code came. The browser, if it came, has seen a page that says so, and the
    /// port is free.
    pub async fn wait(self, expected: CallbackConfig) -> Result<Callback, WaitError> {
        self.serve(expected)?.callback().await
    }

    /// Begins to answer whoever comes, and to take [pasted URLs](RunningServer::pasted_url). It needs a
    /// tokio runtime with time and I/O.
    ///
    /// # Errors
    ///
    /// [`WaitError::Runtime`]: the port is free.
    pub fn serve(self, expected: CallbackConfig) -> Result<RunningServer, WaitError> {
        let timeout = expected.timeout;
        let server = self.open(expected).map_err(WaitError::Runtime)?;
        Ok(RunningServer { server, timeout })
    }

    fn open(self, expected: CallbackConfig) -> io::Result<Server> {
        let rules = Rules {
            port: self.port(),
            redirect_host: self.options.redirect_host,
            callback_path: self.options.callback_path,
            form_post: self.options.form_post,
            state: expected.state,
            issuer: expected.issuer,
        };
        let acceptor = Acceptor::open(self.listeners)?;
        let session = Session::new(rules, expected.pages, self.options.limits, acceptor);
        let session = Arc::new(session);
        tokio::spawn(serve(session.clone()));
        Ok(Server { session })
    }
}

/// A server that answers, and has not seen the callback yet. Dropping it frees the port.
#[derive(Debug)]
pub struct RunningServer {
    server: Server,
    timeout: Duration,
}

impl RunningServer {
    /// The other way for the callback to come here.
    #[must_use]
    pub fn pasted_url(&self) -> PastedCallback {
        PastedCallback::new(self.server.session.clone())
    }

    /// What looks like the callback and is not taken for it, to tell the person who waits.
    #[must_use]
    pub fn rejections(&self) -> Rejections {
        self.server.session.rejected.told()
    }

    /// Waits for the callback, from now on.
    ///
    /// # Errors
    ///
    /// As [`CallbackServer::wait`].
    pub async fn callback(self) -> Result<Callback, WaitError> {
        let Self { server, timeout: after } = self;
        match timeout(after, server.session.arrival()).await {
            Ok(AuthorizationResponse::Code(code)) => {
                Ok(Callback { code, browser: BrowserResponder::new(server) })
            }
            Ok(refused) => Err(server.refused(refused).await),
            Err(_) => Err(WaitError::TimedOut { after, rejected: server.session.rejected.all() }),
        }
    }
}

/// Why no code came.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// The authorization server, or the person, said no
    /// ([RFC 6749 §4.1.2.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1)).
    #[error("the authorization server refused: {error}")]
    Denied {
        /// The error code, such as `access_denied`, of printable characters only.
        error: String,
        /// The server's words for people, of printable characters only.
        error_description: Option<String>,
    },
    /// The right `state`, but neither a code nor an error.
    #[error("the callback has no authorization code")]
    MissingCode,
    /// The answer names another issuer than the one that was asked: a mix-up
    /// ([RFC 9207](https://www.rfc-editor.org/rfc/rfc9207)).
    #[error("the callback comes from another issuer")]
    WrongIssuer,
    /// Nobody came.
    #[error("no callback came")]
    TimedOut {
        /// How long was waited.
        after: Duration,
        /// What looked like the callback meanwhile, each kind once.
        rejected: Vec<RejectedCallback>,
    },
    /// The runtime cannot watch the sockets.
    #[error("cannot wait for connections")]
    Runtime(#[source] io::Error),
}

impl WaitError {
    /// What kind of error it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Denied { .. } => ErrorKind::Denied,
            Self::MissingCode | Self::WrongIssuer => ErrorKind::InvalidCallback,
            Self::TimedOut { .. } => ErrorKind::TimedOut,
            Self::Runtime(_) => ErrorKind::System,
        }
    }
}

impl Server {
    /// Tells the browser that there is no code, and then the caller.
    async fn refused(&self, refused: AuthorizationResponse) -> WaitError {
        let pages = &self.session.pages;
        let (status, page, error) = match refused {
            AuthorizationResponse::Denied { error, error_description } => {
                let error = WaitError::Denied { error, error_description };
                (StatusCode::FORBIDDEN, &pages.denied, error)
            }
            AuthorizationResponse::WrongIssuer => {
                (StatusCode::BAD_REQUEST, &pages.failed, WaitError::WrongIssuer)
            }
            _ => (StatusCode::BAD_REQUEST, &pages.missing_code, WaitError::MissingCode),
        };
        self.answer(Reply::new(status, page.clone())).await;
        error
    }
}
