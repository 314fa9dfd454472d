use std::future::pending;
use std::pin::pin;
use std::time::Duration;

use oauth_callback_server::{PastedCallback, WaitError};

use crate::device_grant::{DeviceFlow, wait_for_approval};
use crate::error::Error;
use crate::event::Event;
use crate::user_input::{UserInput, UserInputs, next_input};

/// What the first method that succeeds returned.
pub(crate) enum Winner<C, D> {
    Callback(C),
    Device(D),
}

/// The methods beside the callback.
pub(crate) struct Alternatives<'a, D> {
    pub(crate) inputs: Option<UserInputs>,
    pub(crate) pasted_url: PastedCallback,
    pub(crate) device_flow: Option<&'a D>,
    pub(crate) timeout: Duration,
}

/// Waits for the first of: the callback, by browser or as a pasted URL, and the approval on another
/// device, once the person asks for a device code.
///
/// A device code that fails leaves the callback open. A device code that was shown stays valid when
/// the wait for the callback times out.
pub(crate) async fn race<C, D: DeviceFlow>(
    callback: impl Future<Output = Result<C, Error>>,
    alternatives: Alternatives<'_, D>,
    events: &(impl Fn(Event<'_>) + ?Sized),
) -> Result<Winner<C, D::Grant>, Error> {
    let Alternatives { mut inputs, pasted_url, device_flow, timeout } = alternatives;
    let mut callback = pin!(callback);
    let (mut device, mut is_device_only) = (None, false);
    loop {
        tokio::select! {
            biased;
            outcome = &mut callback, if !is_device_only => match outcome {
                Err(Error::Callback(WaitError::TimedOut { .. })) if device.is_some() => {
                    is_device_only = true;
                }
                outcome => return outcome.map(Winner::Callback),
            },
            input = next_input(&mut inputs) => match (input, device_flow) {
                (UserInput::CallbackUrl(url), _) => {
                    if let Err(error) = pasted_url.submit(&url) {
                        events(Event::PastedUrlRejected(error));
                    }
                }
                (UserInput::DeviceCode, Some(flow)) if device.is_none() => {
                    device = Some(Box::pin(wait_for_approval(flow, timeout, events)));
                }
                (UserInput::DeviceCode, _) => {}
            },
            outcome = await_or_pending(&mut device) => match outcome {
                Err(error) if !is_device_only => {
                    device = None;
                    events(Event::DeviceCodeFailed(error));
                }
                outcome => return outcome.map(Winner::Device),
            },
        }
    }
}

async fn await_or_pending<F: Future + Unpin>(future: &mut Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}
