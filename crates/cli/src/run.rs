use std::process::ExitCode;

use clap::ColorChoice;
use terminal_ui::CommandPrefix;

use crate::args::{Cli, EarlyExit, with_plain_spaces};
use crate::context::Context;
use crate::error::CliError;
use crate::output::Output;
use crate::{browser_process, commands, completions, logging, panic};

/// Runs the command line, and returns the exit code. It takes over the process: its arguments,
/// terminal, signals and panics.
pub fn run() -> ExitCode {
    panic::install_panic_hook();
    if browser_process::is_launcher() {
        return browser_process::open_apart();
    }
    if let Some(words) = completions::completion_words() {
        return completions::print(&words);
    }
    let (command, args) = match Cli::from_command_line() {
        Ok(command) => command,
        Err(early_exit) => exit_early(early_exit),
    };
    let context = Context::new(&command, args);
    logging::start(context.args.verbose, context.terminal);
    commands::run(&command, &context).unwrap_or_else(|error| report(&error, &context))
}

/// Prints an error to both outputs. The reader of a list may close it early, as `head` does: that is
/// not reported.
fn report(error: &CliError, context: &Context) -> ExitCode {
    if !matches!(error, CliError::ReaderGone) {
        let hint = error.hint().map(|hint| context.to_text(&hint));
        if error.is_cancelled() {
            context.terminal.say(&error.message());
            hint.iter().for_each(|hint| context.terminal.hint(hint));
        } else {
            context.terminal.error(&error.message(), hint.as_deref());
        }
        context.output.error(&context.to_json(error));
    }
    ExitCode::from(error.exit_code())
}

/// Prints help, the version or a usage error.
fn exit_early((error, json): EarlyExit) -> ! {
    if error.use_stderr() {
        let text = error.to_string();
        let what = text.split("\n\n").next().unwrap_or_default().trim_start_matches("error: ");
        // In one line.
        let what = what.split_whitespace().collect::<Vec<_>>().join(" ");
        let document = CliError::Usage(what).to_json(&CommandPrefix::default());
        Output::new(json, ColorChoice::Auto).error(&document);
        error.exit()
    }
    let help = with_plain_spaces(&error.render().ansi().to_string());
    // If standard output is closed, there is nowhere to report it.
    let _ = Output::new(None, ColorChoice::Auto).styled(&help);
    std::process::exit(error.exit_code())
}
