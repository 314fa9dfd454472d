use std::time::Duration;

use credentials::RefreshToken;
use token_source::{
    Clock as _, RefreshErrorKind, Refreshable as _, RefreshedTokens, TokenEndpoint, TokenResponse,
};

use super::world::{Issued, ServerError, Stored, Token, World};

/// How long a request takes at most.
const DEADLINE: Duration = Duration::from_secs(40);

/// The server, which may not answer, or with half of what it should.
impl TokenEndpoint<Stored> for World {
    type Error = ServerError;

    fn refresh_token(&self, sign_in: &Stored) -> Result<RefreshToken, ServerError> {
        Ok(sign_in.refresh_token().unwrap())
    }

    fn deadline(&self) -> Duration {
        DEADLINE
    }

    async fn refresh(
        &self,
        _: &Stored,
        token: &RefreshToken,
    ) -> Result<TokenResponse<ServerError>, ServerError> {
        let token: Token = token.expose().parse().unwrap();
        self.assert_may_send(token);
        self.assert_not_replaced(token);
        self.count(|it| it.refreshes += 1);
        self.send(token);
        let response = self.request(token).await;
        if response.is_err() {
            self.finish();
        }
        response
    }

    async fn discard(&self, sign_in: Stored) {
        self.0.schedule.step().await;
        self.0.issued.borrow_mut()[sign_in.refresh].is_live = false;
    }
}

impl World {
    /// Only a database that lost its newest changes makes a process send a token again.
    fn assert_not_replaced(&self, token: Token) {
        let Issued { is_spent_by_us, is_excused, .. } = self.0.issued.borrow()[token];
        assert!(
            !is_spent_by_us || is_excused,
            "token {token} was sent again after its successor was stored"
        );
    }

    fn assert_may_send(&self, token: Token) {
        // Whoever was stopped for longer than its claim clears the next one when it commits.
        if self.0.is_rolled_back.get() || self.0.issued.borrow()[token].is_excused {
            return;
        }
        let hold = self.0.lock.get().filter(|hold| hold.task == self.0.schedule.current());
        assert!(hold.is_some(), "sent without the lock");
        let until = hold.and_then(|hold| hold.until);
        let end = self.0.schedule.now() + DEADLINE;
        assert!(until.is_none_or(|until| until >= end), "the claim ends before the request");
    }

    /// What is lost after the request has arrived is the answer.
    async fn request(&self, token: Token) -> Result<TokenResponse<ServerError>, ServerError> {
        self.0.schedule.pause(self.0.schedule.below(3_000)).await;
        if self.fails() {
            let kinds = [RefreshErrorKind::Unavailable, RefreshErrorKind::OutcomeUnknown];
            return Err(ServerError(kinds[self.0.schedule.below(2) as usize]));
        }
        let issued = self.refresh_at_server(token).inspect_err(|_| {
            self.count(|it| it.rejected += 1);
        })?;
        self.0.schedule.pause(self.0.schedule.below(3_000)).await;
        if self.fails() {
            self.excuse(token);
            return Err(ServerError(RefreshErrorKind::OutcomeUnknown));
        }
        self.0.schedule.step().await;
        Ok(self.response(&issued))
    }

    /// Whole, without an access token, or with one that is of no use.
    fn response(&self, issued: &Stored) -> TokenResponse<ServerError> {
        let is_whole = !self.fails();
        let tokens = RefreshedTokens {
            access_token: issued.access_token().filter(|_| is_whole),
            refresh_token: issued.refresh_token(),
            ..RefreshedTokens::default()
        };
        let is_defect = !is_whole && self.0.schedule.once_in(2);
        let defect = is_defect.then_some(ServerError(RefreshErrorKind::InvalidResponse));
        TokenResponse { tokens, defect }
    }
}
