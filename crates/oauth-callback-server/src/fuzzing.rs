//! The entry points of the fuzz targets in `fuzz/`. Only builds with `--cfg fuzzing` have them.

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

/// The port of the server.
pub const PORT: u16 = 1455;
/// The path of the callback.
pub const CALLBACK_PATH: &str = "/auth/callback";
/// The expected `state`. It is constant, so that a finding can be reproduced.
pub const STATE: &str = "c3RhdGUtb2YtdGhlLWZ1enotdGFyZ2V0cy0wMDAwMDA";
/// The issuer.
pub const ISSUER: &str = "https://issuer.example";
/// The page in response to the callback.
pub const RESPONSE: &str = "signed in";

/// The outcome of a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the variants of `AuthorizationResponse`, and two kinds of `Refusal`"
)]
pub enum Outcome {
    Code(String),
    Denied { error: String, error_description: Option<String> },
    MissingCode,
    WrongIssuer,
    StateMismatch,
    BadRequest,
}

/// Parses and classifies the query of a callback.
#[must_use]
pub fn callback_query(query: &str) -> Outcome {
    match classify_callback(&rules(), &Parameters::parse(query)) {
        Ok(response) => response.into(),
        Err(Refusal::StateMismatch | Refusal::MissingState) => Outcome::StateMismatch,
        Err(_) => Outcome::BadRequest,
    }
}

/// Classifies a pasted URL; `None` if it is refused.
#[must_use]
pub fn pasted_url(url: &str) -> Option<Outcome> {
    classify_url(&rules(), url).ok().map(Outcome::from)
}

/// Serves one connection. `None` if the server still waits afterwards. It needs a tokio runtime with time.
pub async fn connection(stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<Outcome> {
    let acceptor = Acceptor::open(Vec::new()).ok()?;
    let (session, callback) = Session::new(rules(), Pages::default(), Limits::default(), acceptor);
    let session = Arc::new(session);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, PORT));
    let connection = Arc::new(Connection::new(address, address));
    let mut serving = pin!(serve_connection(stream, session.clone(), connection));
    let response = tokio::select! {
        Ok(response) = callback => response,
        () = &mut serving => return None,
    };
    session.respond(Reply::new(StatusCode::OK, Page::from(RESPONSE)));
    serving.await;
    Some(response.into())
}

fn rules() -> Rules {
    Rules {
        port: PORT,
        redirect_host: RedirectHost::Localhost,
        callback_path: CALLBACK_PATH.to_owned(),
        form_post: false,
        state: State::new(STATE),
        issuer: Some(ISSUER.to_owned()),
        iss_required: false,
    }
}

impl From<AuthorizationResponse> for Outcome {
    fn from(response: AuthorizationResponse) -> Self {
        match response {
            AuthorizationResponse::Code(code, _) => Self::Code(code.expose().to_owned()),
            AuthorizationResponse::Denied { error, error_description } => {
                Self::Denied { error, error_description }
            }
            AuthorizationResponse::MissingCode => Self::MissingCode,
            AuthorizationResponse::WrongIssuer => Self::WrongIssuer,
        }
    }
}
