//! What the user enters during the wait for the browser: the URL where it ended, or a request for a device
//! code. The user types it, or a program writes it to standard input.

use std::ops::ControlFlow;

use login::{UserInput, UserInputs};
use terminal_ui::{Keyboard, read_lines};
use tokio::sync::mpsc::unbounded_channel;
use zeroize::Zeroizing;

/// The line by which a program asks for a device code; every other line is a URL.
const DEVICE: &str = "device";

/// From the keyboard, until it is dropped; `None` without a terminal. The device key requests a
/// device code.
pub(crate) fn from_keyboard(device_key: Option<char>) -> Option<(Keyboard, UserInputs)> {
    let (sender, inputs) = unbounded_channel();
    let on_input = move |typed| {
        let input = match typed {
            terminal_ui::Input::Shortcut => Some(UserInput::DeviceCode),
            terminal_ui::Input::Line(line) => text(&line).map(UserInput::CallbackUrl),
        };
        // After the sign-in has ended, nothing receives it.
        input.into_iter().for_each(|input| drop(sender.send(input)));
    };
    let keyboard = Keyboard::listen(device_key, on_input)?;
    Some((keyboard, inputs))
}

/// From a program, line by line. The end of its lines is no end of the sign-in.
pub(crate) fn from_program() -> UserInputs {
    let (sender, inputs) = unbounded_channel();
    read_lines(move |line| match from_line(&line).map(|input| sender.send(input)) {
        Some(Err(_)) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    inputs
}

/// What a line of a program is; `None` for an empty line. The fuzz target `stream_input` calls it.
pub(crate) fn from_line(line: &[u8]) -> Option<UserInput> {
    let text = text(line)?;
    let is_device = text.trim() == DEVICE;
    Some(if is_device { UserInput::DeviceCode } else { UserInput::CallbackUrl(text) })
}

/// `None` for an empty line.
fn text(line: &[u8]) -> Option<Zeroizing<String>> {
    let text = Zeroizing::new(String::from_utf8_lossy(line).into_owned());
    (!text.trim().is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_is_a_url_or_a_request_for_a_device_code() {
        let kind = |line: &str| format!("{:?}", from_line(line.as_bytes()));
        assert_eq!(kind("device\n"), "Some(DeviceCode)");
        assert_eq!(kind("http://localhost:1455/?device\n"), "Some(CallbackUrl([redacted]))");
        assert_eq!(kind(" \n"), "None");
    }
}
