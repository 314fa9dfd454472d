//! The exchange of an ID token for an API key.

use credentials::IdToken;
use login::openai::exchange_for_api_key;
use sandbox::{Account, Endpoint, Fault, Issued, Scenario, Then, Tls};
use token_client::Error;

use crate::support::{TestIssuer, assert_request};

const NAME: &str = "Codex CLI [auto-generated] (2026-11-21) [0123456789ab]";

fn id_token(test: &TestIssuer) -> IdToken {
    IdToken::new(test.sandbox.mint(Account::OWNER).unwrap().id_token).unwrap()
}

// threats 68 86 149
#[tokio::test]
async fn id_token_is_exchanged_for_an_api_key() {
    let fixed = Issued {
        id_tokens: vec!["an.id.token".into()],
        api_keys: vec!["sk-a-key".into()],
        ..Issued::default()
    };
    let test = TestIssuer::new(Scenario { fixed, ..Scenario::default() }).await;
    let api_key = exchange_for_api_key(&test.client, &id_token(&test), NAME).await.unwrap();
    assert_eq!(api_key.expose(), "sk-a-key");
    assert_request(
        &test.only_request_at(&Endpoint::Token),
        "POST /oauth/token\napplication/x-www-form-urlencoded\n\
         grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange\
         &client_id=app_EMoamEEZ73f0CkXaXp7hrann\
         &requested_token=openai-api-key\
         &subject_token=an.id.token\
         &subject_token_type=urn%3Aietf%3Aparams%3Aoauth%3Atoken-type%3Aid_token\
         &name=Codex+CLI+%5Bauto-generated%5D+%282026-11-21%29+%5B0123456789ab%5D",
    );
}

// threats 77
#[tokio::test]
async fn exchange_is_sent_once_if_the_response_is_lost() {
    assert_sent_once(TestIssuer::with(Endpoint::TokenExchange, Then::Lose).await).await;
    for tls in [Tls::On, Tls::Http11] {
        let faults = vec![Fault::new(Endpoint::Token, Then::Garble)];
        let scenario = Scenario { tls, faults, ..Scenario::default() };
        assert_sent_once(TestIssuer::new(scenario).await).await;
    }
}

async fn assert_sent_once(test: TestIssuer) {
    let error = exchange_for_api_key(&test.client, &id_token(&test), NAME).await.unwrap_err();
    let is_cut_off = matches!(error, Error::Http(http_client::Error::CutOff { .. }));
    assert!(is_cut_off, "{error:?}");
    test.only_request_at(&Endpoint::Token);
    assert_eq!(test.sandbox.issued().api_keys.len(), 1);
}
