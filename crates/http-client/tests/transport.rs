//! A program's own HTTP client, in place of the one of this crate.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_client::http::{Request, Response};
use http_client::{
    BaseUrl, Error, ErrorResponse, HttpClient, Options, Phase, Transport, TransportError,
    TransportFuture, Url, retry_if_not_sent,
};

#[path = "../examples/own_reqwest_client.rs"]
mod example;

#[test]
fn example_sends_its_requests_with_reqwest() {
    example::main().unwrap();
}

type Answer = fn() -> Result<Response<Vec<u8>>, TransportError>;

/// Gives the same answer to each request, and keeps the requests as text.
#[derive(Debug)]
struct Recorder {
    answer: Option<Answer>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Transport for Recorder {
    fn send<'a>(&'a self, request: Request<&'a [u8]>, _: usize) -> TransportFuture<'a> {
        let mut text = format!("{} {}\n", request.method(), request.uri());
        for (name, value) in request.headers() {
            text += &format!("{name}: {}\n", value.to_str().unwrap());
        }
        text += std::str::from_utf8(request.body()).unwrap();
        self.requests.lock().unwrap().push(text);
        match self.answer {
            Some(answer) => Box::pin(async move { answer() }),
            None => Box::pin(pending()),
        }
    }
}

fn client(answer: Option<Answer>) -> (HttpClient, Arc<Mutex<Vec<String>>>) {
    let requests = Arc::default();
    let mut options = Options::new("a-test/1.0");
    options.timeout = Duration::from_millis(1);
    let recorder = Recorder { answer, requests: Arc::clone(&requests) };
    (HttpClient::with_transport(options, recorder), requests)
}

fn ok() -> Result<Response<Vec<u8>>, TransportError> {
    Ok(Response::builder().header("x-own", "1").body(b"{\"a\":\"b\"}".to_vec()).unwrap())
}

fn url() -> Url {
    "https://id.example.com/token?a=b".parse().unwrap()
}

#[tokio::test]
async fn transport_gets_the_whole_request_and_returns_the_whole_response() {
    let (http, requests) = client(Some(ok));
    let form = http.post(url()).basic("me", "a secret").header("dpop", "p");
    let response = form.send_form(&[("a b", "c&d=\u{fc}"), ("e", ""), ("f", "*-._~")]).await;
    let response = response.unwrap();
    assert_eq!((response.status(), response.body()), (200, &b"{\"a\":\"b\"}"[..]));
    assert_eq!(response.headers()["x-own"], "1");
    http.post(url()).bearer("at-1").send_json(&["x"]).await.unwrap();
    http.get(url()).send().await.unwrap();
    assert_eq!(
        *requests.lock().unwrap(),
        [
            "POST https://id.example.com/token?a=b\naccept: application/json\ndpop: p\n\
             authorization: Basic bWU6YSBzZWNyZXQ=\n\
             content-type: application/x-www-form-urlencoded\nuser-agent: a-test/1.0\n\
             a+b=c%26d%3D%C3%BC&e=&f=*-._%7E",
            "POST https://id.example.com/token?a=b\naccept: application/json\n\
             authorization: Bearer at-1\ncontent-type: application/json\n\
             user-agent: a-test/1.0\n[\"x\"]",
            "GET https://id.example.com/token?a=b\naccept: application/json\n\
             user-agent: a-test/1.0\n",
        ]
    );
}

// threats 7 84
#[tokio::test]
async fn policy_holds_with_any_transport() {
    let redirect: Answer = || Ok(Response::builder().status(302).body(Vec::new()).unwrap());
    let (http, _) = client(Some(redirect));
    let outcome = http.get(url()).send().await;
    assert!(matches!(outcome, Err(Error::Redirect { status: 302, .. })), "{outcome:?}");

    let (http, requests) = client(Some(ok));
    let outcome = http.get(url()).max_body(8).send().await;
    assert!(matches!(outcome, Err(Error::TooLarge { limit: 8, .. })), "{outcome:?}");
    requests.lock().unwrap().clear();
    let outcome = http.get("http://id.example.com/".parse().unwrap()).send().await;
    assert!(matches!(outcome, Err(Error::PlainHttp { .. })), "{outcome:?}");
    let outcome = http.get(url()).header("x", "a\nb").send().await;
    assert!(matches!(outcome, Err(Error::InvalidRequest { .. })), "{outcome:?}");
    let base: BaseUrl = "https://id.example.com".parse().unwrap();
    http.preconnect(&base).await.unwrap();
    assert!(requests.lock().unwrap().is_empty());

    let (http, _) = client(None);
    let outcome = http.get(url()).send().await;
    let is_timeout = matches!(outcome, Err(Error::Timeout { phase: Phase::Response, .. }));
    assert!(is_timeout, "{outcome:?}");
}

// threats 77
#[tokio::test]
async fn request_is_repeated_only_if_the_transport_says_that_it_was_not_sent() {
    let not_sent: Answer = || Err(TransportError::NotSent(io::Error::other("refused").into()));
    let sent: Answer = || Err(TransportError::Interrupted(io::Error::other("reset").into()));
    for (answer, expected_requests) in [(not_sent, 2), (sent, 1)] {
        let (http, requests) = client(Some(answer));
        let error = retry_if_not_sent(|| http.post(url()).send()).await.unwrap_err();
        assert_eq!(error.provably_not_sent(), expected_requests == 2, "{error:?}");
        assert_eq!(requests.lock().unwrap().len(), expected_requests, "{error:?}");
    }
}

// threats 69 126 195
#[tokio::test]
async fn secret_that_the_server_repeats_is_hidden() {
    let echo: Answer = || {
        let body = br#"{"error":"bad","error_description":"not rt_0123456789abcdef"}"#;
        Ok(Response::builder().status(400).body(body.to_vec()).unwrap())
    };
    let (http, _) = client(Some(echo));
    let response = http.post(url()).secret("rt_0123456789abcdef").send().await.unwrap();
    let error = ErrorResponse::from_response(&response);
    assert_eq!(error.description.as_deref(), Some("not [hidden]"));
}
