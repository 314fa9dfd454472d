//! Completions of a shell.
//!
//! A script in the shell (`scripts/`) starts this program with [`WORD`], the words before the cursor, and the
//! word at the cursor after an `@`, since some shells drop an empty argument. The output has a line for
//! each word that fits, `VALUE DESCRIPTION`, where no value has a space; or one line that leaves the
//! completion to the shell: `:files`, `:folders`, `:commands`. It comes from the definition of the command
//! line, so an old script completes the options of a new version. No script evaluates the typed text.
//!
//! The output names options, folders and programs of this machine. No request is sent and no credential is
//! read. After an error, the output is empty.

use std::process::ExitCode;

use clap::ColorChoice;

use crate::args::{Shell, definition};
use crate::output::Output;
use cursor::Cursor;

mod cursor;
mod values;

/// The first argument. It is not a command for users.
const WORD: &str = "__complete";

/// The script for a shell.
pub(crate) fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("scripts/login-cli.bash"),
        Shell::Zsh => include_str!("scripts/login-cli.zsh"),
        Shell::Fish => include_str!("scripts/login-cli.fish"),
        Shell::Powershell => include_str!("scripts/login-cli.ps1"),
        Shell::Elvish => include_str!("scripts/login-cli.elv"),
    }
}

/// The words before the cursor and the one at it, if a script has started this program.
pub(crate) fn completion_words() -> Option<Vec<String>> {
    let mut words = std::env::args_os().skip(1);
    let is_completion = words.next()? == WORD;
    is_completion.then(|| words.map(|word| word.to_string_lossy().into_owned()).collect())
}

/// Prints the completions. It never fails.
pub(crate) fn print(words: &[String]) -> ExitCode {
    if let Some((last, before)) = words.split_last()
        && let Some(typed) = last.strip_prefix('@')
    {
        let output = Output::new(None, ColorChoice::Never);
        // The shell may have stopped reading.
        let _ = output.text(|| candidates(before, typed).join("\n"));
    }
    ExitCode::SUCCESS
}

/// A line for each word that fits at the cursor.
fn candidates(words: &[String], typed: &str) -> Vec<String> {
    let mut program = definition();
    program.build();
    Cursor::after(words, &program).candidates(typed)
}

#[cfg(test)]
mod tests;
