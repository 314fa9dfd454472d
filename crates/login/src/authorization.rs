use std::path::PathBuf;
use std::time::Duration;

use credentials::AuthorizationCode;
use http_client::BaseUrl;
use oauth_callback_server::{
    BindOptions, ByHand, Callback, CallbackServer, Expected, Pages, PortConflict, Serving, State,
    WaitingBrowser,
};
use pkce::CodeVerifier;
use token_client::CodeRedemption;
use url::Url;

use crate::error::Error;
use crate::pages;
use crate::registered::REDIRECT_PATH;

/// Where the browser may come back to.
#[derive(Clone, Debug)]
pub struct CallbackPorts {
    /// The ports to try, in this order: the first that is free is bound. 0 stands for any.
    pub ports: Vec<u16>,
    /// What to do when each of them is taken.
    pub conflict: PortConflict,
    /// The folder in which the waits of one user and program find each other;
    /// [`BindOptions::rendezvous`] says more.
    pub rendezvous: Option<PathBuf>,
}

impl From<u16> for CallbackPorts {
    /// This one, if it is free.
    fn from(port: u16) -> Self {
        Self { ports: vec![port], conflict: PortConflict::Fail, rendezvous: None }
    }
}

impl CallbackPorts {
    fn bind_options(&self) -> BindOptions {
        let Self { ports, conflict, rendezvous } = self.clone();
        let callback_path = REDIRECT_PATH;
        BindOptions { ports, conflict, rendezvous, callback_path, ..BindOptions::default() }
    }
}

/// One authorization request ([RFC 6749 §4.1.1](https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1))
/// and the port at which its answer is awaited.
///
/// The secrets are made first, so that a system without randomness opens no port; the port is bound
/// next, so that nobody is sent to a browser that could not come back.
#[derive(Debug)]
pub(crate) struct Authorization {
    pub(crate) server: CallbackServer,
    pub(crate) state: State,
    pub(crate) code_verifier: CodeVerifier,
    pub(crate) redirect_uri: String,
}

impl Authorization {
    pub(crate) fn begin(ports: &CallbackPorts) -> Result<Self, Error> {
        let code_verifier = CodeVerifier::generate()?;
        let state = State::generate()?;
        let server = CallbackServer::bind(&ports.bind_options())?;
        let redirect_uri = server.redirect_uri();
        Ok(Self { server, state, code_verifier, redirect_uri })
    }
}

/// What the callback brought, with what is needed to spend it.
#[derive(Debug)]
pub(crate) struct Grant {
    code: AuthorizationCode,
    code_verifier: CodeVerifier,
    redirect_uri: String,
}

impl Grant {
    pub(crate) fn redemption(&self) -> CodeRedemption<'_> {
        let Self { code, code_verifier, redirect_uri } = self;
        CodeRedemption { code, redirect_uri, code_verifier }
    }
}

impl Authorization {
    /// Begins to answer the browser. `failed` is what it sees where nobody tells it how it ended.
    pub(crate) fn awaited(
        self,
        issuer: &BaseUrl,
        timeout: Duration,
        failed: &'static str,
    ) -> Result<AwaitedCallback, Error> {
        let Self { server, state, code_verifier, redirect_uri } = self;
        let issuer = Some(issuer.as_str().to_owned());
        let expected = Expected { state, issuer, pages: pages(failed), timeout };
        Ok(AwaitedCallback { serving: server.serve(expected)?, code_verifier, redirect_uri })
    }
}

/// A callback that may come by a browser or by hand.
pub(crate) struct AwaitedCallback {
    serving: Serving,
    code_verifier: CodeVerifier,
    redirect_uri: String,
}

impl AwaitedCallback {
    pub(crate) fn by_hand(&self) -> ByHand {
        self.serving.by_hand()
    }

    pub(crate) async fn granted(self) -> Result<(Grant, WaitingBrowser), Error> {
        let Self { serving, code_verifier, redirect_uri } = self;
        let Callback { code, browser } = serving.callback().await?;
        Ok((Grant { code, code_verifier, redirect_uri }, browser))
    }
}

/// The pages that do not depend on how it ends.
fn pages(failed: &'static str) -> Pages {
    Pages {
        denied: pages::DENIED.into(),
        missing_code: pages::MISSING_CODE.into(),
        failed: failed.into(),
        finished: pages::ALREADY_DONE.into(),
        state_mismatch: pages::STATE_MISMATCH.into(),
        bad_request: pages::WRONG_REQUEST.into(),
        forbidden: pages::FORBIDDEN.into(),
        not_found: pages::NOT_FOUND.into(),
    }
}

/// The URL that the person opens. Each parameter stands in it once, encoded, in the given order.
pub(crate) fn authorization_url(issuer: &BaseUrl, parameters: &[(&str, &str)]) -> Url {
    let mut url = issuer.join("/oauth/authorize");
    url.query_pairs_mut().extend_pairs(parameters);
    url
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    // threats 7
    #[test]
    fn odd_values_stand_in_the_url_once_and_encoded() {
        let issuer: BaseUrl = "https://a.test/tenant/".parse().unwrap();
        let parameters = [
            ("client_id", "a b&c=d#\u{e9}%2"),
            ("redirect_uri", "http://localhost:1/auth/callback"),
            ("scope", ""),
        ];
        let url = authorization_url(&issuer, &parameters);
        assert_eq!(
            url.as_str(),
            "https://a.test/tenant/oauth/authorize?client_id=a+b%26c%3Dd%23%C3%A9%252\
             &redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fauth%2Fcallback&scope="
        );
        let back: Vec<_> = url.query_pairs().into_owned().collect();
        let expected: Vec<_> = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(back, expected);
    }

    // threats 4
    #[test]
    fn no_two_authorizations_share_a_secret() {
        let secrets = |_| {
            let begun = Authorization::begin(&0.into()).unwrap();
            [begun.state.expose().to_owned(), begun.code_verifier.expose().to_owned()]
        };
        let all: HashSet<String> = (0..10_000).flat_map(secrets).collect();
        assert_eq!(all.len(), 20_000);
    }
}
