use std::io;
use std::process::{Command, ExitCode};

use super::variables::Variables;
use crate::args::ExecArgs;
use crate::context::Context;
use crate::error::CliError;
use crate::events::Reporter;

/// `login-cli exec`. Where the system can, the program takes this one's place: signals, the terminal
/// and the exit code are its own.
pub(crate) fn run(args: &ExecArgs, context: &Context) -> Result<ExitCode, CliError> {
    let Some((program, arguments)) = args.program.split_first() else {
        return Ok(ExitCode::SUCCESS);
    };
    let mut command = Command::new(program);
    command.args(arguments);
    let reporter = Reporter { has_json: false, ..Reporter::new(context) };
    for (name, value) in Variables::load(&args.variables, &reporter, context)?.iter() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    context.interruption.check()?;
    context.core_dump_limit.restore();
    become_it(command).map_err(|source| CliError::NotStarted { program: program.clone(), source })
}

#[cfg(unix)]
fn become_it(mut command: Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec())
}

/// Ends with the program's exit code. On Windows it has 32 bits, and an [`ExitCode`] has 8.
#[cfg(not(unix))]
fn become_it(mut command: Command) -> io::Result<ExitCode> {
    let code = command.status()?.code();
    drop(command);
    std::process::exit(code.unwrap_or(1))
}
