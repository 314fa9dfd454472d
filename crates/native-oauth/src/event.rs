use std::fmt;
use std::time::Duration;

use http_client::BaseUrl;
use oauth_callback_server::{CallbackParameters, InvalidCallbackUrl, RejectedCallback};

use crate::error::Error;

/// What happens during the wait for the person. No event ends the wait.
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

/// Somebody else who gets the user code can finish the sign-in.
impl fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut tuple =
            |name: &str, field: &dyn fmt::Debug| f.debug_tuple(name).field(field).finish();
        match self {
            Self::BrowserNotOpened => f.write_str("BrowserNotOpened"),
            Self::Unreachable(error) => tuple("Unreachable", error),
            Self::Reachable(base) => tuple("Reachable", base),
            Self::PastedUrlRejected(reason) => tuple("PastedUrlRejected", reason),
            Self::CallbackRejected(reason) => tuple("CallbackRejected", reason),
            Self::CallbackReceived(parameters) => tuple("CallbackReceived", parameters),
            Self::DeviceCode { verification_uri, expires_in, .. } => f
                .debug_struct("DeviceCode")
                .field("verification_uri", verification_uri)
                .field("expires_in", expires_in)
                .finish_non_exhaustive(),
            Self::DeviceCodePostponed(error) => tuple("DeviceCodePostponed", error),
            Self::DeviceCodeFailed(error) => tuple("DeviceCodeFailed", error),
        }
    }
}
