//! The state that all connections of one sign-in share: how far it is, and what the browser gets.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use hyper::StatusCode;
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use crate::acceptor::Acceptor;
use crate::classify::{
    AuthorizationResponse, Head, Refusal, RequestKind, Rules, classify, classify_form,
};
use crate::connection::{Connection, PendingResponse};
use crate::rejected::RejectionLog;
use crate::reply::Reply;
use crate::{Limits, Page, Pages};

pub(crate) struct Session {
    pub(crate) rules: Rules,
    pub(crate) pages: Pages,
    pub(crate) limits: Limits,
    pub(crate) acceptor: Acceptor,
    pub(crate) rejections: RejectionLog,
    progress: watch::Sender<Progress>,
    /// The refusals in the log: a flood of one kind is one line.
    logged: AtomicU16,
    /// Hashes codes, to tell one from another.
    hasher: RandomState,
}

/// How far the sign-in is.
#[derive(Default)]
struct Progress {
    /// Where the first callback goes; `None` afterwards.
    callback: Option<oneshot::Sender<AuthorizationResponse>>,
    /// The hash of the code in that callback.
    code_hash: Option<u64>,
    /// The response to each copy of the callback.
    outcome: Option<Reply>,
    redirect_page: Option<RedirectTarget>,
    /// The number of connections with a pending response.
    pending: usize,
    /// The number of redirected browsers that have not requested the redirect page. A fast browser may request
    /// it before its redirect is counted, so the number can be -1 for a moment.
    redirected: isize,
    closing: bool,
}

struct RedirectTarget {
    path: String,
    /// `None` after the first request.
    page: Option<Page>,
}

/// The response to a request.
pub(crate) enum Response {
    Now(Reply),
    /// It depends on the body: see [`Session::receive_form`].
    AfterBody,
    /// The same as for each copy of the callback: see [`Session::outcome`].
    Outcome,
}

impl Session {
    /// The receiver gets the first callback.
    pub(crate) fn new(
        rules: Rules,
        pages: Pages,
        limits: Limits,
        acceptor: Acceptor,
    ) -> (Self, oneshot::Receiver<AuthorizationResponse>) {
        let (callback, receiver) = oneshot::channel();
        let progress = Progress { callback: Some(callback), ..Progress::default() };
        let session = Self {
            rules,
            pages,
            limits,
            acceptor,
            rejections: RejectionLog::default(),
            progress: watch::Sender::new(progress),
            logged: AtomicU16::new(0),
            hasher: RandomState::new(),
        };
        (session, receiver)
    }

    /// Handles the head of a request, without waiting.
    pub(crate) fn receive(&self, head: Head<'_>, connection: &Connection) -> Response {
        self.handle(classify(&self.rules, head), head.uri.path(), connection)
    }

    /// Handles the body of a form.
    pub(crate) fn receive_form(&self, body: &[u8], connection: &Connection) -> Response {
        self.handle(classify_form(&self.rules, body), &self.rules.callback_path, connection)
    }

    fn handle(&self, kind: RequestKind, path: &str, connection: &Connection) -> Response {
        match kind {
            RequestKind::Form => Response::AfterBody,
            RequestKind::Refused(refusal) => Response::Now(self.refuse(refusal)),
            RequestKind::Rejected(refusal) => Response::Now(self.reject(refusal)),
            RequestKind::OtherPath => Response::Now(self.reply_to_other_path(path, connection)),
            RequestKind::Callback(_) if connection.is_other_user => {
                Response::Now(self.reject(Refusal::OtherUser))
            }
            RequestKind::Callback(response) => self.callback(response, connection),
        }
    }

    pub(crate) fn refuse(&self, refusal: Refusal) -> Reply {
        let bit = 1 << refusal as u16;
        if self.logged.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            tracing::debug!(?refusal, "a request is refused; others like it are not logged");
        }
        Reply::refusal(refusal, &self.pages)
    }

    /// Refuses a request, and reports it to the caller.
    pub(crate) fn reject(&self, refusal: Refusal) -> Reply {
        if let Some(kind) = refusal.as_rejection() {
            self.rejections.record(kind);
        }
        self.refuse(refusal)
    }

    /// Only the first callback counts. A later one with another code gets 409, because that code is not used.
    fn callback(&self, response: AuthorizationResponse, connection: &Connection) -> Response {
        let code_hash = self.code_hash(&response);
        let mut is_other_code = false;
        self.progress.send_modify(|progress| {
            progress.deliver_callback(response, code_hash);
            is_other_code = code_hash.is_some() && progress.code_hash != code_hash;
            if !is_other_code {
                progress.pending += connection.reserve(PendingResponse::Outcome);
            }
        });
        if is_other_code {
            Response::Now(self.refuse(Refusal::OtherCode))
        } else {
            Response::Outcome
        }
    }

    /// Takes a callback without a connection.
    pub(crate) fn submit(&self, response: AuthorizationResponse) {
        let code_hash = self.code_hash(&response);
        self.progress.send_modify(|progress| progress.deliver_callback(response, code_hash));
    }

    fn code_hash(&self, response: &AuthorizationResponse) -> Option<u64> {
        match response {
            AuthorizationResponse::Code(code, _) => Some(self.hasher.hash_one(code.expose())),
            _ => None,
        }
    }

    fn reply_to_other_path(&self, path: &str, connection: &Connection) -> Reply {
        let is_allowed = !connection.is_other_user;
        let mut reply = None;
        self.progress.send_if_modified(|progress| {
            let Some(target) = progress.redirect_page.as_mut().filter(|it| it.path == path) else {
                return false;
            };
            let page = target.page.take_if(|_| is_allowed);
            let is_expected = page.is_some() || (is_allowed && progress.redirected > 0);
            let page = page.unwrap_or_else(|| self.pages.finished.clone());
            reply = Some(Reply::new(StatusCode::OK, page));
            if is_expected {
                progress.redirected -= 1;
                progress.pending += connection.reserve(PendingResponse::RedirectPage);
            }
            is_expected
        });
        reply.unwrap_or_else(|| self.refuse(Refusal::NotFound))
    }

    /// A pending response is sent, or its connection is closed.
    pub(crate) fn complete(&self, pending: PendingResponse, sent: bool) {
        self.progress.send_modify(|progress| {
            progress.pending -= 1;
            if sent && pending == PendingResponse::Outcome && progress.redirect_page.is_some() {
                progress.redirected += 1;
            }
        });
    }

    /// Waits for the response to the callback.
    pub(crate) async fn outcome(&self) -> Reply {
        let mut progress = self.progress.subscribe();
        let decided = progress.wait_for(|progress| progress.outcome.is_some()).await;
        let outcome = decided.ok().and_then(|progress| progress.outcome.clone());
        outcome.unwrap_or_else(|| self.failure())
    }

    /// Sets the response to the callback. The first one stays.
    pub(crate) fn respond(&self, outcome: Reply) {
        self.progress.send_modify(|progress| {
            progress.outcome.get_or_insert(outcome);
        });
    }

    /// Serves this page once, to the first browser that requests it after the redirect.
    pub(crate) fn set_redirect_page(&self, path: String, page: Page) {
        let target = Some(RedirectTarget { path, page: Some(page) });
        self.progress.send_modify(|progress| progress.redirect_page = target);
    }

    /// Waits until each pending response is sent, or until the timeout.
    pub(crate) async fn wait_until_responses_sent(&self, limit: Duration) {
        let mut progress = self.progress.subscribe();
        if timeout(limit, progress.wait_for(Progress::is_complete)).await.is_err() {
            tracing::debug!("the browser did not read its response in time");
        }
    }

    /// Closes the port. Pending connections get the failure page, unless there is an outcome.
    pub(crate) fn close(&self) {
        self.acceptor.close();
        self.progress.send_modify(|progress| {
            progress.outcome.get_or_insert_with(|| self.failure());
            progress.closing = true;
        });
    }

    /// Waits for [`Session::close`], and then for the pending responses.
    pub(crate) async fn closed(&self) {
        let mut progress = self.progress.subscribe();
        let _ = progress.wait_for(|progress| progress.closing).await;
        self.wait_until_responses_sent(self.limits.response).await;
    }

    fn failure(&self) -> Reply {
        Reply::new(StatusCode::INTERNAL_SERVER_ERROR, self.pages.failed.clone())
    }
}

impl Progress {
    fn deliver_callback(&mut self, response: AuthorizationResponse, code_hash: Option<u64>) {
        if let Some(callback) = self.callback.take() {
            tracing::debug!("callback received");
            self.code_hash = code_hash;
            // The caller may have stopped waiting.
            let _ = callback.send(response);
        }
    }

    fn is_complete(&self) -> bool {
        self.pending == 0 && (self.redirected <= 0 || self.closing)
    }
}
