use std::time::Duration;

use http_client::BaseUrl;
use oauth_callback_server::{CallbackParameters, InvalidCallbackUrl, RejectedCallback};

use crate::error::Error;

/// What happens during the wait for the person. No event ends the wait.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// No browser was opened: the person has to open the URL.
    BrowserNotOpened,
    /// A server of the sign-in is unreachable. The connection is tried again.
    Unreachable(&'a http_client::Error),
    /// That server is reachable again.
    Reachable(&'a BaseUrl),
    /// A pasted URL is not the callback of this sign-in.
    PastedUrlRejected(InvalidCallbackUrl),
    /// A request to the callback server was rejected. Each kind is reported once.
    CallbackRejected(RejectedCallback),
    /// The callback was received. Its parameters that are not in RFC 6749 can be read here.
    CallbackReceived(&'a CallbackParameters),
    /// The server issued a device code, and polling begins.
    DeviceCode {
        /// The page that the person opens on the other device.
        verification_uri: &'a str,
        /// The same page with the code in its URL, for a QR code, if the server has one.
        verification_uri_complete: Option<&'a str>,
        /// The code that the person types on that page.
        user_code: &'a str,
        /// How long the code is valid.
        expires_in: Duration,
    },
    /// The server is too busy to issue a device code. The request is repeated.
    DeviceCodePostponed(&'a token_client::Error),
    /// The device sign-in failed. The wait for the callback continues.
    DeviceCodeFailed(Error),
}
