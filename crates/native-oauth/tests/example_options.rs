//! The options of the example `sign_in` that name the provider.

#[expect(dead_code, reason = "the example's `main` is not called here")]
#[path = "../examples/sign_in.rs"]
mod example;

use clap::Parser as _;
use native_oauth::{HttpClient, Options};

/// Some servers name their issuer in the callback, and have no metadata that this program can read.
#[tokio::test]
async fn issuer_can_be_given_with_the_endpoints() {
    let endpoints = "--authorization-endpoint https://id.example.com/realms/a/authorize \
                     --token-endpoint https://id.example.com/realms/a/token";
    for (options, expected) in [
        ("--issuer https://id.example.com/realms/a", "https://id.example.com/realms/a"),
        ("", "https://id.example.com"),
    ] {
        let options = format!("sign_in --client-id my-app {endpoints} {options}");
        let arguments = example::Arguments::try_parse_from(options.split_whitespace()).unwrap();
        let http = HttpClient::new(Options::new("a-test/1.0"));
        let provider = arguments.provider(&http).await.unwrap();
        assert_eq!(provider.issuer.as_str(), expected);
        assert_eq!(provider.token_endpoint.path(), "/realms/a/token");
    }
}
