//! The example of `native-oauth` against servers that this project has not written: npm's `oidc-provider`, which is
//! certified, a provider on Authlib from `PyPI`, and one that behaves as GitHub does.

mod server;

use std::collections::BTreeSet;
use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::program;
use server::{Kind, Script, Tools};

/// What the example is started with, and what is expected of it.
struct Case {
    server: Kind,
    arguments: &'static [&'static str],
    /// The client, unless it is the public one.
    client: Client,
    /// What the server must have seen.
    uses: &'static [&'static str],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Client {
    Public,
    Basic,
    Post,
}

impl Client {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Public => &["--client-id", "public"],
            Self::Basic => &["--client-id", "basic:client", "--client-auth", "client_secret_basic"],
            Self::Post => &["--client-id", "post", "--client-auth", "client_secret_post"],
        }
    }
}

/// The secret of both confidential clients.
const SECRET: &str = "s:e+c%r e&t";

const OPENID: [&str; 6] = ["--scope", "openid", "--scope", "email", "--scope", "offline_access"];

const fn openid(arguments: &'static [&'static str], uses: &'static [&'static str]) -> Case {
    Case { server: Kind::OidcProvider, arguments, client: Client::Public, uses }
}

const fn github_like(server: Kind, uses: &'static [&'static str]) -> Case {
    let arguments = &["--scope", "repo", "--refresh"];
    Case { server, arguments, client: Client::Public, uses }
}

const CASES: &[Case] = &[
    openid(&[], &["PKCE S256", "nonce", "redirect to 127.0.0.1"]),
    openid(&["--redirect-host", "localhost"], &["redirect to localhost"]),
    openid(&["--redirect-host", "::1", "--path", "/"], &["redirect to [::1]"]),
    openid(&["--response-mode", "form_post"], &["form_post"]),
    openid(&["--par"], &["PAR"]),
    openid(&["--dpop", "--refresh"], &["DPoP", "refresh"]),
    openid(
        &["--par", "--dpop", "--refresh", "--revoke"],
        &["PAR", "DPoP", "refresh", "revocation"],
    ),
    Case {
        server: Kind::OidcProviderWithNonces,
        ..openid(&["--par", "--dpop", "--refresh"], &["PAR", "DPoP", "DPoP nonce", "refresh"])
    },
    Case {
        server: Kind::OidcProviderWithNonces,
        ..openid(&["--device", "--dpop"], &["device code", "DPoP", "DPoP nonce"])
    },
    openid(&["--device"], &["device code"]),
    openid(&["--refresh"], &["refresh"]),
    openid(&["--refresh", "--revoke"], &["refresh", "revocation"]),
    Case { client: Client::Basic, ..openid(&["--refresh"], &["client_secret_basic", "refresh"]) },
    Case { client: Client::Post, ..openid(&["--refresh"], &["client_secret_post", "refresh"]) },
    Case { client: Client::Basic, ..openid(&["--par"], &["client_secret_basic", "PAR"]) },
    Case { server: Kind::Authlib, client: Client::Basic, ..openid(&["--refresh"], &[]) },
    Case { server: Kind::Authlib, client: Client::Post, ..openid(&[], &[]) },
    github_like(Kind::GitHubLike, &["PKCE S256", "JSON response", "refresh"]),
    github_like(Kind::GitHubLikeWithForms, &["PKCE S256", "form response", "refresh"]),
];

/// Runs each case, and prints which parts of the protocol the server saw.
///
/// # Errors
///
/// A server cannot be started, or a sign-in does not end as expected.
pub(crate) fn run(root: &Path, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let tools = Tools::find(root)?;
    let example = program::build_example(root, "native-oauth", "sign_in")?;
    let mut secret_file = tempfile::NamedTempFile::new()?;
    secret_file.write_all(SECRET.as_bytes())?;
    let mut failures = Vec::new();
    for case in CASES {
        let (name, options) = (case.server.name(), case.arguments.join(" "));
        if let Some(package) = tools.missing(case.server) {
            crate::skipped(&format!("a sign-in at {name}: there is no {package} here"));
            continue;
        }
        match sign_in(case, &tools, &example, secret_file.path()) {
            Ok(seen) => writeln!(out, "✓ {name:<28} {options:<34} {}", seen.join(", "))?,
            Err(error) => {
                writeln!(out, "✗ {name:<28} {options:<34} {error}")?;
                failures.push(format!("{name} {options}"));
            }
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures.join("\n").into()) }
}

/// One sign-in. Returns what the server saw.
fn sign_in(
    case: &Case,
    tools: &Tools,
    example: &PathBuf,
    secret_file: &Path,
) -> Result<Vec<String>, Box<dyn Error>> {
    let server = tools.server(case.server)?;
    let mut command = Command::new(example);
    command.args(&server.arguments).args(case.client.arguments()).args(case.arguments);
    command.arg("--no-browser");
    if case.client != Client::Public {
        command.arg("--client-secret-file").arg(secret_file);
    }
    let is_openid = !matches!(case.server, Kind::GitHubLike | Kind::GitHubLikeWithForms);
    if is_openid {
        command.args(OPENID);
    }
    let document = document(&mut command, &mut tools.browser()?)?;
    let asked = [("refreshed", "--refresh"), ("revoked", "--revoke")];
    let asked = asked.iter().map(|(name, option)| (*name, case.arguments.contains(option)));
    let expected = [("refresh_token", true), ("id_token", is_openid)].into_iter().chain(asked);
    if let Some((name, _)) = expected.into_iter().find(|(name, value)| document[*name] != *value) {
        return Err(format!("`{name}` is wrong in {document}").into());
    }
    if is_openid && document["sub"] != "ada" {
        return Err(format!("`sub` is wrong in {document}").into());
    }
    let mut seen = BTreeSet::new();
    let seen: Vec<String> =
        server.seen().into_iter().filter(|it| seen.insert(it.clone())).collect();
    match case.uses.iter().find(|it| !seen.iter().any(|seen| seen == *it)) {
        Some(missing) => Err(format!("the server saw no {missing}, only {seen:?}").into()),
        None => Ok(seen),
    }
}

/// Starts the example, opens the address that it prints, and returns its document.
fn document(command: &mut Command, browser: &mut Script) -> Result<Value, Box<dyn Error>> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let mut stderr = BufReader::new(child.stderr.take().ok_or("no standard error")?);
    let mut said = String::new();
    loop {
        let mut line = String::new();
        if stderr.read_line(&mut line)? == 0 {
            child.wait()?;
            return Err(format!("no address: {said}").into());
        }
        if line.starts_with("http://") || line.starts_with("https://") {
            let status = browser.open(line.trim())?;
            if status != 200 {
                said += &format!("the browser ends at a page with the status {status}\n");
                // After a page of another status, the example still waits for its callback.
                if status != 500 {
                    child.kill()?;
                }
            }
            break;
        }
        said += &line;
    }
    stderr.read_to_string(&mut said)?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        return Err(format!("{}: {said}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
