use login::platform::organizations;

use super::platform::{LIST_TIMEOUT, Row, organization_as_json, session, table};
use crate::args::{PlatformArgs, SharedArgs};
use crate::failure::Failure;
use crate::setup::Setup;

/// `login-cli organizations`.
pub(crate) async fn run(
    args: &PlatformArgs,
    shared: &SharedArgs,
    setup: &Setup,
) -> Result<(), Failure> {
    let session = session("list your organizations", args, shared, setup).await?;
    let organizations = organizations(&session, LIST_TIMEOUT).await?;
    let output = &setup.output;
    let in_json = || organizations.iter().map(organization_as_json).collect();
    output.document(in_json).map_err(Failure::Output)?;
    if organizations.is_empty() {
        setup.terminal.say("This account has no organization.");
        return Ok(());
    }
    let rows: Vec<Row<'_>> = organizations.iter().map(Row::for_organization).collect();
    output.text(|| table(&rows).join("\n")).map_err(Failure::Output)
}
