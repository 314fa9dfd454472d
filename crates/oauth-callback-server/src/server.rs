use std::sync::Arc;

use crate::reply::Reply;
use crate::session::Session;

/// The running server. Dropping it closes the port.
pub(crate) struct Server {
    pub(crate) session: Arc<Session>,
}

impl Server {
    pub(crate) async fn respond(&self, outcome: Reply) {
        self.session.respond(outcome);
        self.session.wait_until_responses_sent(self.session.limits.response).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.session.close();
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let port = self.session.rules.port;
        f.debug_struct("Server").field("port", &port).finish_non_exhaustive()
    }
}
