use hyper::StatusCode;
use hyper::header::{HeaderValue, InvalidHeaderValue};

use crate::Page;
use crate::classify::Rules;
use crate::reply::Reply;
use crate::server::Server;

/// The browser that sent the callback, and each copy of the callback. It waits for a response.
///
/// Dropping this closes the port; the browser then gets [`Pages::failed`](crate::Pages::failed).
///
/// The future of each response ends when the response is written, when the browser is gone, or at the timeout
/// of [`Limits`](crate::Limits). Then the port is closed.
#[derive(Debug)]
pub struct BrowserResponder {
    server: Server,
}

/// A page with a URL of its own, for the browser of a user who has signed in.
#[derive(Debug)]
#[non_exhaustive]
pub struct RedirectPage {
    /// The path on this server. It begins with `/`.
    pub path: String,
    /// The query, unencoded. It stays in the browser's history, so it must not contain a secret.
    pub query: Vec<(String, String)>,
    /// The page. It is served once, so it may contain a secret link; a later request gets
    /// [`Pages::finished`](crate::Pages::finished).
    pub page: Page,
}

impl RedirectPage {
    /// A page at this path, without a query.
    pub fn new(path: impl Into<String>, page: impl Into<Page>) -> Self {
        Self { path: path.into(), query: Vec::new(), page: page.into() }
    }
}

impl BrowserResponder {
    pub(crate) fn new(server: Server) -> Self {
        Self { server }
    }

    /// Responds with a page (200).
    pub async fn respond_ok(self, page: impl Into<Page>) {
        self.server.respond(Reply::new(StatusCode::OK, page.into())).await;
    }

    /// Redirects to a page (302, or 303 with [`BindOptions::form_post`](crate::BindOptions::form_post)), so that
    /// the URL with the code is not the one that the user sees and reloads. Then serves that page to the first
    /// request, and waits until each redirected browser has requested it.
    pub async fn redirect(self, target: RedirectPage) {
        let session = &self.server.session;
        let Ok(location) = location(&session.rules, &target) else {
            // Only a path with control characters fails: the query is encoded.
            return self.respond_ok(target.page).await;
        };
        session.set_redirect_page(target.path, target.page);
        let page = session.pages.finished.clone();
        session.respond(Reply::redirect(location, page, session.rules.form_post));
        session.wait_until_responses_sent(session.limits.redirect).await;
    }

    /// Responds that the sign-in failed (500).
    pub async fn respond_error(self, page: impl Into<Page>) {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        self.server.respond(Reply::new(status, page.into())).await;
    }
}

/// The `Location` of the redirect. Scheme, host and port are fixed, and no value can end the query.
fn location(rules: &Rules, target: &RedirectPage) -> Result<HeaderValue, InvalidHeaderValue> {
    let (host, port) = (rules.redirect_host.as_str(), rules.port);
    let mut location = format!("http://{host}:{port}{}", target.path);
    for (index, (name, value)) in target.query.iter().enumerate() {
        location.push(if index == 0 { '?' } else { '&' });
        location.push_str(&urlencoding::encode(name));
        location.push('=');
        location.push_str(&urlencoding::encode(value));
    }
    HeaderValue::try_from(location)
}
