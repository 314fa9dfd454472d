//! The queries of both authorization URLs, in the order in which the clients have always sent them.

use login::sign_in::{self, Options};
use login::{Authorization, create_api_key};
use sandbox::Client;

use crate::support::{Machine, http, options};

/// The query, without the values that are new each time.
fn query_of(authorization: &Authorization) -> String {
    let new_each_time = ["redirect_uri", "code_challenge", "state"];
    let pairs = authorization.url().query_pairs();
    let pairs = pairs.map(|(name, value)| match &*name {
        name if new_each_time.contains(&name) && !value.is_empty() => format!("{name}=…"),
        _ => format!("{name}={value}"),
    });
    pairs.collect::<Vec<_>>().join("&")
}

#[tokio::test]
async fn sign_in_requests_a_code_with_its_scopes_and_workspaces() {
    let test = Machine::with(vec![]).await.unwrap();
    let expected = |scopes: &str, workspaces: &str| {
        format!(
            "response_type=code&client_id={}&redirect_uri=…\
             &scope=openid profile email offline_access{scopes}\
             &code_challenge=…&code_challenge_method=S256\
             &id_token_add_organizations=true&state=…{workspaces}",
            Client::SIGN_IN
        )
    };
    let mut pending = sign_in::start(options(), test.stored().unwrap()).unwrap();
    assert_eq!(query_of(pending.authorization()), expected("", ""));

    let (scopes, workspaces) = (vec!["one".into(), "two".into()], vec!["a".into(), "b".into()]);
    let options = Options { scopes, workspaces, ..options() };
    let mut pending = sign_in::start(options, test.stored().unwrap()).unwrap();
    let query = query_of(pending.authorization());
    assert_eq!(query, expected(" one two", "&allowed_workspace_id=a,b"));
}

#[tokio::test]
async fn creation_of_a_key_requests_a_code_for_the_platform() {
    let test = Machine::with(vec![]).await.unwrap();
    let options = crate::create_api_key::options(&test).unwrap();
    let mut pending = create_api_key::start(options, http()).unwrap();
    let expected = format!(
        "audience=https://api.openai.com/v1&client_id={}&code_challenge_method=S256\
         &code_challenge=…&redirect_uri=…&response_type=code\
         &scope=openid email profile offline_access&state=…",
        Client::CREATE_KEY
    );
    assert_eq!(query_of(pending.authorization()), expected);
}
