//! The ways of one sign-in, which are open at the same time. Whichever brings a grant first wins; the
//! others end with it.

use std::cell::Cell;
use std::future::pending;
use std::pin::{Pin, pin};
use std::time::Duration;

use oauth_callback_server::{BrowserResponder, PastedCallback, WaitError};
use token_client::TokenClient;

use super::device::device_grant;
use crate::authorization::{AwaitedCallback, Grant};
use crate::error::Error;
use crate::event::{Event, Events};
use crate::input::{Input, Inputs, bring, next};
use crate::openai::{DeviceGrant, Tokens, exchange_device_grant};

/// What a sign-in is completed with.
pub(super) enum Granted {
    /// The callback, and the browser that is to be told.
    ByCallback(Grant, BrowserResponder),
    /// What came of a device code. There is no browser here that could be told.
    ByDevice(DeviceGrant),
}

impl Granted {
    /// The grant is spent by it.
    pub(super) async fn exchange(&self, client: &TokenClient) -> Result<Tokens, Error> {
        let tokens = match self {
            Self::ByCallback(grant, _) => client.exchange_code(&grant.code_exchange()).await,
            Self::ByDevice(grant) => exchange_device_grant(client, grant).await,
        };
        tokens.and_then(Tokens::try_from).map_err(Error::Code)
    }

    pub(super) fn browser(self) -> Option<BrowserResponder> {
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
    let pasted_url = callback.pasted_url();
    let (has_device, is_alone) = (Cell::new(false), Cell::new(false));
    let (has, alone) = (&has_device, &is_alone);
    let other_ways = OtherWays { pasted_url, client, timeout, events, device: None, has, alone };
    let mut other_ways = pin!(other_ways.granted(inputs));
    let callback = tokio::select! {
        biased;
        granted = callback.granted(events) => granted,
        grant = &mut other_ways => return grant.map(Granted::ByDevice),
    };
    match callback {
        Ok((grant, browser)) => Ok(Granted::ByCallback(grant, browser)),
        // Who types a code on another device has the time that was promised for that.
        Err(Error::Callback(WaitError::TimedOut { .. })) if has_device.get() => {
            is_alone.set(true);
            other_ways.await.map(Granted::ByDevice)
        }
        Err(error) => Err(error),
    }
}

struct OtherWays<'a> {
    pasted_url: PastedCallback,
    client: &'a TokenClient,
    timeout: Duration,
    events: Events<'a>,
    /// The device code that is waited for, if there is one.
    device: Option<DeviceWait<'a>>,
    /// Whether there is one, for who waits for the callback.
    has: &'a Cell<bool>,
    /// Whether nobody waits for the callback any more.
    alone: &'a Cell<bool>,
}

type DeviceWait<'a> = Pin<Box<dyn Future<Output = Result<DeviceGrant, Error>> + 'a>>;

impl OtherWays<'_> {
    /// Ends with the grant of a device. What goes wrong here is told, and leaves the callback to be
    /// waited for; where that is over, it is the end.
    async fn granted(mut self, mut inputs: Option<Inputs>) -> Result<DeviceGrant, Error> {
        loop {
            tokio::select! {
                input = next(&mut inputs) => self.take(input),
                outcome = self.device_ends() => match outcome {
                    Err(error) if !self.alone.get() => {
                        self.device = None;
                        self.has.set(false);
                        (self.events)(Event::DeviceCodeFailed(&error));
                    }
                    outcome => return outcome,
                },
            }
        }
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::Address(address) => bring(&self.pasted_url, &address, self.events),
            Input::DeviceCode if self.device.is_some() => {}
            Input::DeviceCode => {
                let grant = device_grant(self.client, self.timeout, self.events);
                self.device = Some(Box::pin(grant));
                self.has.set(true);
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
