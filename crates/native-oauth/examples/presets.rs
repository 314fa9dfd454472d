//! Signs in with Google, Microsoft or GitHub. What each of them needs is data: copy the preset into your
//! program, and register a client of your own there.
//!
//! ```text
//! cargo run -p native-oauth --example presets -- google --client-id ID --client-secret-file FILE
//! ```

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use clap::Parser;
use native_oauth::{
    BindOptions, Client, ClientAuthentication, ClientSecret, HttpClient, Options, Provider,
    RedirectHost, SignIn, open_browser,
};

/// What a sign-in at one provider needs.
pub(crate) struct Preset {
    pub(crate) name: &'static str,
    issuer: &'static str,
    endpoints: Endpoints,
    scopes: &'static [&'static str],
    parameters: &'static [(&'static str, &'static str)],
    /// The redirect URI to register, without a port: each port is then accepted.
    redirect_host: RedirectHost,
    redirect_path: &'static str,
}

enum Endpoints {
    /// From the metadata of the issuer.
    Discovered,
    /// The same, with an issuer for each tenant.
    DiscoveredForAnyTenant,
    /// The provider has no metadata.
    Known { authorization: &'static str, token: &'static str, device: &'static str },
}

pub(crate) const PRESETS: [Preset; 3] = [
    // Register a client of the type "Desktop app". Its secret is not confidential. The two parameters
    // request a refresh token.
    Preset {
        name: "google",
        issuer: "https://accounts.google.com",
        endpoints: Endpoints::Discovered,
        scopes: &["openid", "email"],
        parameters: &[("access_type", "offline"), ("prompt", "consent")],
        redirect_host: RedirectHost::Ipv4,
        redirect_path: "",
    },
    // Register a "public client/native" with http://localhost, for accounts in any directory. It has no
    // secret. To accept one tenant, replace `common` by its id, and take `Endpoints::Discovered`.
    Preset {
        name: "microsoft",
        issuer: "https://login.microsoftonline.com/common/v2.0",
        endpoints: Endpoints::DiscoveredForAnyTenant,
        scopes: &["openid", "email", "offline_access"],
        parameters: &[],
        redirect_host: RedirectHost::Localhost,
        redirect_path: "",
    },
    // Register an OAuth app with http://127.0.0.1/callback. Its secret is needed in the browser flow; the
    // device flow, which has to be enabled, works without. There is no ID token.
    Preset {
        name: "github",
        issuer: "https://github.com/login/oauth",
        endpoints: Endpoints::Known {
            authorization: "https://github.com/login/oauth/authorize",
            token: "https://github.com/login/oauth/access_token",
            device: "https://github.com/login/device/code",
        },
        scopes: &["read:user"],
        parameters: &[],
        redirect_host: RedirectHost::Ipv4,
        redirect_path: "/callback",
    },
];

impl Preset {
    pub(crate) async fn provider(&self, http: &HttpClient) -> Result<Provider, Box<dyn Error>> {
        Ok(match self.endpoints {
            Endpoints::Discovered => Provider::discover(http, self.issuer).await?,
            Endpoints::DiscoveredForAnyTenant => {
                Provider::discover_any_tenant(http, self.issuer).await?
            }
            Endpoints::Known { authorization, token, device } => {
                let (issuer, token) = (self.issuer.parse()?, token.parse()?);
                let mut provider = Provider::new(issuer, authorization.parse()?, token);
                provider.device_authorization_endpoint = Some(device.parse()?);
                provider
            }
        })
    }

    pub(crate) fn sign_in(&self, client: Client) -> SignIn {
        let redirect = BindOptions::new(self.redirect_path).redirect_host(self.redirect_host);
        let sign_in = SignIn::new(client).scopes(self.scopes.iter().copied()).redirect(redirect);
        let parameters = self.parameters.iter();
        parameters.fold(sign_in, |sign_in, (name, value)| sign_in.parameter(*name, *value))
    }
}

#[derive(Parser)]
struct Arguments {
    /// google, microsoft or github
    provider: String,
    /// The id of your client
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// A file with its secret
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let preset = PRESETS.iter().find(|preset| preset.name == arguments.provider);
    let preset = preset.ok_or("the providers are google, microsoft and github")?;
    let http = HttpClient::new(Options::new("native-oauth-example/1.0"));
    let provider = preset.provider(&http).await?;
    let mut client = Client::new(http, provider, arguments.client_id);
    if let Some(file) = arguments.client_secret_file {
        let secret = ClientSecret::new(fs::read_to_string(file)?.trim_end())?;
        client = client.with_authentication(ClientAuthentication::SecretPost(secret));
    }
    let tokens = preset.sign_in(client).run(|url| {
        eprintln!("Open this address to sign in:\n{url}");
        open_browser(url).or(Ok(()))
    });
    let tokens = tokens.await?;
    let has_refresh_token = tokens.refresh_token.is_some();
    println!("signed in, with a refresh token: {has_refresh_token}");
    Ok(())
}
