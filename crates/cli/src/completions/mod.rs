//! What a shell offers at TAB.
//!
//! A script in the shell (`scripts/`) asks by starting this program with [`WORD`], the words before the
//! cursor, and the one at the cursor behind an `@`, since some shells drop an argument that is empty.
//! The answer is a line for each word that fits, `VALUE DESCRIPTION`, where no value has a space in it;
//! or one that leaves it to the shell: `:files`, `:folders`, `:commands`. The answers come from the definition of the command line,
//! so that a script which somebody has kept knows what an update has brought; and no script evaluates
//! what is being typed.
//!
//! An answer names options, folders and programs of this machine. It asks no server and no vault, reads
//! no credentials, and where something is wrong it is empty: nobody has asked for an error yet.

use std::process::ExitCode;

use crate::args::{Color, Shell, definition};
use crate::output::Output;
use cursor::Cursor;

mod cursor;
mod values;

/// The first argument of a question. Not a command, because nobody is meant to type it.
const WORD: &str = "__complete";

/// The script that asks, for whoever uses `shell`.
pub(crate) fn script(shell: Shell) -> &'static str {
    match shell {
        Shell::Bash => include_str!("scripts/login-cli.bash"),
        Shell::Zsh => include_str!("scripts/login-cli.zsh"),
        Shell::Fish => include_str!("scripts/login-cli.fish"),
        Shell::Powershell => include_str!("scripts/login-cli.ps1"),
        Shell::Elvish => include_str!("scripts/login-cli.elv"),
    }
}

/// The words before the cursor and the one at it, where this is a question.
pub(crate) fn asked_for() -> Option<Vec<String>> {
    let mut words = std::env::args_os().skip(1);
    let is_question = words.next()? == WORD;
    is_question.then(|| words.map(|word| word.to_string_lossy().into_owned()).collect())
}

/// Answers. Whatever is wrong, the answer is shorter and never an error.
pub(crate) fn answer(words: &[String]) -> ExitCode {
    if let Some((last, before)) = words.split_last()
        && let Some(typed) = last.strip_prefix('@')
    {
        let output = Output::new(None, Color::Never);
        // The shell may have stopped reading.
        let _ = output.text(|| candidates(before, typed).join("\n"));
    }
    ExitCode::SUCCESS
}

/// A line for each word that may stand at the cursor.
fn candidates(words: &[String], typed: &str) -> Vec<String> {
    let mut program = definition();
    program.build();
    Cursor::after(words, &program).candidates(typed)
}

#[cfg(test)]
mod tests;
