use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use token_client::{
    DeviceAuthorization, DevicePoll, Error as TokenError, Interval, TokenClient, TokenResponse,
};
use tokio::time::{Instant, sleep, sleep_until};
use url::Url;

use crate::error::Error;
use crate::event::Event;

/// The requests of a sign-in by device code. A server that keeps to
/// [RFC 8628](https://www.rfc-editor.org/rfc/rfc8628) needs [`StandardDeviceFlow`]; other servers
/// have requests and grants of their own.
pub trait DeviceFlow: Sync {
    /// What the approval returns.
    type Grant: Send;

    /// Requests a device code.
    fn request(&self) -> impl Future<Output = Result<DeviceAuthorization, TokenError>> + Send;

    /// Asks once whether the person has approved.
    fn poll(
        &self,
        device: &DeviceAuthorization,
    ) -> impl Future<Output = Result<DevicePoll<Self::Grant>, TokenError>> + Send;
}

/// The device authorization grant of RFC 8628.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct StandardDeviceFlow<'a> {
    /// The client that signs in.
    pub client: &'a TokenClient,
    /// The scopes, separated by spaces.
    pub scope: Option<&'a str>,
    /// Extensions, such as `resource`, which is also in the token request.
    pub parameters: &'a [(String, String)],
}

/// The value of a parameter can be a secret.
impl fmt::Debug for StandardDeviceFlow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parameters: Vec<_> = self.parameters.iter().map(|(name, _)| name).collect();
        f.debug_struct("StandardDeviceFlow")
            .field("client", self.client)
            .field("scope", &self.scope)
            .field("parameters", &parameters)
            .finish()
    }
}

impl<'a> StandardDeviceFlow<'a> {
    /// Without scopes and extensions.
    #[must_use]
    pub fn new(client: &'a TokenClient) -> Self {
        Self { client, scope: None, parameters: &[] }
    }
}

impl DeviceFlow for StandardDeviceFlow<'_> {
    type Grant = TokenResponse;

    async fn request(&self) -> Result<DeviceAuthorization, TokenError> {
        self.client.request_device_authorization(self.scope, self.parameters).await
    }

    async fn poll(
        &self,
        device: &DeviceAuthorization,
    ) -> Result<DevicePoll<TokenResponse>, TokenError> {
        self.client.poll_device_authorization(device, &resources(self.parameters)).await
    }
}

/// The one parameter that a request can have more than once
/// ([RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2)).
pub(crate) const RESOURCE: &str = "resource";

/// The parameters that a token request also has
/// ([RFC 8707 §2.2](https://www.rfc-editor.org/rfc/rfc8707#section-2.2)).
pub(crate) fn resources(parameters: &[(String, String)]) -> Vec<(String, String)> {
    parameters.iter().filter(|(name, _)| name == RESOURCE).cloned().collect()
}

/// The flow of a client without device codes. It has no value.
pub(crate) enum NoDeviceFlow {}

impl DeviceFlow for NoDeviceFlow {
    type Grant = Infallible;

    async fn request(&self) -> Result<DeviceAuthorization, TokenError> {
        match *self {}
    }

    async fn poll(&self, _: &DeviceAuthorization) -> Result<DevicePoll<Infallible>, TokenError> {
        match *self {}
    }
}

/// So that no time overflows.
const MAX_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// Requests a device code, reports it by [`Event::DeviceCode`], and polls until the person has decided
/// ([RFC 8628 §3.3](https://www.rfc-editor.org/rfc/rfc8628#section-3.3) to §3.5), the code expires, or
/// `timeout` is over: a day at most.
///
/// # Errors
///
/// [`Error::DeviceCode`] for an error of the server, [`Error::DeviceDenied`] and
/// [`Error::DeviceExpired`] for a decision that the person made or missed.
pub async fn wait_for_approval<D: DeviceFlow>(
    flow: &D,
    timeout: Duration,
    events: &(impl Fn(Event<'_>) + ?Sized),
) -> Result<D::Grant, Error> {
    let deadline = Instant::now() + timeout.min(MAX_WAIT);
    let device = request(flow, deadline, events).await?;
    let deadline = deadline.min(Instant::now() + device.expires_in.min(MAX_WAIT));
    events(Event::DeviceCode {
        verification_uri: device.verification_uri.as_str(),
        verification_uri_complete: device.verification_uri_complete.as_ref().map(Url::as_str),
        user_code: device.user_code.as_str(),
        expires_in: deadline.saturating_duration_since(Instant::now()),
    });
    poll(flow, &device, deadline).await
}

/// The request to a busy server is repeated, as RFC 8628 §3.5 says for polls.
async fn request(
    flow: &impl DeviceFlow,
    deadline: Instant,
    events: &(impl Fn(Event<'_>) + ?Sized),
) -> Result<DeviceAuthorization, Error> {
    let mut is_reported = false;
    loop {
        let error = match flow.request().await {
            Ok(device) => return Ok(device),
            Err(error) => error,
        };
        let pause = Interval::default().after(error.retry_after());
        let is_busy = matches!(error, TokenError::ErrorResponse(_)) && error.is_transient();
        if !is_busy || ends_after(pause, deadline) {
            return Err(Error::DeviceCode(error));
        }
        if !is_reported {
            events(Event::DeviceCodePostponed(&error));
        }
        is_reported = true;
        sleep(pause).await;
    }
}

async fn poll<D: DeviceFlow>(
    flow: &D,
    device: &DeviceAuthorization,
    deadline: Instant,
) -> Result<D::Grant, Error> {
    let mut interval = device.interval;
    let mut pause = interval.as_duration();
    loop {
        if ends_after(pause, deadline) {
            sleep_until(deadline).await;
            return Err(Error::DeviceExpired);
        }
        sleep(pause).await;
        let retry_after = match flow.poll(device).await {
            Ok(DevicePoll::Approved(grant)) => return Ok(grant),
            Ok(DevicePoll::Denied) => return Err(Error::DeviceDenied),
            Ok(DevicePoll::Expired) => return Err(Error::DeviceExpired),
            Ok(DevicePoll::Pending) => None,
            Ok(DevicePoll::SlowDown) => {
                interval = interval.slow_down();
                None
            }
            Err(error) if error.is_transient() => {
                tracing::debug!(error = &error as &dyn std::error::Error, "poll failed");
                interval = next_interval(interval, &error);
                error.retry_after()
            }
            Err(error) => return Err(Error::DeviceCode(error)),
        };
        pause = interval.after(retry_after);
    }
}

/// Whether the pause ends at the deadline or after it. A server can ask for a pause that no clock holds.
fn ends_after(pause: Duration, deadline: Instant) -> bool {
    pause >= deadline.saturating_duration_since(Instant::now())
}

/// After a connection error, "clients MUST unilaterally reduce their polling frequency"
/// ([RFC 8628 §3.5](https://www.rfc-editor.org/rfc/rfc8628#section-3.5)). A busy server says by
/// `Retry-After` how long to wait.
fn next_interval(interval: Interval, error: &TokenError) -> Interval {
    match error {
        TokenError::Http(_) => interval.back_off(),
        _ => interval,
    }
}
