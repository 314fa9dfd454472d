use hyper::StatusCode;
use hyper::header::{HeaderValue, InvalidHeaderValue};

use crate::Page;
use crate::classify::Rules;
use crate::reply::Reply;
use crate::server::Server;

/// The browser that brought the code, and every copy of its callback. It waits for the outcome.
///
/// If this is dropped without one, the port is free at once, and the browser sees
/// [`Pages::failed`](crate::Pages::failed) as soon as the runtime gets to it.
///
/// Each answer's future is done when the answer was written, or when nobody is there to take it, or
/// when the time for it is over ([`Limits`](crate::Limits)). Then the port is free.
#[derive(Debug)]
pub struct BrowserResponder {
    server: Server,
}

/// Where a browser is sent that signed in.
#[derive(Debug)]
pub struct RedirectPage {
    /// The path on this server, beginning with a `/`.
    pub path: &'static str,
    /// The query, which stays in the browser's history: nothing secret. It is encoded here.
    pub query: Vec<(&'static str, String)>,
    /// The page at that address. It is served once, so it may hold a secret link; whoever asks
    /// again gets [`Pages::finished`](crate::Pages::finished).
    pub page: Page,
}

impl BrowserResponder {
    pub(crate) fn new(server: Server) -> Self {
        Self { server }
    }

    /// Answers with a page (200).
    pub async fn respond_ok(self, page: impl Into<Page>) {
        self.server.answer(Reply::new(StatusCode::OK, page.into())).await;
    }

    /// Sends the browser on (302, or 303 where a form may have come) to the landing page, so that the callback's address, which holds
    /// the code, is not what the person sees and reloads; then serves that page, to the first who
    /// asks, and waits until everyone who was sent there has been.
    pub async fn redirect(self, landing: RedirectPage) {
        let session = &self.server.session;
        let Ok(location) = location(&session.rules, &landing) else {
            // Only a path that is no path gets here: the rest is encoded.
            return self.respond_ok(landing.page).await;
        };
        session.expect_at(landing.path, landing.page);
        let page = session.pages.finished.clone();
        session.respond(Reply::redirect(location, page, session.rules.form_post));
        session.completed(session.limits.landing).await;
    }

    /// Answers that the sign-in failed (500).
    pub async fn respond_error(self, page: impl Into<Page>) {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        self.server.answer(Reply::new(status, page.into())).await;
    }
}

/// The `Location` of the landing page. Scheme, host and port are ours, and no value of the query
/// can end the query.
fn location(rules: &Rules, landing: &RedirectPage) -> Result<HeaderValue, InvalidHeaderValue> {
    let (host, port) = (rules.redirect_host.as_str(), rules.port);
    let mut location = format!("http://{host}:{port}{}", landing.path);
    for (index, (name, value)) in landing.query.iter().enumerate() {
        location.push(if index == 0 { '?' } else { '&' });
        location.push_str(name);
        location.push('=');
        location.push_str(&urlencoding::encode(value));
    }
    HeaderValue::try_from(location)
}
