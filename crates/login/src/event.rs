use std::time::Duration;

use auth_store::Location;
use http_client::BaseUrl;
use oauth_callback_server::{InvalidCallbackUrl, RejectedCallback};

use crate::error::{Error, RevocationError};
use crate::seen::Seen;
use crate::stored::AtRisk;

/// What a person may want to know while they wait. None of it ends the wait.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// No browser could be opened: the URL has to be opened by hand.
    BrowserNotOpened,
    /// A server that will be needed cannot be reached at the moment; it is tried again.
    Unreachable(&'a http_client::Error),
    /// That server can be reached now.
    ReachedAgain(&'a BaseUrl),
    /// An address that was brought is not the callback; the wait goes on.
    AddressRefused(InvalidCallbackUrl),
    /// Something that looks like the callback was refused; the wait goes on. Each kind is told once.
    CallbackRejected(RejectedCallback),
    /// There is a code for another device, and the wait for it has begun.
    DeviceCode {
        /// The page to open there.
        verification_uri: &'a str,
        /// What to type on it.
        user_code: &'a str,
        /// How long that can be done.
        expires_in: Duration,
    },
    /// The issuer is too busy to give such a code; it is asked again.
    DeviceCodePostponed(&'a token_client::Error),
    /// There is no such code, or not any more; the browser is still waited for.
    DeviceCodeFailed(&'a Error),
    /// The code is being exchanged for tokens. From now on the sign-in ends by its
    /// [cancellation](crate::sign_in::Options::cancellation), so that no token is left behind.
    ExchangingCode,
    /// The browser came back with a code, or somebody brought it, or another device agreed.
    CallbackReceived,
    /// The account has no default project yet; or the platform does not say at the moment.
    WaitingForProject {
        /// What was seen last.
        seen: Seen,
        /// Why the last look saw nothing, if it did not.
        failure: Option<&'a platform_api::Error>,
        /// When it is looked again.
        again_in: Duration,
    },
    /// An API key is being made. Whoever stops now may leave one behind that nobody has seen.
    CreatingApiKey {
        /// The name under which the platform lists it.
        name: &'a str,
    },
    /// The credentials are stored. Whoever stops now misses the last page and nothing else.
    Kept {
        /// Where they are.
        location: &'a Location,
    },
    /// Another program has the store, and has had it for a while.
    WaitingForAnotherProgram,
    /// The refresh token is being spent. Whoever stops now may lose the sign-in.
    Refreshing,
    /// What the refresh brought is stored, as far as it can be; or it has brought nothing.
    Refreshed,
    /// The refresh did not work at the moment, and the old access token is good for a little longer.
    RefreshPostponed(&'a Error),
    /// The code was sent, and the answer is lost: the issuer may have issued tokens.
    TokensLost,
    /// The sign-in is being stored. It is finished, whatever happens to its future.
    Storing,
    /// The stored tokens are revoked, and about to be removed. Whoever stops now leaves credentials that
    /// are of no use.
    Revoked,
    /// The stored sign-in is removed.
    Removed,
    /// Tokens that are not stored any more may still be valid at the issuer.
    NotRevoked(&'a RevocationError),
    /// Tokens of a sign-in that failed were not revoked, because a stored one of the same person could
    /// end with them.
    RevocationWithheld(&'a AtRisk),
    /// The sign-in that is about to be removed is another program's. It is not revoked.
    OtherProgramsSignIn {
        /// Its mode.
        auth_mode: &'a str,
    },
}

/// Where events go. A plain reference, because a wait and what goes on beside it both tell.
pub type Events<'a> = &'a dyn Fn(Event<'_>);

/// Passes the events of `native_oauth` on.
pub(crate) fn forward_to(events: Events<'_>) -> impl Fn(native_oauth::Event<'_>) {
    use native_oauth::Event as Native;
    move |event| match event {
        Native::BrowserNotOpened => events(Event::BrowserNotOpened),
        Native::Unreachable(error) => events(Event::Unreachable(error)),
        Native::Reachable(server) => events(Event::ReachedAgain(server)),
        Native::PastedUrlRejected(error) => events(Event::AddressRefused(error)),
        Native::CallbackRejected(rejected) => events(Event::CallbackRejected(rejected)),
        Native::DeviceCode { verification_uri, user_code, expires_in } => {
            events(Event::DeviceCode { verification_uri, user_code, expires_in });
        }
        Native::DeviceCodePostponed(error) => events(Event::DeviceCodePostponed(error)),
        Native::DeviceCodeFailed(error) => events(Event::DeviceCodeFailed(&error.into())),
        _ => {}
    }
}
