//! What `--help` says after the options: examples, environment variables and exit codes.

use std::fmt::Write as _;

use clap::builder::{StyledStr, Styles};

/// A space at which clap does not break a line, so that a command can be copied.
const NO_BREAK_SPACE: &str = "\u{a0}";

/// The text with the headings that clap uses for options.
pub(super) fn help(text: &str) -> StyledStr {
    let header = *Styles::styled().get_header();
    let mut styled = StyledStr::new();
    for line in text.lines() {
        let _ = match line.trim_start() {
            heading if heading == line => writeln!(styled, "{header}{line}{header:#}"),
            command if command.contains("login-cli") => {
                writeln!(styled, "      {}", command.replace(' ', NO_BREAK_SPACE))
            }
            _ => writeln!(styled, "{line}"),
        };
    }
    styled
}

/// The text of clap, after it has broken the lines.
pub(crate) fn with_plain_spaces(text: &str) -> String {
    text.replace(NO_BREAK_SPACE, " ")
}
