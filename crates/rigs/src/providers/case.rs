//! The cases: a server, a client, and what has to come of it.

use serde_json::Value;

use super::example::Ended;
use super::server::{AUTHLIB, GITHUB_LIKE, Kind, OIDC_PROVIDER};

/// What the example is started with, and what is expected of it.
pub(super) struct Case {
    pub(super) server: Kind,
    pub(super) arguments: &'static [&'static str],
    pub(super) client: Client,
    /// What the server must have seen, beside what the arguments ask for.
    uses: &'static [&'static str],
    /// The end of the sign-in.
    end: End,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    SignedIn,
    /// Standard error says this. The authorization URL was shown before.
    Failed(&'static str),
    /// Standard error says this, and no authorization URL was shown.
    FailedBeforeAuthorizationUrl(&'static str),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    Public,
    Basic,
    Post,
    /// The secret is wrong.
    BasicImpostor,
    PostImpostor,
}

/// The secret of both confidential clients.
const SECRET: &str = "s:e+c%r e&t";

impl Client {
    pub(super) fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Public => &["--client-id", "public"],
            Self::Basic | Self::BasicImpostor => {
                &["--client-id", "basic:client", "--client-auth", "client_secret_basic"]
            }
            Self::Post | Self::PostImpostor => {
                &["--client-id", "post", "--client-auth", "client_secret_post"]
            }
        }
    }

    pub(super) fn secret(self) -> Option<&'static str> {
        match self {
            Self::Public => None,
            Self::Basic | Self::Post => Some(SECRET),
            Self::BasicImpostor | Self::PostImpostor => Some("a wrong secret"),
        }
    }

    /// The word for it in the table.
    fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Basic => "basic",
            Self::Post => "post",
            Self::BasicImpostor => "basic, wrong secret",
            Self::PostImpostor => "post, wrong secret",
        }
    }
}

const fn at(server: Kind, arguments: &'static [&'static str]) -> Case {
    Case { server, arguments, client: Client::Public, uses: &[], end: End::SignedIn }
}

const fn openid(arguments: &'static [&'static str]) -> Case {
    at(OIDC_PROVIDER, arguments)
}

impl Case {
    const fn by(self, client: Client) -> Self {
        Self { client, ..self }
    }

    const fn uses(self, uses: &'static [&'static str]) -> Self {
        Self { uses, ..self }
    }

    /// It fails, and both sides name the error.
    const fn fails(self, uses: &'static [&'static str], says: &'static str) -> Self {
        Self { uses, end: End::Failed(says), ..self }
    }

    const fn fails_before_authorization_url(
        self,
        uses: &'static [&'static str],
        says: &'static str,
    ) -> Self {
        Self { uses, end: End::FailedBeforeAuthorizationUrl(says), ..self }
    }
}

const REFRESH: &[&str] = &["--scope", "repo", "--refresh"];

pub(super) const CASES: &[Case] = &[
    openid(&[]),
    openid(&["--redirect-host", "localhost"]),
    openid(&["--redirect-host", "::1", "--path", "/"]),
    openid(&["--response-mode", "form_post"]),
    openid(&["--par"]),
    openid(&["--dpop", "--refresh"]),
    openid(&["--par", "--dpop", "--refresh", "--revoke"]),
    openid(&["--device"]),
    openid(&["--device", "--refresh", "--revoke"]),
    openid(&["--refresh"]),
    openid(&["--refresh", "--revoke"]),
    openid(&["--refresh", "--revoke"]).by(Client::Basic),
    openid(&["--refresh", "--revoke"]).by(Client::Post),
    openid(&["--par"]).by(Client::Basic),
    openid(&["--par"]).by(Client::Post),
    at(OIDC_PROVIDER.with(&["--require-par"]), &[]).uses(&["PAR"]),
    at(OIDC_PROVIDER.with(&["--dpop-nonce"]), &["--par", "--dpop", "--refresh"])
        .uses(&["DPoP nonce"]),
    at(OIDC_PROVIDER.with(&["--dpop-nonce"]), &["--device", "--dpop"]).uses(&["DPoP nonce"]),
    at(OIDC_PROVIDER.with(&["--dpop-nonce-per-request"]), &["--par", "--dpop", "--refresh"])
        .uses(&["DPoP nonce"]),
    at(OIDC_PROVIDER.with(&["--dpop-nonce-per-request"]), &["--device", "--dpop"])
        .uses(&["DPoP nonce"]),
    at(AUTHLIB, &["--refresh"]).by(Client::Basic),
    // It refreshes only with `client_secret_basic`.
    at(AUTHLIB, &[]).by(Client::Post),
    at(GITHUB_LIKE, REFRESH).uses(&["JSON response"]),
    at(GITHUB_LIKE, REFRESH).by(Client::Post).uses(&["JSON response"]),
    at(GITHUB_LIKE.with(&["--always-form"]), REFRESH).uses(&["form response"]),
    // What has to fail.
    openid(&[]).by(Client::BasicImpostor).fails(&["invalid_client"], "invalid_client"),
    openid(&[]).by(Client::PostImpostor).fails(&["invalid_client"], "invalid_client"),
    openid(&["--par"])
        .by(Client::BasicImpostor)
        .fails_before_authorization_url(&["invalid_client"], "invalid_client"),
    openid(&["--par", "--path", "/other"])
        .fails_before_authorization_url(&["invalid_request"], "redirect_uri did not match"),
    at(OIDC_PROVIDER.with(&["--spend-code"]), &[]).fails(&["invalid_grant"], "invalid_grant"),
    at(OIDC_PROVIDER.with(&["--spend-refresh-token"]), &["--refresh"])
        .fails(&["invalid_grant"], "invalid_grant"),
    at(OIDC_PROVIDER.with(&["--without-dpop"]), &["--dpop"]).fails(&[], "token_type"),
    at(OIDC_PROVIDER.with(&["--deny", "access_denied"]), &[])
        .fails(&["access_denied"], "access_denied"),
    at(OIDC_PROVIDER.with(&["--deny", "login_required"]), &["--response-mode", "form_post"])
        .fails(&["login_required"], "login_required"),
    at(OIDC_PROVIDER.with(&["--deny", "access_denied"]), &["--device"])
        .fails(&["access_denied"], "DeviceDenied"),
    at(OIDC_PROVIDER.with(&["--short-device-code"]), &["--device"])
        .fails(&["device code"], "DeviceExpired"),
    at(GITHUB_LIKE, REFRESH)
        .by(Client::PostImpostor)
        .fails(&["incorrect_client_credentials with status 200"], "incorrect_client_credentials"),
    at(GITHUB_LIKE.with(&["--spend-code"]), REFRESH)
        .fails(&["bad_verification_code with status 200"], "bad_verification_code"),
    at(GITHUB_LIKE.with(&["--spend-code", "--always-form"]), REFRESH)
        .fails(&["bad_verification_code with status 200"], "bad_verification_code"),
    at(GITHUB_LIKE.with(&["--spend-refresh-token"]), REFRESH)
        .fails(&["bad_refresh_token with status 200"], "bad_refresh_token"),
];

impl Case {
    fn has(&self, argument: &str) -> bool {
        self.arguments.contains(&argument)
    }

    pub(super) fn is_device(&self) -> bool {
        self.has("--device")
    }

    /// What the table says of it.
    pub(super) fn name(&self) -> String {
        let client = format!("{} {}", self.client.name(), self.arguments.join(" "));
        format!("{:<38} {client}", self.server.name())
    }

    /// What the server must have seen: all that the example was asked for.
    fn features(&self) -> Vec<String> {
        let asked = [
            (true, "--par", "PAR"),
            (true, "--dpop", "DPoP"),
            (true, "--device", "device code"),
            (true, "--refresh", "refresh"),
            (true, "--revoke", "revocation"),
            (true, "form_post", "form_post"),
            (false, "--device", "PKCE S256"),
        ];
        let asked = asked.iter().filter(|(is_there, option, _)| self.has(option) == *is_there);
        let mut features: Vec<String> = asked.map(|(.., it)| (*it).to_owned()).collect();
        if self.server.requests_openid_scope() && !self.is_device() {
            let host = self.arguments.iter().skip_while(|it| **it != "--redirect-host").nth(1);
            let host = host.map_or("127.0.0.1", |it| if *it == "::1" { "[::1]" } else { it });
            features.extend(["nonce".to_owned(), format!("redirect to {host}")]);
        }
        features.extend(match self.client {
            Client::Basic => Some("client_secret_basic".to_owned()),
            Client::Post => Some("client_secret_post".to_owned()),
            _ => None,
        });
        features
    }

    /// In what the run differs from what is expected.
    pub(super) fn difference(&self, ended: &Ended, seen: &[String]) -> Option<String> {
        let mut features: Vec<_> = self.uses.iter().map(|it| (*it).to_owned()).collect();
        let wrong = match self.end {
            End::SignedIn => {
                features.extend(self.features());
                self.wrong_document(ended)
            }
            End::Failed(says) => wrong_failure(ended, says, true),
            End::FailedBeforeAuthorizationUrl(says) => wrong_failure(ended, says, false),
        };
        let missing = features.into_iter().find(|it| !seen.contains(it));
        wrong.or_else(|| missing.map(|it| format!("the server saw no {it}, only {seen:?}")))
    }

    fn wrong_document(&self, ended: &Ended) -> Option<String> {
        let Ended { is_success, document, said, .. } = ended;
        if !is_success {
            return Some(format!("it fails: {said}"));
        }
        let requests_openid_scope = self.server.requests_openid_scope();
        let expected = [
            ("id_token", Value::from(requests_openid_scope)),
            ("refresh_token", true.into()),
            ("refreshed", self.has("--refresh").into()),
            ("revoked", self.has("--revoke").into()),
            ("sub", if requests_openid_scope { "ada".into() } else { Value::Null }),
        ];
        let wrong = expected.into_iter().find(|(name, value)| document[*name] != *value);
        wrong.map(|(name, _)| format!("`{name}` is wrong in {document}"))
    }
}

fn wrong_failure(ended: &Ended, says: &str, shows_address: bool) -> Option<String> {
    let is_expected = !ended.is_success
        && ended.document.is_null()
        && ended.shows_address == shows_address
        && ended.said.contains(says);
    (!is_expected).then(|| format!("it does not fail with {says}: {ended:?}"))
}

#[cfg(test)]
#[path = "case_tests.rs"]
mod tests;
