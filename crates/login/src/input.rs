use std::convert::Infallible;
use std::fmt;
use std::future::pending;

use oauth_callback_server::PastedCallback;
use tokio::sync::mpsc::UnboundedReceiver;
use zeroize::Zeroizing;

use crate::event::{Event, Events};

/// What a person does while the browser is awaited.
pub enum Input {
    /// They bring the address at which a browser on another machine ended. It holds the code.
    Address(Zeroizing<String>),
    /// They would rather type a code on another device
    /// ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)).
    DeviceCode,
}

/// Where inputs come from. When the other end is gone, none will come any more.
pub type Inputs = UnboundedReceiver<Input>;

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address(_) => "Address([redacted])",
            Self::DeviceCode => "DeviceCode",
        })
    }
}

/// Hands in an address, and tells why it is not the one.
pub(crate) fn bring(pasted_url: &PastedCallback, address: &str, events: Events<'_>) {
    if let Err(refusal) = pasted_url.submit(address) {
        events(Event::AddressRefused(refusal));
    }
}

/// Hands in every address that comes, and never ends. There is no other way here.
pub(crate) async fn bring_all(
    pasted_url: PastedCallback,
    inputs: Option<Inputs>,
    events: Events<'_>,
) -> Infallible {
    let mut inputs = inputs;
    loop {
        match next(&mut inputs).await {
            Input::Address(address) => bring(&pasted_url, &address, events),
            Input::DeviceCode => {}
        }
    }
}

/// The next input; waits for ever when none will come.
pub(crate) async fn next(inputs: &mut Option<Inputs>) -> Input {
    if let Some(input) = inputs.as_mut() {
        if let Some(input) = input.recv().await {
            return input;
        }
        *inputs = None;
    }
    pending().await
}
