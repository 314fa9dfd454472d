use std::time::Duration;

use auth_store::AuthStore;
use http_client::HttpClient;
use token_client::{DeviceAuthorization, DevicePoll, Interval, TokenClient};
use tokio::time::{Instant, sleep, sleep_until};

use super::completion::Completion;
use super::ways::Granted;
use super::{Options, SignedIn, client};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::openai::{DeviceGrant, poll_device_code, request_device_code};

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
    /// Gets a code, which [`Event::DeviceCode`] brings, waits for the person, and does the rest.
    ///
    /// # Errors
    ///
    /// [`Error`] says which step failed; whatever was stored before is untouched.
    pub async fn finish(self, events: Events<'_>) -> Result<SignedIn, Error> {
        let Self { options, http, store } = self;
        let client = client(&options, http);
        let grant = device_grant(&client, options.timeout, events).await?;
        let completion = Completion { options: &options, client: &client, store: &store, events };
        completion.finish(Granted::ByDevice(grant)).await
    }
}

/// No code for another device is good for longer than this.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Gets a code, tells the person, and asks until they have decided
/// ([RFC 8628 §3.3](https://www.rfc-editor.org/rfc/rfc8628#section-3.3) and the two after it).
///
/// # Errors
///
/// [`Error::DeviceCode`] when the issuer gives no code or ends the wait in words of its own,
/// [`Error::DeviceDenied`] and [`Error::DeviceExpired`] when the person does.
pub(super) async fn device_grant(
    client: &TokenClient,
    timeout: Duration,
    events: Events<'_>,
) -> Result<DeviceGrant, Error> {
    let deadline = Instant::now() + timeout.min(LONGEST);
    let device = begin(client, deadline, events).await?;
    let deadline = deadline.min(Instant::now() + device.expires_in.min(LONGEST));
    let (verification_uri, user_code) =
        (device.verification_uri.as_str(), device.user_code.as_str());
    let expires_in = deadline.saturating_duration_since(Instant::now());
    events(Event::DeviceCode { verification_uri, user_code, expires_in });
    poll(client, &device, deadline).await
}

/// A server that is busy or broken for a moment is asked again, as RFC 8628 §3.5 asks for the polls.
async fn begin(
    client: &TokenClient,
    deadline: Instant,
    events: Events<'_>,
) -> Result<DeviceAuthorization, Error> {
    let mut told = false;
    loop {
        let error = match request_device_code(client).await {
            Ok(device) => return Ok(device),
            Err(error) => error,
        };
        let pause = Interval::default().after(error.retry_after());
        let is_busy =
            matches!(error, token_client::Error::ErrorResponse(_)) && error.is_transient();
        if !is_busy || is_too_late(pause, deadline) {
            return Err(Error::DeviceCode(error));
        }
        if !told {
            events(Event::DeviceCodePostponed(&error));
        }
        told = true;
        sleep(pause).await;
    }
}

async fn poll(
    client: &TokenClient,
    device: &DeviceAuthorization,
    deadline: Instant,
) -> Result<DeviceGrant, Error> {
    let mut interval = device.interval;
    let mut pause = interval.as_duration();
    loop {
        if is_too_late(pause, deadline) {
            sleep_until(deadline).await;
            return Err(Error::DeviceExpired);
        }
        sleep(pause).await;
        pause = match poll_device_code(client, device).await {
            Ok(DevicePoll::Approved(grant)) => return Ok(grant),
            Ok(DevicePoll::Denied) => return Err(Error::DeviceDenied),
            Ok(DevicePoll::Expired) => return Err(Error::DeviceExpired),
            Ok(DevicePoll::Pending) => interval.as_duration(),
            Ok(DevicePoll::SlowDown) => {
                interval = interval.slow_down();
                interval.as_duration()
            }
            Err(error) if error.is_transient() => {
                tracing::debug!(error = &error as &dyn std::error::Error, "a poll got no answer");
                interval = after_trouble(interval, &error);
                interval.after(error.retry_after())
            }
            Err(error) => return Err(Error::DeviceCode(error)),
        };
    }
}

/// Whether such a pause ends at the deadline or after it. A server may ask for one that no clock has.
fn is_too_late(pause: Duration, deadline: Instant) -> bool {
    pause >= deadline.saturating_duration_since(Instant::now())
}

/// Who does not answer is asked half as often from then on: "clients MUST unilaterally reduce their
/// polling frequency" ([RFC 8628 §3.5](https://www.rfc-editor.org/rfc/rfc8628#section-3.5)). Who
/// answers that it is busy says by `Retry-After` what it wants.
fn after_trouble(interval: Interval, error: &token_client::Error) -> Interval {
    match error {
        token_client::Error::Http(_) => interval.back_off(),
        _ => interval,
    }
}
