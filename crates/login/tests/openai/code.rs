//! The exchange of a code by each of the two clients.

use credentials::AuthorizationCode;
use login::openai;
use pkce::CodeVerifier;
use sandbox::{Client, Endpoint, Scenario};
use token_client::CodeExchange;

use crate::support::{TestIssuer, assert_request};

async fn assert_exchange(test: &TestIssuer, expected: &str) {
    let code = AuthorizationCode::new("the/code+&=").unwrap();
    // The verifier of RFC 7636 appendix B.
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let code_verifier = CodeVerifier::new(verifier).unwrap();
    let redirect_uri = "http://localhost:5000/auth/callback";
    let exchange = CodeExchange::new(&code, redirect_uri, &code_verifier);
    // The sandbox did not issue this code.
    test.client.exchange_code(&exchange).await.unwrap_err();
    assert_request(&test.only_request_at(&Endpoint::Token), expected);
}

// threats 68 149
#[tokio::test]
async fn each_client_sends_its_fields_in_order() {
    let test = TestIssuer::new(Scenario::default()).await;
    assert_exchange(
        &test,
        "POST /oauth/token\napplication/x-www-form-urlencoded\n\
         grant_type=authorization_code\
         &code=the%2Fcode%2B%26%3D\
         &redirect_uri=http%3A%2F%2Flocalhost%3A5000%2Fauth%2Fcallback\
         &client_id=app_EMoamEEZ73f0CkXaXp7hrann\
         &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    )
    .await;
    let mut test = TestIssuer::new(Scenario::default()).await;
    let provider = openai::create_api_key_provider(test.client.issuer().base_url().clone());
    test.client = test.client.with_provider(provider).with_client_id(Client::CREATE_KEY);
    assert_exchange(
        &test,
        "POST /oauth/token\napplication/x-www-form-urlencoded\n\
         client_id=app_2SKx67EdpoN0G6j64rFvigXD\
         &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk\
         &code=the%2Fcode%2B%26%3D\
         &grant_type=authorization_code\
         &redirect_uri=http%3A%2F%2Flocalhost%3A5000%2Fauth%2Fcallback",
    )
    .await;
}
