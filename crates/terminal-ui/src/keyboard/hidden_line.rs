use std::io;

use tokio::sync::mpsc::unbounded_channel;
use zeroize::Zeroizing;

use super::{Expected, Input, Keyboard};
use crate::terminal::Terminal;

/// Prompts for a secret, and reads a line that is not shown.
///
/// It ends with Enter or Ctrl-D. What follows without a pause is the rest of a paste, and part of the
/// line: its beginning may look whole, and its rest is no command for the shell. The terminal is given
/// back when the future is dropped, and what was not read is thrown away.
///
/// # Errors
///
/// The terminal cannot be read.
pub async fn read_hidden_line(terminal: Terminal, prompt: &str) -> io::Result<Zeroizing<Vec<u8>>> {
    let (sender, mut inputs) = unbounded_channel();
    let on_input = move |input| drop(sender.send(input));
    // Before the prompt, so that nothing is shown that follows it.
    let _keyboard = Keyboard::start(Expected::Secret, on_input)?;
    terminal.say(prompt);
    match inputs.recv().await.transpose()? {
        Some(Input::Line(line)) => Ok(line),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
