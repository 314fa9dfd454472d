use clap::ValueEnum as _;
use serde_json::json;

use crate::args::CompletionsArgs;
use crate::completions::script;
use crate::context::Context;
use crate::error::CliError;

/// `login-cli completions`.
pub(crate) fn run(args: &CompletionsArgs, context: &Context) -> Result<(), CliError> {
    let (shell, script) = (args.shell.to_possible_value(), script(args.shell));
    let name = || shell.map(|it| it.get_name().to_owned());
    let output = &context.output;
    output.document(|| json!({ "shell": name(), "script": script }))?;
    Ok(output.text(|| script.trim_end())?)
}
