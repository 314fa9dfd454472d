//! The ways of one sign-in, which are open at the same time. Whichever brings a grant first wins; the
//! others end with it.

use std::future::pending;
use std::pin::Pin;
use std::time::Duration;

use oauth_callback_server::{ByHand, WaitingBrowser};
use token_client::{DeviceGrant, TokenClient, Tokens};

use super::device::device_grant;
use crate::authorization::{AwaitedCallback, Grant};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::input::{Input, Inputs, bring, next};

/// What a sign-in is completed with.
pub(super) enum Granted {
    /// The callback, and the browser that is to be told.
    ByCallback(Grant, WaitingBrowser),
    /// What came of a device code. There is no browser here that could be told.
    ByDevice(DeviceGrant),
}

impl Granted {
    /// The grant is spent by it.
    pub(super) async fn redeem(&self, client: &TokenClient) -> Result<Tokens, Error> {
        let tokens = match self {
            Self::ByCallback(grant, _) => client.redeem_code(&grant.redemption()).await,
            Self::ByDevice(grant) => client.redeem_device_grant(grant).await,
        };
        tokens.map_err(Error::Code)
    }

    pub(super) fn browser(self) -> Option<WaitingBrowser> {
        match self {
            Self::ByCallback(_, browser) => Some(browser),
            Self::ByDevice(_) => None,
        }
    }
}

/// Waits for the callback, by itself or by hand, and for a device once the person asks for that.
pub(super) async fn first_of_all(
    (callback, inputs): (AwaitedCallback, Option<Inputs>),
    client: &TokenClient,
    timeout: Duration,
    events: Events<'_>,
) -> Result<Granted, Error> {
    let by_hand = callback.by_hand();
    let other_ways = OtherWays { by_hand, client, timeout, events, device: None };
    tokio::select! {
        biased;
        granted = callback.granted() => {
            let (grant, browser) = granted?;
            Ok(Granted::ByCallback(grant, browser))
        }
        grant = other_ways.granted(inputs) => Ok(Granted::ByDevice(grant)),
    }
}

struct OtherWays<'a> {
    by_hand: ByHand,
    client: &'a TokenClient,
    timeout: Duration,
    events: Events<'a>,
    /// The device code that is waited for, if there is one.
    device: Option<DeviceWait<'a>>,
}

type DeviceWait<'a> = Pin<Box<dyn Future<Output = Result<DeviceGrant, Error>> + 'a>>;

impl OtherWays<'_> {
    /// Ends with the grant of a device alone. What goes wrong here is told, and leaves the callback to
    /// be waited for.
    async fn granted(mut self, mut inputs: Option<Inputs>) -> DeviceGrant {
        loop {
            tokio::select! {
                input = next(&mut inputs) => self.take(input),
                outcome = self.device_ends() => match outcome {
                    Ok(grant) => return grant,
                    Err(error) => {
                        self.device = None;
                        (self.events)(Event::DeviceCodeFailed(&error));
                    }
                },
            }
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Address(address) => bring(&self.by_hand, &address, self.events),
            Input::DeviceCode if self.device.is_some() => {}
            Input::DeviceCode => {
                let grant = device_grant(self.client, self.timeout, self.events);
                self.device = Some(Box::pin(grant));
            }
        }
    }

    async fn device_ends(&mut self) -> Result<DeviceGrant, Error> {
        match &mut self.device {
            Some(device) => device.await,
            None => pending().await,
        }
    }
}
