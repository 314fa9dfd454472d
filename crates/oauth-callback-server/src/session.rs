//! What all connections of one sign-in share: how far it is, and what the browser is to be told.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use hyper::StatusCode;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::acceptor::Acceptor;
use crate::classify::{
    AuthorizationResponse, Head, Refusal, RequestKind, Rules, classify, classify_form,
};
use crate::connection::{Connection, Pending};
use crate::rejected::Noted;
use crate::reply::Reply;
use crate::{Limits, Page, Pages, RejectedCallback};

pub(crate) struct Session {
    pub(crate) rules: Rules,
    pub(crate) pages: Pages,
    pub(crate) limits: Limits,
    pub(crate) acceptor: Acceptor,
    progress: watch::Sender<Progress>,
    /// Which refusals were logged: a flood of them is one line.
    refusals: AtomicU16,
    /// What looked like the callback.
    pub(crate) rejected: Noted,
    /// Tells one code from another, and no code from anything.
    fingerprints: RandomState,
}

/// How far the sign-in is. Every step forward is taken once.
#[derive(Default)]
struct Progress {
    arrival: Arrival,
    /// The fingerprint of the code that was taken, if one was.
    code: Option<u64>,
    answer: Option<Reply>,
    landing: Option<LandingPage>,
    /// Connections that were promised the answer or a landing page and do not have it yet.
    pending: usize,
    /// Browsers that were sent to the landing page and did not ask for it yet. A quick one asks
    /// before it is counted: then it is one less than none for a moment.
    under_way: isize,
    closing: bool,
}

#[derive(Default)]
enum Arrival {
    #[default]
    Awaited,
    Here(AuthorizationResponse),
    /// Somebody has the code; whatever else comes with the right `state` is a copy.
    Taken,
}

struct LandingPage {
    path: &'static str,
    /// Gone when somebody asked for it.
    page: Option<Page>,
}

/// What to tell a connection.
pub(crate) enum Response {
    Now(Reply),
    /// That depends on the body, see [`Session::receive_form`].
    AfterBody,
    /// The same answer as all copies of the callback, when there is one.
    TheAnswer,
}

impl Session {
    pub(crate) fn new(rules: Rules, pages: Pages, limits: Limits, acceptor: Acceptor) -> Self {
        Self {
            rules,
            pages,
            limits,
            acceptor,
            progress: watch::Sender::default(),
            refusals: AtomicU16::new(0),
            rejected: Noted::default(),
            fingerprints: RandomState::new(),
        }
    }

    /// Decides on one request, without waiting.
    pub(crate) fn receive(&self, head: Head<'_>, connection: &Connection) -> Response {
        self.act_on(classify(&self.rules, head), head.uri.path(), connection)
    }

    /// The same for the body of a form.
    pub(crate) fn receive_form(&self, body: &[u8], connection: &Connection) -> Response {
        self.act_on(classify_form(&self.rules, body), self.rules.callback_path, connection)
    }

    fn act_on(&self, verdict: RequestKind, path: &str, connection: &Connection) -> Response {
        match verdict {
            RequestKind::Form => Response::AfterBody,
            RequestKind::Refused(refusal) => Response::Now(self.refuse(refusal)),
            RequestKind::Rejected(refusal) => Response::Now(self.reject(refusal)),
            RequestKind::OtherPath => Response::Now(self.other_path(path, connection)),
            RequestKind::Returned(_) if connection.is_stranger() => {
                Response::Now(self.reject(Refusal::OtherUser))
            }
            RequestKind::Returned(returned) => self.arrive(returned, connection),
        }
    }

    pub(crate) fn refuse(&self, refusal: Refusal) -> Reply {
        let bit = 1 << refusal as u16;
        if self.refusals.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
            tracing::debug!(?refusal, "a request is refused; others like it are not logged");
        }
        Reply::refusal(refusal, &self.pages)
    }

    /// Refuses, and tells the caller: the person may wonder.
    pub(crate) fn reject(&self, refusal: Refusal) -> Reply {
        if let Some(kind) = RejectedCallback::from_refusal(refusal) {
            self.rejected.note(kind);
        }
        self.refuse(refusal)
    }

    /// Only the first callback counts: a cancel that comes late changes nothing. Who brings another code is
    /// not told that it was taken.
    fn arrive(&self, returned: AuthorizationResponse, connection: &Connection) -> Response {
        let code = self.fingerprint(&returned);
        let mut is_other = false;
        self.progress.send_modify(|progress| {
            progress.take(returned, code);
            is_other = code.is_some() && progress.code != code;
            if !is_other {
                progress.pending += connection.reserve(Pending::Answer);
            }
        });
        match is_other {
            true => Response::Now(self.refuse(Refusal::OtherCode)),
            false => Response::TheAnswer,
        }
    }

    /// The same for a callback that comes without a browser, which waits for no answer.
    pub(crate) fn submit(&self, returned: AuthorizationResponse) {
        let code = self.fingerprint(&returned);
        self.progress.send_modify(|progress| progress.take(returned, code));
    }

    fn fingerprint(&self, returned: &AuthorizationResponse) -> Option<u64> {
        match returned {
            AuthorizationResponse::Code(code) => Some(self.fingerprints.hash_one(code.expose())),
            _ => None,
        }
    }

    fn other_path(&self, path: &str, connection: &Connection) -> Reply {
        // Asked before the lock is taken, because the answer is read from a file.
        let may_see_it = !self.shows_a_page_at(path) || !connection.is_stranger();
        let mut reply = None;
        self.progress.send_if_modified(|progress| {
            let Some(landing) = progress.landing.as_mut().filter(|it| it.path == path) else {
                return false;
            };
            let first = landing.page.take_if(|_| may_see_it);
            let is_expected = first.is_some() || (may_see_it && progress.under_way > 0);
            let page = first.unwrap_or_else(|| self.pages.finished.clone());
            reply = Some(Reply::new(StatusCode::OK, page));
            if is_expected {
                progress.under_way -= 1;
                progress.pending += connection.reserve(Pending::RedirectPage);
            }
            is_expected
        });
        reply.unwrap_or_else(|| self.refuse(Refusal::NotFound))
    }

    fn shows_a_page_at(&self, path: &str) -> bool {
        let progress = self.progress.borrow();
        let landing = progress.landing.as_ref().filter(|it| it.path == path);
        landing.is_some_and(|it| it.page.is_some())
    }

    /// Somebody who was promised something has it, or has left.
    pub(crate) fn complete(&self, pending: Pending, delivered: bool) {
        self.progress.send_modify(|progress| {
            progress.pending -= 1;
            if delivered && pending == Pending::Answer && progress.landing.is_some() {
                progress.under_way += 1;
            }
        });
    }

    /// Waits for the one callback.
    pub(crate) async fn arrival(&self) -> AuthorizationResponse {
        let mut steps = self.progress.subscribe();
        loop {
            if let Some(returned) = self.take_arrival() {
                return returned;
            }
            // The sender is ours, so this cannot fail.
            let _ = steps.changed().await;
        }
    }

    fn take_arrival(&self) -> Option<AuthorizationResponse> {
        let mut taken = None;
        self.progress.send_if_modified(|progress| {
            if let Arrival::Here(_) = progress.arrival {
                taken = Some(std::mem::replace(&mut progress.arrival, Arrival::Taken));
            }
            false
        });
        match taken {
            Some(Arrival::Here(returned)) => Some(returned),
            _ => None,
        }
    }

    /// Waits for what the holder of the code decides to tell the browser.
    pub(crate) async fn answer(&self) -> Reply {
        let mut steps = self.progress.subscribe();
        match steps.wait_for(|progress| progress.answer.is_some()).await {
            Ok(progress) => progress.answer.clone(),
            Err(_) => None,
        }
        .unwrap_or_else(|| self.failure())
    }

    /// Tells the browser how it ended. The first answer stands.
    pub(crate) fn respond(&self, answer: Reply) {
        self.progress.send_modify(|progress| {
            progress.answer.get_or_insert(answer);
        });
    }

    /// Expects those who get the answer at the landing page. The first sees it.
    pub(crate) fn expect_at(&self, path: &'static str, page: Page) {
        let page = Some(page);
        self.progress.send_modify(|progress| progress.landing = Some(LandingPage { path, page }));
    }

    /// Waits until everyone has what they were promised, but not for ever.
    pub(crate) async fn completed(&self, limit: Duration) {
        let mut steps = self.progress.subscribe();
        if timeout(limit, steps.wait_for(Progress::is_complete)).await.is_err() {
            tracing::debug!("the browser did not take its answer in time");
        }
    }

    /// Lets go of the port at once. Whoever still waits for an answer hears that it failed.
    pub(crate) fn close(&self) {
        self.acceptor.close();
        self.progress.send_modify(|progress| {
            progress.answer.get_or_insert_with(|| self.failure());
            progress.closing = true;
        });
    }

    /// Waits for [`Session::close`], and for those who were promised something then.
    pub(crate) async fn closed(&self) {
        let mut steps = self.progress.subscribe();
        let _ = steps.wait_for(|progress| progress.closing).await;
        self.completed(self.limits.answer).await;
    }

    fn failure(&self) -> Reply {
        Reply::new(StatusCode::INTERNAL_SERVER_ERROR, self.pages.failed.clone())
    }
}

impl Progress {
    fn take(&mut self, returned: AuthorizationResponse, code: Option<u64>) {
        if matches!(self.arrival, Arrival::Awaited) {
            tracing::debug!("the callback is here");
            self.arrival = Arrival::Here(returned);
            self.code = code;
        }
    }

    fn is_complete(&self) -> bool {
        self.pending == 0 && (self.under_way <= 0 || self.closing)
    }
}
