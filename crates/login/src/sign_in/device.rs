use auth_store::AuthStore;
use http_client::HttpClient;
use native_oauth::{Grant, wait_for_approval};

use super::completion::Completion;
use super::{Options, SignedIn, client};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::openai::DeviceCodeFlow;

/// A sign-in by a code that the person types on another device, without a port and a browser here
/// ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)).
#[derive(Debug)]
pub struct PendingDeviceCode {
    options: Options,
    http: HttpClient,
    store: AuthStore,
}

/// Checks that the store is writable. This sends nothing.
///
/// # Errors
///
/// [`Error::Store`] if the store is not writable.
pub fn start_by_device_code(
    options: Options,
    http: HttpClient,
    store: AuthStore,
) -> Result<PendingDeviceCode, Error> {
    store.check_writable()?;
    Ok(PendingDeviceCode { options, http, store })
}

impl PendingDeviceCode {
    /// Requests a code ([`Event::DeviceCode`](crate::Event::DeviceCode)), waits for the approval, and stores
    /// the credentials.
    ///
    /// # Errors
    ///
    /// [`Error`] says which step failed. Except after an error of the save itself, the store is unchanged.
    pub async fn finish(self, events: Events<'_>) -> Result<SignedIn, Error> {
        let Self { options, http, store } = self;
        let client = client(&options, http);
        let (flow, timeout) = (DeviceCodeFlow(&client), options.timeout);
        let grant = wait_for_approval(&flow, timeout, &|event| events(Event::OAuth(event))).await?;
        let completion = Completion { options: &options, client: &client, store: &store, events };
        completion.finish(Grant::Device(grant)).await
    }
}
