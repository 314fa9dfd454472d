//! Sign in with ChatGPT: what is stored, and what the browser shows.

use login::Error;
use login::openai::MissingClaim;
use login::sign_in::{ApiKeyMode, ApiKeyOutcome, Options};
use sandbox::{Account, Client, Endpoint, Fault, Scenario, Then, Trail};

use crate::support::{Machine, Told, last_page, options};

fn success_query(trail: &Trail) -> Vec<(String, String)> {
    let page = trail.at("/success").map(|step| step.url.query_pairs().into_owned().collect());
    page.unwrap_or_default()
}

#[tokio::test]
async fn sign_in_stores_the_tokens_and_a_key_and_then_shows_success() {
    let test = Machine::with(vec![]).await.unwrap();
    let told = Told::default();
    let (signed_in, trail) = test.sign_in(options(), Account::OWNER, &told).await.unwrap();
    let signed_in = signed_in.unwrap();
    assert_eq!(signed_in.claims.name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(signed_in.plan.as_deref(), Some("plus"));
    assert!(signed_in.backup.is_none() && signed_in.replaced.is_none());
    let ApiKeyOutcome::Created { name } = &signed_in.api_key else { panic!("{signed_in:?}") };
    assert!(name.starts_with("Codex CLI [auto-generated] (2026-11-21) ["), "{name}");

    let (document, issued) = (test.document().unwrap(), test.sandbox.issued());
    assert_eq!(document.refresh_token().unwrap().expose(), issued.refresh_tokens[0]);
    assert_eq!(document.access_token().unwrap().expose(), issued.access_tokens[0]);
    assert_eq!(document.id_token().unwrap().expose(), issued.id_tokens[0]);
    assert_eq!(document.api_key().unwrap().expose(), issued.api_keys[0]);
    assert_eq!(document.account_id(), Some("acct-ada"));
    assert_eq!((document.client_id(), document.issuer()), (None, None));
    let steps = ["CallbackReceived", "ExchangingCode", "CreatingApiKey", "Storing", "Stored"];
    assert_eq!(told.names(), steps);

    let page = last_page(&trail);
    assert!(page.contains("<title>Signed in</title>") && page.contains("Analytical Engines"));
    assert!(!page.contains("API key"), "{page}");
    let query = success_query(&trail);
    let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let expected = "needs_setup=false org_id=org-ada project_id=proj_ada plan_type=plus \
         platform_url=https://platform.api.openai.org";
    assert_eq!(query.join(" "), expected);
}

#[tokio::test]
async fn names_of_two_keys_of_one_day_differ() {
    let test = Machine::with(vec![]).await.unwrap();
    let mut names = Vec::new();
    for _ in 0..2 {
        let told = Told::default();
        let (signed_in, _) = test.sign_in(options(), Account::OWNER, &told).await.unwrap();
        let ApiKeyOutcome::Created { name } = signed_in.unwrap().api_key else {
            panic!("no key");
        };
        names.push(name);
    }
    assert_ne!(names[0], names[1]);
}

#[tokio::test]
async fn owner_of_a_new_organization_is_sent_to_its_setup() {
    let test = Machine::with(vec![]).await.unwrap();
    let visit = test.sign_in(options(), Account::NEW_OWNER, &Told::default()).await;
    let (signed_in, trail) = visit.unwrap();
    assert_eq!(signed_in.unwrap().plan.as_deref(), Some("pro"));
    let (page, id_token) = (last_page(&trail), &test.sandbox.issued().id_tokens[0]);
    let link = format!(
        "https://platform.api.openai.org/org-setup?p=pro&amp;t={id_token}\
         &amp;with_org=org-grace&amp;project_id=proj_grace"
    );
    assert!(page.contains(&link));
    assert!(success_query(&trail).contains(&("needs_setup".into(), "true".into())));
}

/// Signs in, and asserts that no key was created.
async fn outcome_without_key(
    scenario: Scenario,
    api_key: ApiKeyMode,
    account: &str,
) -> crate::support::TestResult<(ApiKeyOutcome, String)> {
    let test = Machine::new(scenario).await?;
    let options = Options { api_key, ..options() };
    let (signed_in, trail) = test.sign_in(options, account, &Told::default()).await?;
    assert!(test.document()?.api_key().is_none());
    Ok((signed_in?.api_key, last_page(&trail)))
}

#[tokio::test]
async fn sign_in_without_a_key_says_why() {
    let if_possible = ApiKeyMode::IfPossible;
    let outcome = outcome_without_key(Scenario::default(), if_possible, Account::MEMBER).await;
    let (api_key, page) = outcome.unwrap();
    assert!(matches!(api_key, ApiKeyOutcome::Unavailable(MissingClaim::Organization)));
    assert!(page.contains("None: this account has no API organization"), "{page}");

    let accounts = vec![Account { project_id: None, ..Account::owner() }];
    let scenario = Scenario { accounts, ..Scenario::default() };
    let outcome = outcome_without_key(scenario, if_possible, Account::OWNER).await;
    let (api_key, page) = outcome.unwrap();
    assert!(matches!(api_key, ApiKeyOutcome::Unavailable(MissingClaim::Project)));
    assert!(page.contains("None: this account has no API project"), "{page}");

    let faults = vec![Fault::new(Endpoint::TokenExchange, Then::text(400, "text/plain", "no"))];
    let scenario = Scenario { faults, ..Scenario::default() };
    let outcome = outcome_without_key(scenario, if_possible, Account::OWNER).await;
    let (api_key, page) = outcome.unwrap();
    assert!(matches!(api_key, ApiKeyOutcome::Failed(_)), "{api_key:?}");
    assert!(page.contains("None: it could not be created; see the terminal"), "{page}");
}

#[tokio::test]
async fn key_that_is_not_requested_is_not_created() {
    let skip = outcome_without_key(Scenario::default(), ApiKeyMode::Skip, Account::OWNER).await;
    let (api_key, page) = skip.unwrap();
    assert!(matches!(api_key, ApiKeyOutcome::NotRequested), "{api_key:?}");
    assert!(!page.contains("API key"), "{page}");
}

#[tokio::test]
async fn sign_in_of_another_client_stores_the_client_and_the_issuer() {
    let clients = vec![Client { id: "app_other".into(), name: "Other".into() }];
    let test = Machine::new(Scenario { clients, ..Scenario::default() }).await.unwrap();
    let client = test.client().unwrap().with_client_id("app_other");
    let sign_in = login::stored::StoredSignIn::new(test.store.clone(), client, crate::support::now);
    let told = Told::default();
    let visit = test.sign_in_with(sign_in, options(), Account::OWNER, &told).await;
    visit.unwrap().0.unwrap();
    let document = test.document().unwrap();
    assert_eq!(document.client_id(), Some("app_other"));
    assert_eq!(document.issuer(), Some(test.sandbox.issuer_url()));
}

#[tokio::test]
async fn denied_sign_in_stores_nothing() {
    let test = Machine::with(vec![]).await.unwrap();
    let told = Told::default();
    let (signed_in, trail) = test.sign_in(options(), Account::DENIER, &told).await.unwrap();
    assert!(matches!(signed_in, Err(Error::OAuth(_))));
    assert!(test.store.load().unwrap().is_none() && told.names().is_empty());
    assert_eq!(last_page(&trail), login::pages::DENIED);
}
