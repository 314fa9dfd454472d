//! The styles of a person's text. Their names say what they mean.

use anstyle::{AnsiColor, Style};

/// What the eye should find.
pub const EMPHASIS: Style = Style::new().bold();
/// Something ended well.
pub const SUCCESS: Style = AnsiColor::Green.on_default().bold();
/// Something is wrong, and ends nothing.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// Something failed.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// What can be done.
pub const HINT: Style = AnsiColor::Cyan.on_default().bold();
/// A URL.
pub const URL: Style = Style::new().underline();
