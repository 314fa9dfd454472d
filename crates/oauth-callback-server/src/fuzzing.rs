//! The doors for the fuzz targets in `fuzz/`. Only a build of `cargo fuzz` has them: they are no part
//! of what this crate offers.

use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;

use hyper::StatusCode;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::acceptor::Acceptor;
use crate::classify::{AuthorizationResponse, Refusal, Rules, classify_callback};
use crate::connection::Connection;
use crate::handle::serve_connection;
use crate::pasted_callback::classify_url;
use crate::query::Parameters;
use crate::reply::Reply;
use crate::session::Session;
use crate::{Limits, Page, Pages, RedirectHost, State};

/// The port that a `Host` has to name.
pub const PORT: u16 = 1455;
/// The path of the callback.
pub const CALLBACK_PATH: &str = "/auth/callback";
/// The `state` that is waited for: a constant, so that what was found can be tried again.
pub const STATE: &str = "c3RhdGUtb2YtdGhlLWZ1enotdGFyZ2V0cy0wMDAwMDA";
/// The issuer that an `iss` has to name.
pub const ISSUER: &str = "https://issuer.example";
/// The page for a browser whose request ended the wait.
pub const ANSWER: &str = "the answer";

/// What a callback came to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is a variant of `classify::Return` or `classify::Refusal`")]
pub enum Outcome {
    Code(String),
    Denied { error: String, error_description: Option<String> },
    MissingCode,
    WrongIssuer,
    StateMismatch,
    BadRequest,
}

/// Reads and classifies the query of a callback.
#[must_use]
pub fn callback_query(query: &str) -> Outcome {
    match classify_callback(&rules(), &Parameters::parse(query)) {
        Ok(returned) => returned.into(),
        Err(Refusal::StateMismatch | Refusal::MissingState) => Outcome::StateMismatch,
        Err(_) => Outcome::BadRequest,
    }
}

/// Reads and classifies a pasted URL; `None` when it is refused.
#[must_use]
pub fn pasted_address(address: &str) -> Option<Outcome> {
    classify_url(&rules(), address).ok().map(Outcome::from)
}

/// Serves one connection, from its first byte to its last, and says what the waiting program was
/// given: `None` when it still waits. It needs a tokio runtime with time.
pub async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<Outcome> {
    let acceptor = Acceptor::open(Vec::new()).ok()?;
    let session = Session::new(rules(), Pages::default(), Limits::default(), acceptor);
    let session = Arc::new(session);
    let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    let connection = Connection::new(nobody, nobody);
    let mut attending = pin!(serve_connection(stream, session.clone(), Arc::new(connection)));
    let returned = tokio::select! {
        returned = session.arrival() => returned,
        () = &mut attending => return None,
    };
    session.respond(Reply::new(StatusCode::OK, Page::from(ANSWER)));
    attending.await;
    Some(returned.into())
}

fn rules() -> Rules {
    let issuer = Some(ISSUER.to_owned());
    let redirect_host = RedirectHost::Localhost;
    let callback_path = CALLBACK_PATH;
    let (form_post, state) = (false, State::known(STATE));
    Rules { port: PORT, redirect_host, callback_path, form_post, state, issuer }
}

impl From<AuthorizationResponse> for Outcome {
    fn from(returned: AuthorizationResponse) -> Self {
        match returned {
            AuthorizationResponse::Code(code) => Self::Code(code.expose().to_owned()),
            AuthorizationResponse::Denied { error, error_description } => {
                Self::Denied { error, error_description }
            }
            AuthorizationResponse::MissingCode => Self::MissingCode,
            AuthorizationResponse::WrongIssuer => Self::WrongIssuer,
        }
    }
}
