use login::platform::organizations;

use super::platform::{LIST_TIMEOUT, Row, organization_as_json, session, table};
use crate::args::PlatformArgs;
use crate::context::Context;
use crate::error::CliError;

/// `login-cli organizations`.
pub(crate) async fn run(args: &PlatformArgs, context: &Context) -> Result<(), CliError> {
    let session = session("list your organizations", args, context).await?;
    let organizations = organizations(&session, LIST_TIMEOUT).await?;
    let output = &context.output;
    let in_json = || organizations.iter().map(organization_as_json).collect();
    output.document(in_json)?;
    if organizations.is_empty() {
        context.terminal.say("This account has no organization.");
        return Ok(());
    }
    let rows: Vec<Row<'_>> = organizations.iter().map(Row::for_organization).collect();
    Ok(output.text(|| table(&rows).join("\n"))?)
}
