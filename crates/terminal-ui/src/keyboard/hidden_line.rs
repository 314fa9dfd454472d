use std::io;

use tokio::sync::mpsc::unbounded_channel;
use zeroize::Zeroizing;

use super::{Expected, Input, Keyboard};
use crate::terminal::Terminal;

/// Prompts for a secret, and reads a line without an echo.
///
/// Enter or Ctrl-D ends the line. Input that follows without a pause belongs to the same paste, and so to the line:
/// it must not become a command for the shell. Dropping the future restores the terminal and discards unread input.
///
/// # Errors
///
/// The terminal cannot be read.
pub async fn read_hidden_line(terminal: Terminal, prompt: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let (sender, mut inputs) = unbounded_channel();
    let on_input = move |input| drop(sender.send(input));
    // Before the prompt, so that no typed character is shown.
    let _keyboard = Keyboard::start(Expected::Secret, on_input)?;
    terminal.say(prompt);
    match inputs.recv().await.transpose()? {
        Some(Input::Line(line)) => Ok(line),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
