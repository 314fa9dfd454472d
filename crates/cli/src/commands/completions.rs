use clap::ValueEnum as _;
use serde_json::json;

use crate::args::CompletionsArgs;
use crate::completions::script;
use crate::failure::Failure;
use crate::setup::Setup;

/// `login-cli completions`.
pub(crate) fn run(args: &CompletionsArgs, setup: &Setup) -> Result<(), Failure> {
    let (shell, script) = (args.shell.to_possible_value(), script(args.shell));
    let name = || shell.map(|it| it.get_name().to_owned());
    let output = &setup.output;
    output.document(|| json!({ "shell": name(), "script": script })).map_err(Failure::Output)?;
    output.text(|| script.trim_end()).map_err(Failure::Output)
}
