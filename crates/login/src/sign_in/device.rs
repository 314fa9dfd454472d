use auth_store::AuthStore;
use http_client::HttpClient;
use native_oauth::{Grant, wait_for_approval};

use super::completion::Completion;
use super::{Options, SignedIn, client};
use crate::error::Error;
use crate::event::{Events, forward_to};
use crate::openai::DeviceCodeFlow;

/// A sign-in by a code that is typed on another device, in the manner of
/// [RFC 8628](https://www.rfc-editor.org/rfc/rfc8628): without a port, and without a browser here.
#[derive(Debug)]
pub struct PendingDeviceCode {
    options: Options,
    http: HttpClient,
    store: AuthStore,
}

/// Begins: the credentials can be kept. Nothing is sent yet.
///
/// # Errors
///
/// [`Error::Store`] when they could not be.
pub fn start_by_device_code(
    options: Options,
    http: HttpClient,
    store: AuthStore,
) -> Result<PendingDeviceCode, Error> {
    store.check_writable()?;
    Ok(PendingDeviceCode { options, http, store })
}

impl PendingDeviceCode {
    /// Gets a code, which [`Event::DeviceCode`](crate::Event::DeviceCode) brings, waits for the person, and does the rest.
    ///
    /// # Errors
    ///
    /// [`Error`] says which step failed; whatever was stored before is untouched.
    pub async fn finish(self, events: Events<'_>) -> Result<SignedIn, Error> {
        let Self { options, http, store } = self;
        let client = client(&options, http);
        let (flow, timeout) = (DeviceCodeFlow(&client), options.timeout);
        let grant = wait_for_approval(&flow, timeout, &forward_to(events)).await?;
        let completion = Completion { options: &options, client: &client, store: &store, events };
        completion.finish(Grant::Device(grant)).await
    }
}
