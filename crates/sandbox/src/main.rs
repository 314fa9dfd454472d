//! The sandbox as a program: `cargo run -p sandbox`, and Ctrl-C to end it.

use std::error::Error;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{self, ExitCode};

use clap::Parser;
use sandbox::{Account, Endpoint, Listeners, Recorded, Sandbox, Scenario, Tls};
use tempfile::NamedTempFile;

/// A local issuer and platform in the shape of OpenAI's. All people in it are invented.
#[derive(Debug, Parser)]
struct Arguments {
    /// The port to listen on; a free one unless given
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// A second port, for the platform API alone
    #[arg(long, value_name = "N")]
    api_port: Option<u16>,
    /// Speak TLS, with a certificate authority made for this run
    #[arg(long)]
    tls: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let cause = error.source().map(|cause| format!(": {cause}"));
            say(&format!("error: {error}{}", cause.unwrap_or_default()));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let scenario = scenario(arguments);
    let accounts = scenario.accounts.clone();
    let sandbox = Sandbox::start_observed(scenario, log).await?;
    // The Ctrl-C handler is installed at the first poll, so poll now.
    let stop = tokio::spawn(tokio::signal::ctrl_c());
    tokio::task::yield_now().await;
    let ca_file = sandbox.ca_pem().map(write_ca_file).transpose()?;
    say(&welcome(&sandbox, ca_file.as_ref().map(NamedTempFile::path), &accounts));
    stop.await??;
    sandbox.stop().await;
    say("\nStopped.");
    Ok(())
}

fn scenario(arguments: &Arguments) -> Scenario {
    Scenario {
        port: arguments.port.unwrap_or_default(),
        api_port: arguments.api_port.unwrap_or_default(),
        listeners: arguments.api_port.map_or(Listeners::Shared, |_| Listeners::Separate),
        tls: if arguments.tls { Tls::On } else { Tls::Off },
        ..Scenario::default()
    }
}

/// A file with the CA certificate, which is removed at the end.
fn write_ca_file(pem: &str) -> io::Result<NamedTempFile> {
    let mut file =
        tempfile::Builder::new().prefix("openai-sandbox-ca-").suffix(".pem").tempfile()?;
    file.write_all(pem.as_bytes())?;
    Ok(file)
}

fn welcome(sandbox: &Sandbox, ca_file: Option<&Path>, accounts: &[Account]) -> String {
    let (issuer, api) = (sandbox.issuer_url(), sandbox.api_url());
    let ca = ca_file.map(|path| path.display().to_string());
    let ca_line = ca.as_ref().map(|path| format!("\n  CA file   {path}"));
    let ca_flag = ca.as_ref().map(|path| format!(" --ca-file \"{path}\""));
    let (ca_line, ca_flag) = (ca_line.unwrap_or_default(), ca_flag.unwrap_or_default());
    let home = std::env::temp_dir().join(format!("openai-sandbox-home-{}", process::id()));
    let home = home.display();
    let who = |account: &Account| format!("\n  {:<22}{}", account.email, account.label);
    let who: String = accounts.iter().map(who).collect();
    format!(
        r#"The sandbox is running.

  issuer    {issuer}
  API base  {api}{ca_line}

Point login-cli at it from another terminal, with a folder of its own so that your credentials stay
as they are:

  cargo run -p login-cli -- login --codex-home "{home}" --issuer {issuer}{ca_flag}
  cargo run -p login-cli -- create-key --codex-home "{home}" --issuer {issuer} --api-base {api}{ca_flag}

The sign-in page offers:
{who}

Every request is a line below. Ctrl-C stops the sandbox.
"#
    )
}

/// One line for a request, without its query and its body: they contain the secrets.
fn log(request: &Recorded, status: Option<u16>) {
    let outcome = status.map_or("connection ended".to_owned(), |status| status.to_string());
    let grant = match request.endpoint {
        Endpoint::TokenCode => "  (authorization code)",
        Endpoint::TokenRefresh => "  (refresh token)",
        Endpoint::TokenExchange => "  (ID token for an API key)",
        _ => "",
    };
    let Recorded { method, path, .. } = request;
    say(&format!("{method:<5}{path}  {outcome}{grant}"));
}

/// An error of the terminal is ignored.
fn say(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}
