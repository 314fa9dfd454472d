//! The options of a sign-in, and what a program does with its tokens afterwards.

use std::sync::Mutex;

use native_oauth::{
    BindOptions, Claims, ClientAuthentication, ClientSecret, DpopKey, Error, Event, HttpClient,
    Options, Provider, RedirectHost, Revocable, SignIn, State,
};
use serde_json::json;

use crate::browser::follow;
use crate::provider::{ACCESS_TOKEN, REQUEST_URI, TestProvider, value};
use crate::{client, sign_in};

// threats 16 98
#[tokio::test]
async fn metadata_is_found_at_both_well_known_paths_for_exactly_this_issuer() {
    for (issuer_suffix, metadata_path) in [
        ("", "/.well-known/openid-configuration"),
        ("/", "/.well-known/oauth-authorization-server"),
        ("/tenant", "/tenant/.well-known/openid-configuration"),
        ("/tenant/", "/.well-known/oauth-authorization-server/tenant"),
    ] {
        let provider = TestProvider::with(|it| {
            (it.issuer_suffix, it.metadata_path) = (issuer_suffix, metadata_path);
        });
        let provider = provider.await;
        let metadata = provider.discover().await;
        assert_eq!(metadata.issuer.as_str(), provider.issuer());
        assert!(metadata.revocation_endpoint.is_some() && metadata.jwks_uri.is_some());
        let http = HttpClient::new(Options::new("a-test/1.0"));
        for other in
            ["", "/"].map(|end| format!("{}{end}", provider.issuer().trim_end_matches('/')))
        {
            let outcome = Provider::discover(&http, &other).await;
            assert_eq!(outcome.is_ok(), other == provider.issuer(), "{other}");
        }
    }
}

/// The URL has a reference to the parameters (RFC 9126), by choice or because the provider requires it.
#[tokio::test]
async fn pushed_request_is_not_in_the_url() {
    let required = json!({"require_pushed_authorization_requests": true});
    for (metadata, is_chosen) in [(json!({}), true), (required, false)] {
        let provider = TestProvider::with(|it| it.metadata = metadata).await;
        let basic = ClientAuthentication::SecretBasic(ClientSecret::new("a secret").unwrap());
        let client = client(provider.discover().await).with_authentication(basic);
        let sign_in = SignIn::new(client).scopes(["openid"]).resource("https://api.example.com");
        let sign_in = if is_chosen { sign_in.push_request() } else { sign_in };
        let url = std::sync::Arc::new(Mutex::new(None));
        let opened = url.clone();
        let tokens = sign_in.run(move |url| {
            *opened.lock().unwrap() = Some(url.clone());
            follow(url)
        });
        assert_eq!(tokens.await.unwrap().access_token.expose(), ACCESS_TOKEN);
        let url = url.lock().unwrap().take().unwrap();
        let query: Vec<_> = url.query_pairs().into_owned().collect();
        let expected = [("client_id", "my-client-id"), ("request_uri", REQUEST_URI)];
        assert_eq!(query, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let [pushed] = &provider.requests_at("/connect/par")[..] else { panic!("one push") };
        assert!(pushed.authorization.is_some());
        for (name, value) in [
            ("client_id", "my-client-id"),
            ("response_type", "code"),
            ("code_challenge_method", "S256"),
            ("scope", "openid"),
            ("resource", "https://api.example.com"),
        ] {
            assert_eq!(pushed.field(name), Some(value));
        }
        assert!(pushed.field("state").is_some() && pushed.field("nonce").is_some());
        assert_eq!(pushed.field("client_secret"), None);
    }
}

/// The server's nonce is asked for once, and then sent with each request (RFC 9449 §8).
#[tokio::test]
async fn proof_of_possession_has_the_nonce_of_the_server() {
    let provider = TestProvider::with(|it| {
        it.tokens = json!({"token_type": "DPoP"});
        it.dpop_nonce = Some("n-1");
    });
    let provider = provider.await;
    let client = client(provider.discover().await).with_dpop(DpopKey::generate().unwrap());
    let tokens = SignIn::new(client.clone()).run(follow).await.unwrap();
    assert_eq!(tokens.access_token.expose(), ACCESS_TOKEN);
    let proofs = |path| provider.requests_at(path).into_iter().map(|it| it.dpop.unwrap());
    let proofs: Vec<_> = proofs("/connect/token").collect();
    let nonces: Vec<_> = proofs.iter().map(|it| it["nonce"].as_str()).collect();
    assert_eq!(nonces, [None, Some("n-1")]);
    assert_eq!(proofs[0]["htu"], format!("{}/connect/token", provider.issuer()));
    assert_ne!(proofs[0]["jti"], proofs[1]["jti"]);

    provider.change(|it| it.refuses_proofs = true);
    let refused = client.refresh(&tokens.refresh_token.unwrap()).await;
    assert!(refused.is_err());
    assert_eq!(provider.requests_at("/connect/token").len(), 2, "one repetition");
}

/// A server that ignores the key returns tokens that anybody can use.
#[tokio::test]
async fn token_without_proof_of_possession_is_refused() {
    let provider = TestProvider::start().await;
    let client = client(provider.discover().await).with_dpop(DpopKey::generate().unwrap());
    let outcome = SignIn::new(client).run(|url| {
        crate::final_page(&crate::redirect_of(url));
        Ok(())
    });
    assert!(matches!(outcome.await, Err(Error::CodeExchange(_))));
}

#[tokio::test]
async fn wait_does_not_begin_without_a_requested_push() {
    let provider = TestProvider::start().await;
    let sign_in = SignIn::new(client(provider.discover().await)).push_request();
    let pending = sign_in.clone().start().unwrap();
    assert!(matches!(pending.finish(&|_: Event<'_>| {}).await, Err(Error::NotPushed)));
    let mut pending = sign_in.start().unwrap();
    pending.push_request().await.unwrap();
    pending.push_request().await.unwrap();
    assert_eq!(provider.requests_at("/connect/par").len(), 1);
    assert!(pending.authorization().url().query().unwrap().contains("request_uri="));
}

#[tokio::test]
async fn scopes_in_one_text_are_separate() {
    let provider = TestProvider::start().await;
    let sign_in = SignIn::new(client(provider.discover().await)).scopes(["openid  email", ""]);
    sign_in.run(follow).await.unwrap();
    let query = provider.authorization_query();
    assert_eq!(value(&query, "scope"), Some("openid email"));
    assert!(value(&query, "nonce").is_some());
}

#[tokio::test]
async fn device_code_obeys_the_same_checks() {
    let provider = TestProvider::with(|it| it.metadata = json!({"jwks_uri": null})).await;
    let sign_in = SignIn::new(client(provider.discover().await));
    let events = |_: Event<'_>| {};
    let outcome = sign_in.clone().require_signature().run_by_device_code(&events).await;
    assert!(matches!(outcome, Err(Error::MissingKeys)));
    let outcome = sign_in.parameter("client_id", "other").run_by_device_code(&events).await;
    assert!(matches!(outcome, Err(Error::ReservedParameter { .. })));
    assert_eq!(provider.requests_at("/connect/device").len(), 0);
}

#[tokio::test]
async fn browser_is_not_opened_if_the_push_fails() {
    let provider = TestProvider::start().await;
    let metadata = provider.discover().await;
    let refused = SignIn::new(client(metadata.clone())).parameter("deny_push", "1");
    let mut without_endpoint = metadata;
    without_endpoint.pushed_authorization_request_endpoint = None;
    for sign_in in [refused, SignIn::new(client(without_endpoint))] {
        let outcome = sign_in.push_request().run(|_| panic!("nothing to open")).await;
        assert!(matches!(outcome, Err(Error::PushedRequest(_))), "{outcome:?}");
    }
}

/// The secret is encoded as a form before base64 (RFC 6749 §2.3.1).
// threats 69 195
#[tokio::test]
async fn client_secret_is_in_the_header_or_in_the_body() {
    let secret = || ClientSecret::new("a secret:+%").unwrap();
    // "my-client-id:a+secret%3A%2B%25"
    let header = Some("Basic bXktY2xpZW50LWlkOmErc2VjcmV0JTNBJTJCJTI1");
    for (authentication, header, fields) in [
        (ClientAuthentication::None, None, [Some("my-client-id"), None]),
        (ClientAuthentication::SecretBasic(secret()), header, [None, None]),
        (
            ClientAuthentication::SecretPost(secret()),
            None,
            [Some("my-client-id"), Some("a secret:+%")],
        ),
    ] {
        let provider = TestProvider::start().await;
        let client = client(provider.discover().await).with_authentication(authentication);
        let tokens = SignIn::new(client.clone()).run(follow).await.unwrap();
        let refresh_token = tokens.refresh_token.unwrap();
        client.refresh(&refresh_token).await.unwrap();
        client.revoke(Revocable::RefreshToken(&refresh_token)).await.unwrap();
        let mut requests = provider.requests_at("/connect/token");
        requests.extend(provider.requests_at("/connect/revoke"));
        assert_eq!(requests.len(), 3);
        for request in requests {
            assert_eq!(request.authorization.as_deref(), header);
            assert_eq!(["client_id", "client_secret"].map(|name| request.field(name)), fields);
            assert_eq!(request.field("scope"), None);
        }
        let echo = json!({"error": "invalid_client", "error_description": "not a secret:+%"});
        provider.change(|it| it.code_error = Some((401, echo)));
        let error = SignIn::new(client.clone()).run(|url| {
            crate::final_page(&crate::redirect_of(url));
            Ok(())
        });
        let error = error.await.unwrap_err();
        let shown = format!("{:?} {error:?} {client:?}", std::error::Error::source(&error));
        let is_hidden = !shown.contains("a secret:");
        assert!(is_hidden || fields[1].is_none() && header.is_none(), "{shown}");
    }
}

#[tokio::test]
async fn refresh_and_revocation_have_the_fields_of_their_standards() {
    let provider = TestProvider::start().await;
    let client = client(provider.discover().await);
    let tokens = SignIn::new(client.clone()).run(follow).await.unwrap();
    assert_eq!(provider.exchanges(), 1);
    let claims: Claims =
        Claims::decode_id_token_without_verifying(&tokens.id_token.unwrap()).unwrap();
    assert_eq!(claims.sub.as_deref(), Some("ada"));
    let refresh_token = tokens.refresh_token.unwrap();
    let refreshed = client.refresh(&refresh_token).await.unwrap();
    assert_eq!(refreshed.access_token.unwrap().expose(), "at-2");
    client.revoke(Revocable::RefreshToken(&refresh_token)).await.unwrap();
    let request = &provider.requests_at("/connect/token")[0];
    assert_eq!(request.field("grant_type"), Some("refresh_token"));
    assert_eq!(request.field("refresh_token"), Some("rt-1"));
    assert_eq!(request.field("scope"), None);
    let request = &provider.requests_at("/connect/revoke")[0];
    assert_eq!(request.field("token"), Some("rt-1"));
    assert_eq!(request.field("token_type_hint"), Some("refresh_token"));
}

#[tokio::test]
async fn parameters_are_in_the_url_and_resources_also_in_the_exchange() {
    let provider = TestProvider::start().await;
    let sign_in = sign_in(&provider)
        .await
        .prompt("select_account")
        .audience("https://api.example.com")
        .resource("https://a.example.com")
        .resource("https://b.example.com");
    sign_in.clone().run(follow).await.unwrap();
    let query = provider.authorization_query();
    assert_eq!(value(&query, "prompt"), Some("select_account"));
    assert_eq!(value(&query, "audience"), Some("https://api.example.com"));
    assert_eq!(value(&query, "nonce"), None);
    let exchange = &provider.requests_at("/connect/token")[0];
    let is_resource = |(name, _): &&(String, String)| name == "resource";
    let resources = |fields: &[(String, String)]| fields.iter().filter(is_resource).count();
    assert_eq!((resources(&query), resources(&exchange.form)), (2, 2));
    assert_eq!(exchange.field("audience"), None);

    sign_in.run_by_device_code(&|_: Event<'_>| {}).await.unwrap();
    let request = &provider.requests_at("/connect/device")[0];
    assert_eq!(request.field("audience"), Some("https://api.example.com"));
    assert_eq!(resources(&request.form), 2);
    let polls = provider.requests_at("/connect/token");
    assert!(!polls.is_empty());
    for poll in polls {
        assert_eq!((resources(&poll.form), poll.field("audience")), (2, None));
    }
}

/// RFC 6749 §3.1: a parameter is in a request once.
#[tokio::test]
async fn parameter_replaces_one_of_the_same_name() {
    let provider = TestProvider::start().await;
    let sign_in = sign_in(&provider).await.prompt("login").parameter("x", "1").prompt("consent");
    let mut pending = sign_in.start().unwrap();
    let url = pending.authorization().url().clone();
    let prompts = url.query_pairs().filter(|(name, _)| name == "prompt");
    assert!(prompts.map(|(_, value)| value).eq(["consent"]), "{url}");
}

// threats 7
#[tokio::test]
async fn parameters_of_the_sign_in_itself_cannot_be_added() {
    let provider = TestProvider::start().await;
    for name in
        ["state", "nonce", "redirect_uri", "code_challenge_method", "request", "request_uri"]
    {
        let error = sign_in(&provider).await.parameter(name, "x").start().unwrap_err();
        assert!(matches!(error, Error::ReservedParameter { name: it } if it == name), "{name}");
    }
}

#[tokio::test]
async fn redirect_uri_state_and_response_mode_are_chosen() {
    let provider = TestProvider::start().await;
    for (redirect_host, host, path) in [
        (RedirectHost::Localhost, "localhost", ""),
        (RedirectHost::Localhost, "localhost", "/"),
        (RedirectHost::Ipv4, "127.0.0.1", "/a/b"),
        (RedirectHost::Ipv6, "[::1]", ""),
    ] {
        let redirect = BindOptions::new(path).redirect_host(redirect_host).form_post();
        let sign_in = sign_in(&provider).await.redirect(redirect);
        let pending = sign_in.start_with_state(State::new("a-state-of-the-caller"));
        // A machine may have no IPv6.
        let Ok(mut pending) = pending else { continue };
        let port = pending.authorization().port();
        pending.authorization().open_browser_with(follow);
        let session = Mutex::default();
        let events = |event: Event<'_>| {
            if let Event::CallbackReceived(parameters) = event {
                *session.lock().unwrap() = parameters.get("session_state").map(str::to_owned);
            }
        };
        pending.finish(&events).await.unwrap();
        assert_eq!(session.into_inner().unwrap().as_deref(), Some("a session"));
        let query = provider.authorization_query();
        assert_eq!(value(&query, "state"), Some("a-state-of-the-caller"));
        assert_eq!(value(&query, "response_mode"), Some("form_post"));
        let redirect_uri = format!("http://{host}:{port}{path}");
        assert_eq!(value(&query, "redirect_uri"), Some(redirect_uri.as_str()));
    }
}

/// GitHub's server returns errors with the status 200, and fields of its own.
#[tokio::test]
async fn error_with_status_200_is_an_error() {
    let error = json!({"error": "bad_verification_code", "error_description": "expired"});
    let provider = TestProvider::with(|it| {
        it.code_error = Some((200, error));
        it.tokens = json!({"id_token": null, "token_type": null, "refresh_token_expires_in": 7});
        it.device_status = 200;
    });
    let provider = provider.await;
    let outcome = sign_in(&provider).await.run(|url| {
        crate::final_page(&crate::redirect_of(url));
        Ok(())
    });
    let error = outcome.await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("bad_verification_code"), "{source}");
    let tokens = sign_in(&provider).await.run_by_device_code(&|_: Event<'_>| {}).await.unwrap();
    assert_eq!(tokens.access_token.expose(), ACCESS_TOKEN);
    assert_eq!(tokens.additional.get::<u64>("refresh_token_expires_in"), Some(7));
}
