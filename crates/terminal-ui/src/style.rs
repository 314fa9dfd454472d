//! The text styles.

use anstyle::{AnsiColor, Style};

/// Emphasis.
pub const EMPHASIS: Style = Style::new().bold();
/// A success.
pub const SUCCESS: Style = AnsiColor::Green.on_default().bold();
/// A warning.
pub const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// An error.
pub const ERROR: Style = AnsiColor::Red.on_default().bold();
/// A hint.
pub const HINT: Style = AnsiColor::Cyan.on_default().bold();
/// A URL.
pub const URL: Style = Style::new().underline();
