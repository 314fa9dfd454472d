//! Signs in at any provider, and prints what it got.
//!
//! ```text
//! cargo run -p native-oauth --example sign_in -- --issuer https://id.example.com --client-id my-app --scope openid
//! ```

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

use std::error::Error;
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Parser, ValueEnum};
use credentials::{Claims, ClientSecret};
use native_oauth::{
    BindOptions, Client, ClientAuthentication, DpopKey, Event, HttpClient, Options, Provider,
    RedirectHost, Revocable, SignIn, TokenResponse, Url, open_browser,
};
use serde_json::json;

#[derive(Parser)]
pub(crate) struct Arguments {
    /// The provider, whose metadata names its endpoints, unless they are given
    #[arg(long, value_name = "URL", required_unless_present = "authorization_endpoint")]
    issuer: Option<String>,
    /// The authorization endpoint of a provider without metadata
    #[arg(long, value_name = "URL", requires = "token_endpoint")]
    authorization_endpoint: Option<Url>,
    /// The token endpoint of a provider without metadata
    #[arg(long, value_name = "URL", requires = "authorization_endpoint")]
    token_endpoint: Option<Url>,
    /// The client id
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// A file with the client secret
    #[arg(long, value_name = "FILE", requires = "client_auth")]
    client_secret_file: Option<PathBuf>,
    /// How the client sends its secret
    #[arg(long, value_name = "METHOD", requires = "client_secret_file")]
    client_auth: Option<Authentication>,
    /// A scope to request; can be repeated
    #[arg(long = "scope", value_name = "S")]
    scopes: Vec<String>,
    /// The host of the redirect URI
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1")]
    redirect_host: Host,
    /// The port of the redirect URI; 0 is any free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    port: u16,
    /// The path of the redirect URI
    #[arg(long, value_name = "P", default_value = "/callback")]
    path: String,
    /// How the provider returns the code
    #[arg(long, value_name = "MODE")]
    response_mode: Option<ResponseMode>,
    /// Push the authorization request to the provider (RFC 9126)
    #[arg(long)]
    par: bool,
    /// Bind the tokens to a key (RFC 9449)
    #[arg(long)]
    dpop: bool,
    /// Sign in with a code on another device (RFC 8628)
    #[arg(long)]
    device: bool,
    /// Refresh the tokens afterwards
    #[arg(long)]
    refresh: bool,
    /// Revoke them at the end
    #[arg(long)]
    revoke: bool,
    /// Only print the address
    #[arg(long)]
    no_browser: bool,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Authentication {
    ClientSecretBasic,
    ClientSecretPost,
}

#[derive(Clone, Copy, ValueEnum)]
enum Host {
    Localhost,
    #[value(name = "127.0.0.1")]
    Ipv4,
    #[value(name = "::1")]
    Ipv6,
}

#[derive(Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum ResponseMode {
    FormPost,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let http = HttpClient::new(Options::new("native-oauth-example/1.0"));
    let provider = arguments.provider(&http).await?;
    let has_keys = provider.jwks_uri.is_some();
    let client = Client::new(http, provider, &arguments.client_id)
        .with_authentication(arguments.authentication()?);
    let client = match arguments.dpop {
        true => client.with_dpop(DpopKey::generate()?),
        false => client,
    };
    let mut sign_in =
        SignIn::new(client.clone()).scopes(&arguments.scopes).redirect(arguments.redirect());
    if has_keys && arguments.has_scope("openid") {
        sign_in = sign_in.require_signature();
    }
    if arguments.par {
        sign_in = sign_in.push_request();
    }
    // A provider issues a refresh token only if the person agrees (OpenID Connect Core, section 11).
    if arguments.has_scope("offline_access") && !arguments.device {
        sign_in = sign_in.prompt("consent");
    }
    let tokens = if arguments.device {
        sign_in.run_by_device_code(&|event| show_device_code(&event)).await?
    } else {
        let no_browser = arguments.no_browser;
        sign_in
            .run(move |url| {
                eprintln!("Open this address to sign in:\n{url}");
                if !no_browser && let Err(error) = open_browser(url) {
                    eprintln!("{error}");
                }
                Ok(())
            })
            .await?
    };
    let document = finish(&arguments, &client, tokens).await?;
    println!("{document}");
    Ok(())
}

impl Arguments {
    pub(crate) async fn provider(&self, http: &HttpClient) -> Result<Provider, Box<dyn Error>> {
        match (&self.issuer, &self.authorization_endpoint, &self.token_endpoint) {
            (issuer, Some(authorization), Some(token)) => {
                // A callback or an ID token can name the issuer, and it must then be this one.
                let origin = || authorization.origin().ascii_serialization();
                let issuer = issuer.clone().unwrap_or_else(origin).parse()?;
                Ok(Provider::new(issuer, authorization.clone(), token.clone()))
            }
            (issuer, ..) => {
                Ok(Provider::discover(http, issuer.as_deref().unwrap_or_default()).await?)
            }
        }
    }

    fn has_scope(&self, name: &str) -> bool {
        self.scopes.iter().flat_map(|scopes| scopes.split(' ')).any(|scope| scope == name)
    }

    fn authentication(&self) -> Result<ClientAuthentication, Box<dyn Error>> {
        let Some(file) = &self.client_secret_file else { return Ok(ClientAuthentication::None) };
        let secret = ClientSecret::new(fs::read_to_string(file)?.trim_end_matches(['\r', '\n']))?;
        Ok(match self.client_auth {
            Some(Authentication::ClientSecretPost) => ClientAuthentication::SecretPost(secret),
            _ => ClientAuthentication::SecretBasic(secret),
        })
    }

    fn redirect(&self) -> BindOptions {
        let host = match self.redirect_host {
            Host::Localhost => RedirectHost::Localhost,
            Host::Ipv4 => RedirectHost::Ipv4,
            Host::Ipv6 => RedirectHost::Ipv6,
        };
        let redirect = BindOptions::new(&self.path).ports([self.port]).redirect_host(host);
        match self.response_mode {
            Some(ResponseMode::FormPost) => redirect.form_post(),
            None => redirect,
        }
    }
}

fn show_device_code(event: &Event<'_>) {
    if let Event::DeviceCode { verification_uri, verification_uri_complete, user_code, .. } = event
    {
        let address = verification_uri_complete.unwrap_or(verification_uri);
        eprintln!("Open this address on any device, and enter {user_code}:\n{address}");
    }
}

/// Refreshes and revokes, if asked for. Returns what to print.
async fn finish(
    arguments: &Arguments,
    client: &Client,
    tokens: TokenResponse,
) -> Result<serde_json::Value, Box<dyn Error>> {
    let claims = match &tokens.id_token {
        Some(id_token) => Some(<Claims>::decode_id_token_without_verifying(id_token)?),
        None => None,
    };
    let (mut access_token, mut refresh_token) = (tokens.access_token, tokens.refresh_token);
    let has_refresh_token = refresh_token.is_some();
    let mut refreshed = false;
    if let Some(token) = refresh_token.as_ref().filter(|_| arguments.refresh) {
        let new = client.refresh(token).await?;
        if let (Some(id_token), Some(before)) = (&new.id_token, &claims) {
            client.validate_refreshed_id_token(id_token, before, now())?;
        }
        refreshed = new.access_token.is_some();
        access_token = new.access_token.unwrap_or(access_token);
        refresh_token = new.refresh_token.or(refresh_token);
    }
    if arguments.revoke {
        let refresh_token = refresh_token.as_ref().map(Revocable::RefreshToken);
        client.revoke(refresh_token.unwrap_or(Revocable::AccessToken(&access_token))).await?;
    }
    Ok(json!({
        "sub": claims.and_then(|claims| claims.sub),
        "scope": tokens.scope.unwrap_or_else(|| arguments.scopes.join(" ")),
        "expires_in": tokens.expires_in.map(|it| it.as_secs()),
        "id_token": tokens.id_token.is_some(),
        "refresh_token": has_refresh_token,
        "refreshed": refreshed,
        "revoked": arguments.revoke,
    }))
}

#[expect(clippy::disallowed_methods, reason = "a program has the clock of the system")]
fn now() -> SystemTime {
    SystemTime::now()
}
