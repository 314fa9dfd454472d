use std::io;
use std::process::{Command, ExitCode};

use super::token;
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
    let document = match &args.access_token_env {
        Some(_) => {
            let reporter = Reporter { has_json: false, ..Reporter::new(context) };
            token::valid(&reporter, context)?
        }
        None => token::stored(&context.profiles()?)?,
    };
    if let Some(name) = &args.access_token_env {
        command.env(name, token::access_token(&document)?.expose());
    }
    match (token::api_key(&document), &args.access_token_env) {
        (Ok(key), _) => drop(command.env("OPENAI_API_KEY", key.expose())),
        // The token was requested, and a key from elsewhere could be that of another account.
        (Err(_), Some(_)) => drop(command.env_remove("OPENAI_API_KEY")),
        (Err(error), None) => return Err(error),
    }
    context.core_dump_limit.restore();
    become_it(command).map_err(|source| CliError::NotStarted { program: program.clone(), source })
}

#[cfg(unix)]
fn become_it(mut command: Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt as _;
    Err(command.exec())
}

#[cfg(not(unix))]
fn become_it(mut command: Command) -> io::Result<ExitCode> {
    let code = command.status()?.code();
    Ok(code.and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
