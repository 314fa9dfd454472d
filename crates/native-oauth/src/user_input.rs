use std::fmt;
use std::future::pending;

use tokio::sync::mpsc::UnboundedReceiver;
use zeroize::Zeroizing;

/// What the person enters during the wait for the callback.
#[non_exhaustive]
pub enum UserInput {
    /// The URL on which a browser on another machine ended. It contains the code.
    CallbackUrl(Zeroizing<String>),
    /// A request for a code that the person types on another device
    /// ([RFC 8628](https://www.rfc-editor.org/rfc/rfc8628)).
    DeviceCode,
}

/// The channel of the inputs. Closing it means that no more input follows.
pub type UserInputs = UnboundedReceiver<UserInput>;

impl fmt::Debug for UserInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CallbackUrl(_) => "CallbackUrl([redacted])",
            Self::DeviceCode => "DeviceCode",
        })
    }
}

/// The next input. Never returns once the channel is closed.
pub(crate) async fn next_input(inputs: &mut Option<UserInputs>) -> UserInput {
    if let Some(open) = inputs.as_mut() {
        if let Some(input) = open.recv().await {
            return input;
        }
        *inputs = None;
    }
    pending().await
}
