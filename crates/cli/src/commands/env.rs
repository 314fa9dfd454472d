use serde_json::{Map, Value};
use terminal_ui::{Hint, say};

use super::assignment::assignments;
use super::variables::Variables;
use crate::args::{EnvArgs, EnvFormat};
use crate::context::Context;
use crate::error::CliError;
use crate::events::Reporter;
use crate::output::columns;

/// `login-cli env`. A failure prints nothing on standard output, so that `eval` runs nothing.
pub(crate) fn run(args: &EnvArgs, context: &Context) -> Result<(), CliError> {
    let format = args.format.unwrap_or_default();
    if context.args.json.is_some() && !matches!(args.format, None | Some(EnvFormat::Json)) {
        return Err(CliError::Usage("--json prints JSON: leave out --format".to_owned()));
    }
    let variables = Variables::load(&args.variables, &Reporter::new(context), context)?;
    context.output.document(|| document(&variables))?;
    if context.args.json.is_some() {
        return Ok(());
    }
    let lines = assignments(format, variables.iter()).map_err(CliError::Usage)?;
    context.output.text(|| lines)?;
    if let Some(usage) = usage(format).filter(|_| columns().is_some()) {
        context.terminal.hint(&context.to_text(&usage));
    }
    Ok(())
}

fn document(variables: &Variables) -> Value {
    let entries = variables.iter().map(|(name, value)| (name.to_owned(), value.into()));
    Value::Object(entries.collect::<Map<_, _>>())
}

/// How a shell runs the lines that a terminal only shows.
fn usage(format: EnvFormat) -> Option<Hint> {
    let say_eval = || say("to set the variables in this shell, run ");
    match format {
        EnvFormat::Sh => Some(say_eval().then("eval\u{a0}\"$(").run("env").then(")\"")),
        EnvFormat::Fish => Some(say_eval().run("env --format fish | source")),
        EnvFormat::Powershell => {
            Some(say_eval().run("env --format powershell | Invoke-Expression"))
        }
        EnvFormat::Dotenv | EnvFormat::Json => None,
    }
}
