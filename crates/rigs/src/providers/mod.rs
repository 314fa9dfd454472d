//! The example of `native-oauth` against servers that this project has not written: npm's `oidc-provider`, which is
//! certified, a provider on Authlib from `PyPI`, and one that behaves as GitHub does. Some of them refuse.

mod case;
mod example;
mod server;

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use url::{Position, Url};

use crate::{parallel, program};
use case::{CASES, Case};
use example::Example;
use server::Tools;

const OPENID: [&str; 6] = ["--scope", "openid", "--scope", "email", "--scope", "offline_access"];

/// Runs each case, and prints which parts of the protocol the server saw.
///
/// # Errors
///
/// A server cannot be started, or a sign-in does not end as expected.
pub(crate) fn run(root: &Path, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let tools = Tools::find(root)?;
    let example = program::build_example(root, "native-oauth", "sign_in")?;
    let numbers: Vec<usize> = (0..CASES.len()).collect();
    let mut rows = parallel::each(&numbers, |number| {
        let case = &CASES[*number];
        Ok((*number, tools.missing(case.server).ok_or_else(|| row(case, &tools, &example))))
    })
    .map_err(|error| error.to_string())?;
    rows.sort_by_key(|(number, _)| *number);
    let mut failures = Vec::new();
    for (number, row) in rows {
        let case = CASES[number].name();
        match row {
            Ok(package) => crate::skipped(&format!("{case}: there is no {package} here")),
            Err(Ok(seen)) => writeln!(out, "✓ {case:<84} {seen}")?,
            Err(Err(error)) => {
                writeln!(out, "✗ {case:<84} {error}")?;
                failures.push(case);
            }
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

/// What the server saw, or what went wrong.
fn row(case: &Case, tools: &Tools, example: &Path) -> Result<String, String> {
    sign_in(case, tools, example).map_err(|error| error.to_string())
}

fn sign_in(case: &Case, tools: &Tools, example: &Path) -> Result<String, Box<dyn Error>> {
    let mut server = tools.server(case.server)?;
    let mut command = Command::new(example);
    command.args(&server.arguments).args(case.client.arguments()).args(case.arguments);
    command.arg("--no-browser");
    let mut secret_file = tempfile::NamedTempFile::new()?;
    if let Some(secret) = case.client.secret() {
        secret_file.write_all(secret.as_bytes())?;
        command.arg("--client-secret-file").arg(secret_file.path());
    }
    if case.server.requests_openid_scope() {
        command.args(OPENID);
    }
    let mut example = Example::start(&mut command)?;
    if let Some(address) = example.address()? {
        let page = tools.browser()?.ask(&address)?;
        // Then the example waits for its callback in vain.
        let host = &Url::parse(&address)?[Position::BeforeHost..Position::AfterPort];
        if !case.is_device() && page["host"].as_str().is_none_or(|it| it == host) {
            return Err(format!("the browser ends at a page of the server: {page}").into());
        }
    }
    let ended = example.finish()?;
    let seen = server.seen()?;
    case.difference(&ended, &seen).map_or_else(|| Ok(seen.join(", ")), |it| Err(it.into()))
}
