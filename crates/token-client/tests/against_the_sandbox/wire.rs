//! Complete requests: method, path, headers and body.

use credentials::{AccessToken, RefreshToken};
use sandbox::{Account, Endpoint, Recorded};
use token_client::{Error, Provider, Revocable};

use crate::rig::{Rig, known};

/// The request as text, headers sorted. The port is replaced, and the `Content-Length` is checked
/// separately.
#[track_caller]
fn assert_request(request: &Recorded, expected: &str) {
    let body = String::from_utf8(request.body.clone()).unwrap();
    assert_eq!(request.header("content-length"), Some(body.len().to_string().as_str()));
    let others = request.headers.iter().filter(|(name, _)| name != "content-length");
    let mut headers: Vec<String> =
        others.map(|(name, value)| format!("{name}: {value}\n")).collect();
    headers.sort();
    let port = request.header("host").unwrap().rsplit(':').next().unwrap();
    let headers = headers.concat().replace(port, "PORT");
    let Recorded { method, path, query, .. } = request;
    assert_eq!(*query, None, "a query is no place for a secret");
    assert_eq!(format!("{method} {path}\n{headers}\n{body}"), expected);
}

// threats 68 149
#[tokio::test]
async fn code_exchange_request_is_exact() {
    let rig = Rig::new(known()).await;
    let tokens = rig.sign_in().await.unwrap();
    assert_eq!(tokens.id_token.unwrap().expose(), "an.id.token");
    assert_eq!(tokens.access_token.expose(), "an.access.token");
    assert_eq!(tokens.refresh_token.unwrap().expose(), "a-refresh-token");
    assert_request(
        &rig.only_request_at(&Endpoint::Token),
        "POST /oauth/token\n\
         accept: application/json\n\
         content-type: application/x-www-form-urlencoded\n\
         host: 127.0.0.1:PORT\n\
         user-agent: a-test/1.0\n\
         \n\
         grant_type=authorization_code\
         &code=the%2Fcode%2B%26%3D\
         &redirect_uri=http%3A%2F%2Flocalhost%3A1455%2Fauth%2Fcallback\
         &client_id=app_EMoamEEZ73f0CkXaXp7hrann\
         &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    );
}

// threats 109 149
#[tokio::test]
async fn refresh_request_is_exact() {
    let rig = Rig::new(known()).await;
    let minted = rig.sandbox.mint(Account::OWNER).unwrap();
    let old = RefreshToken::new(minted.refresh_token.unwrap()).unwrap();
    let refreshed = rig.client.refresh(&old).await.unwrap();
    assert_ne!(refreshed.refresh_token.unwrap().expose(), old.expose());
    assert!(refreshed.access_token.is_some() && refreshed.id_token.is_some());
    assert!(refreshed.unusable.is_empty());
    assert_request(
        &rig.only_request_at(&Endpoint::Token),
        "POST /oauth/token\n\
         accept: application/json\n\
         content-type: application/json\n\
         host: 127.0.0.1:PORT\n\
         user-agent: a-test/1.0\n\
         \n\
         {\"client_id\":\"app_EMoamEEZ73f0CkXaXp7hrann\",\"grant_type\":\"refresh_token\",\
         \"refresh_token\":\"a-refresh-token\"}",
    );
}

// threats 149
#[tokio::test]
async fn revocation_request_is_exact() {
    let rig = Rig::new(known()).await;
    let minted = rig.sandbox.mint(Account::OWNER).unwrap();
    let refresh_token = RefreshToken::new(minted.refresh_token.unwrap()).unwrap();
    rig.client.revoke(Revocable::RefreshToken(&refresh_token)).await.unwrap();
    assert_request(
        &rig.only_request_at(&Endpoint::Revoke),
        "POST /oauth/revoke\n\
         accept: application/json\n\
         content-type: application/json\n\
         host: 127.0.0.1:PORT\n\
         user-agent: a-test/1.0\n\
         \n\
         {\"token\":\"a-refresh-token\",\"token_type_hint\":\"refresh_token\",\
         \"client_id\":\"app_EMoamEEZ73f0CkXaXp7hrann\"}",
    );
    rig.client.refresh(&refresh_token).await.unwrap_err();
    let access_token = AccessToken::new(minted.access_token).unwrap();
    rig.client.revoke(Revocable::AccessToken(&access_token)).await.unwrap();
}

/// The default of RFC 6749 §6 and RFC 7009 §2.1.
#[tokio::test]
async fn standard_provider_gets_form_bodies() {
    let rig = Rig::new(known()).await;
    let standard = Provider::new(
        rig.client.issuer().clone(),
        rig.client.provider().authorization_endpoint.clone(),
        rig.client.provider().token_endpoint.clone(),
    );
    let refresh_token = RefreshToken::new("r t").unwrap();
    let token = Revocable::RefreshToken(&refresh_token);
    let bare = rig.client.clone().with_provider(standard.clone());
    assert!(matches!(bare.revoke(token).await, Err(Error::RevocationNotSupported)));
    let device = bare.request_device_authorization(None, &[]).await;
    assert!(matches!(device, Err(Error::DeviceCodeNotEnabled)));
    let mut provider = standard;
    provider.revocation_endpoint = rig.client.provider().revocation_endpoint.clone();
    let client = rig.client.clone().with_provider(provider);
    // The responses do not matter.
    let _ = (client.refresh(&refresh_token).await, client.revoke(token).await);
    for (endpoint, body) in [
        (
            Endpoint::Token,
            "client_id=app_EMoamEEZ73f0CkXaXp7hrann&grant_type=refresh_token&refresh_token=r+t",
        ),
        (
            Endpoint::Revoke,
            "token=r+t&token_type_hint=refresh_token&client_id=app_EMoamEEZ73f0CkXaXp7hrann",
        ),
    ] {
        let request = rig.only_request_at(&endpoint);
        let form = Some("application/x-www-form-urlencoded");
        assert_eq!(request.header("content-type"), form);
        assert_eq!(String::from_utf8(request.body.clone()).unwrap(), body);
    }
}
