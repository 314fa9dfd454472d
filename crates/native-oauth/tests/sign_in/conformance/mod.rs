//! A provider that lies, in the ways of the relying party tests of OpenID's conformance suite and in others.

mod attacks;
mod modules;
mod token_attacks;

use std::error::Error;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use native_oauth::{
    BindOptions, Client, HttpClient, JwkSet, Options, Provider, SignIn, TokenResponse,
};
use serde_json::json;

use crate::behavior::Behavior;
use crate::browser::deliver;
use crate::provider::TestProvider;

/// What a provider does, and what the client has to do.
struct Module {
    /// The name, in the suite or in `docs/conformance.md`.
    name: &'static str,
    /// What the provider does, in words.
    provider: &'static str,
    step: Step,
    change: fn(&mut Behavior),
    /// The last request of the client; `callback` is that of the browser to the client.
    last_request: &'static str,
    outcome: Outcome,
}

/// The keys are read before the browser opens, and once more for a key that is not among them.
const KEYS_AGAIN: &str = "keys again";

/// The metadata is looked for at another place.
const METADATA_AGAIN: &str = "metadata again";

/// When the provider changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Start,
    /// Between two sign-ins.
    SecondSignIn,
    /// After the sign-in and before a refresh.
    Refresh,
}

enum Outcome {
    Accepted,
    /// The error says this.
    Refused(&'static str),
    /// The callback is refused and the client waits for another one, which it accepts.
    Ignored,
}

const fn module(
    name: &'static str,
    provider: &'static str,
    change: fn(&mut Behavior),
    outcome: Outcome,
) -> Module {
    Module { name, provider, step: Step::Start, change, last_request: "token", outcome }
}

const fn accepted(name: &'static str, provider: &'static str, change: fn(&mut Behavior)) -> Module {
    module(name, provider, change, Outcome::Accepted)
}

const fn refused(
    name: &'static str,
    provider: &'static str,
    change: fn(&mut Behavior),
    last_request: &'static str,
    error: &'static str,
) -> Module {
    Module { last_request, ..module(name, provider, change, Outcome::Refused(error)) }
}

const fn ignored(name: &'static str, provider: &'static str, change: fn(&mut Behavior)) -> Module {
    module(name, provider, change, Outcome::Ignored)
}

impl Outcome {
    fn message(&self) -> &'static str {
        match self {
            Self::Accepted | Self::Ignored => "accepted",
            Self::Refused(error) => error,
        }
    }
}

impl Module {
    const fn at(self, step: Step) -> Self {
        Self { step, ..self }
    }

    const fn with_keys_again(self) -> Self {
        Self { last_request: KEYS_AGAIN, ..self }
    }

    /// The requests from the change on, without those of the browser.
    fn expected_requests(&self, verifies: bool) -> Vec<&'static str> {
        let mut requests = match self.step {
            Step::Start => {
                vec!["metadata", METADATA_AGAIN, "keys", "callback", "token", KEYS_AGAIN]
            }
            Step::SecondSignIn => vec!["keys", "callback", "token", KEYS_AGAIN],
            Step::Refresh => vec!["token", KEYS_AGAIN],
        };
        let last = requests.iter().position(|it| *it == self.last_request).unwrap();
        requests.truncate(last + 1);
        requests.retain(|it| *it != "callback" && (verifies || *it != "keys"));
        requests.retain(|it| *it != METADATA_AGAIN || self.last_request == METADATA_AGAIN);
        requests.iter().map(|it| it.trim_end_matches(" again")).collect()
    }

    /// Claims are validated, whether the signature is verified or not.
    fn is_about_claims(&self) -> bool {
        self.outcome.message().starts_with("the ID token is not valid")
    }

    /// The row of the documentation.
    fn row(&self) -> String {
        let outcome = match self.outcome {
            Outcome::Accepted => "accepted".to_owned(),
            Outcome::Ignored => "ignored; the wait goes on".to_owned(),
            Outcome::Refused(error) => format!("{}: {error}", self.last_request),
        };
        format!("| `{}` | {} | {outcome} |", self.name, self.provider)
    }
}

/// The messages of an error and its sources.
fn message(error: &dyn Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", message(source)),
        None => error.to_string(),
    }
}

/// A program that signs in, and refreshes its tokens.
struct Program {
    http: HttpClient,
    provider: Arc<TestProvider>,
    verifies: bool,
    form_post: bool,
}

impl Program {
    async fn run(&self, module: &Module) -> Result<(), Box<dyn Error>> {
        let provider = &self.provider;
        if module.step == Step::Start {
            provider.change(module.change);
        }
        let metadata = Provider::discover(&self.http, &provider.issuer()).await?;
        let client = Client::new(self.http.clone(), metadata, "my-client-id");
        let tokens = self.sign_in(&client, module).await?;
        if module.step == Step::Start {
            return Ok(());
        }
        let keys = JwkSet::new(self.http.clone(), client.provider().jwks_uri.clone().unwrap());
        keys.load().await?;
        provider.paths();
        provider.change(module.change);
        match module.step {
            Step::Refresh => self.refresh(&client, &keys, &tokens).await,
            _ => self.sign_in(&client, module).await.map(drop),
        }
    }

    async fn sign_in(
        &self,
        client: &Client,
        module: &Module,
    ) -> Result<TokenResponse, Box<dyn Error>> {
        let redirect = BindOptions::default();
        let redirect = if self.form_post { redirect.form_post() } else { redirect };
        let sign_in = SignIn::new(client.clone()).scopes(["openid"]).redirect(redirect);
        let sign_in = if self.verifies { sign_in.require_signature() } else { sign_in };
        let is_ignored = matches!(module.outcome, Outcome::Ignored);
        let provider = self.provider.clone();
        let tokens = sign_in.run(move |url| {
            deliver(url);
            if is_ignored {
                provider.change(|it| it.callback = json!({}));
                deliver(url);
            }
            Ok(())
        });
        Ok(tokens.await?)
    }

    /// OpenID Connect Core §12.2.
    async fn refresh(
        &self,
        client: &Client,
        keys: &JwkSet,
        tokens: &TokenResponse,
    ) -> Result<(), Box<dyn Error>> {
        let now = UNIX_EPOCH + UNIX_EPOCH.elapsed()?;
        let nonce = None;
        let before = client.validate_id_token(tokens.id_token.as_ref().unwrap(), nonce, now)?;
        let response = client.refresh(tokens.refresh_token.as_ref().unwrap()).await?;
        // A refused ID token does not take the rotated refresh token with it.
        assert_eq!(response.refresh_token.unwrap().expose(), "rt-2");
        let id_token = response.id_token.unwrap();
        client.validate_refreshed_id_token(&id_token, &before, now)?;
        if self.verifies {
            keys.verify(&id_token).await?;
        }
        Ok(())
    }
}

/// The outcome, and the requests from the change on without those of the browser.
async fn observe(
    module: &Module,
    http: &HttpClient,
    (verifies, form_post): (bool, bool),
) -> (String, Vec<String>) {
    let provider = Arc::new(TestProvider::start().await);
    let program = Program { http: http.clone(), provider: provider.clone(), verifies, form_post };
    let outcome = program.run(module).await;
    let outcome = outcome.map_or_else(|error| message(&*error), |()| "accepted".to_owned());
    let outcome = outcome.replace(&provider.host(), "id.example.com");
    let requests = provider.paths().into_iter().map(|path| match path.strip_prefix("/connect/") {
        Some(name) => name.split('/').next().unwrap().to_owned(),
        None if path.starts_with("/.well-known/") => "metadata".to_owned(),
        None => path,
    });
    (outcome, requests.filter(|it| it != "authorize").collect())
}

async fn assert_outcomes(modules: &[Module]) {
    let http = HttpClient::new(Options::new("a-test/1.0"));
    let mut differences = Vec::new();
    for module in modules {
        for (verifies, form_post) in [(true, false), (true, true), (false, false)] {
            if !verifies && !module.is_about_claims() {
                continue;
            }
            let (outcome, requests) = observe(module, &http, (verifies, form_post)).await;
            let expected = module.outcome.message();
            if outcome != expected || requests != module.expected_requests(verifies) {
                let name = module.name;
                differences.push(format!("{name} {verifies} {form_post}: {outcome}; {requests:?}"));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Figure F21.
// threats 16 97 98 99 100 101 111
#[tokio::test]
async fn each_module_of_the_conformance_suite_has_its_expected_outcome() {
    assert_outcomes(modules::MODULES).await;
}

// threats 5 16 85 86 96 97 99 100 101
#[tokio::test]
async fn provider_that_attacks_the_client_is_refused() {
    assert_outcomes(attacks::MODULES).await;
    assert_outcomes(token_attacks::MODULES).await;
}

#[test]
fn documentation_lists_each_module() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/conformance.md");
    let page = std::fs::read_to_string(file).unwrap();
    for (heading, modules) in [
        ("## The modules", modules::MODULES),
        ("## Other responses", attacks::MODULES),
        ("## Other ID tokens and keys", token_attacks::MODULES),
    ] {
        let (_, section) = page.split_once(heading).unwrap();
        let rows = section.lines().skip_while(|line| !line.starts_with("| `"));
        let rows: Vec<_> = rows.take_while(|line| line.starts_with("| `")).collect();
        let expected: Vec<_> = modules.iter().map(Module::row).collect();
        assert!(rows == expected, "the rows of {heading:?} are:\n{}", expected.join("\n"));
    }
}
