//! The keys of a provider, with which two tokens are verified. Only a document with the key of a token
//! makes it valid, and one with nothing else does. Two requests at most are sent for a token.

#![no_main]

use std::sync::atomic::Ordering;

use credentials::IdToken;
use fuzz::json::Json;
use fuzz::server::{Server, run};
use libfuzzer_sys::fuzz_target;
use token_client::JwkSet;

/// `{"alg": "RS256", "kid": "r"}`
const RSA_TOKEN: &str = concat!(
    "eyJhbGciOiAiUlMyNTYiLCAia2lkIjogInIifQ.eyJzdWIiOiJhZGEifQ.bjZXcFGOOU_k5Z9q8mtAw2vTbLNB6E",
    "RcYAUUgmQP6UE5htkmnQN2DH0mD2OOS6AplNZPZWa6mtRi7fkgfLfRccNkqIcDNHEX_KFBJWYRjD0Qdnv9NeL1JX",
    "X_wZmyR95rwtdvJp6EBbSY3axpqn6ZPD2pXZ2bzQ7fhdaU4Kd7wYan1UHsdC8EtqRH0k2Vqu1jdhT1BvUDe3cwbz",
    "zpiNF5_ARaEHVUbt7crck8INmELCJPypqrRecGnqvkCIKjRYhmJ2wdNDVgyABIaCGNU4nouCkwMmuvCfq3kPIvbB",
    "da8swc0eItB3mzgm-P0ennDwvmYgvq3YXwHdZFk0GTzSUTvA",
);
const MODULUS: &str = concat!(
    "vmPyvNlfemzL63O3V1suQtBPXhpMbKot9EhQ8LEDnIXI1JsHmur3QzsN0k8o-LbZBCcjomvbRzJVjr-su84caq9c",
    "1sbUxasA9_8wmV21CpgjNQ-uVXqrVmDRXpZDGjMit-1Ug_5iURdhR57j0IrFTtioGV6AlIFQu8A0nf1C72q2_BfF",
    "FvQFAlWIAxdo5dBlLRf9xJOWkm6XeVUE3YVZeidCatuJcnDrtYfXHqeNlbLJeymwp_aZpJXAxDJUT-0K9krm8KXY",
    "y5oc2FeWrw71WPnh_PbhbWJ-wRXO_J_LN27V9tfrxHW2gBQu4QehP_LLUb6QtR1xeR-OPUzLQu0pCw",
);
/// `{"alg": "ES256", "kid": "e"}`
const EC_TOKEN: &str = concat!(
    "eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImUifQ.eyJzdWIiOiJhZGEifQ.FygdS7r6Ge1zJIJw4i81JWb3C08LZ6",
    "sWa8GCptK07L0cTx8nh5XvCZFBixzc5OyODqEMWAQ9TAF70PbfcsW1nQ",
);
const X: &str = "kOAyiRH2a4L6_d0rlZrgdKM8a1oseCqZUrw7PU95h0k";
const Y: &str = "yMLz5RGxpHeVzx9pNqko0FRsEF_Pery7RE2_XTcSkbE";

fuzz_target!(|body: &[u8]| {
    let json = Json::read(body).filter(|_| str::from_utf8(body).is_ok());
    check(body, RSA_TOKEN, json.as_ref(), &[("kty", "RSA"), ("n", MODULUS), ("e", "AQAB")]);
    check(body, EC_TOKEN, json.as_ref(), &[("kty", "EC"), ("crv", "P-256"), ("x", X), ("y", Y)]);
});

fn check(body: &[u8], token: &str, json: Option<&Json>, key: &[(&str, &str)]) {
    let (http, requests) = Server::with_response(200, body);
    let keys = JwkSet::new(http, "https://id.example/keys".parse().expect("a URL"));
    let token = IdToken::new(token).expect("a token");
    let is_valid = run(keys.verify(&token)).is_ok();
    assert_eq!(requests.load(Ordering::Relaxed), 1);
    let listed = match json.map(|json| json.last("keys")) {
        Some(Json::List(listed)) => listed.as_slice(),
        _ => &[],
    };
    let has = |it: &Json, rule: fn(Option<&str>, &str) -> bool| {
        it.is_object() && key.iter().all(|(name, value)| rule(it.last(name).text(), value))
    };
    // The same number can have zeros before it.
    let may_be = |it: &&Json| {
        has(it, |found, value| found.is_some_and(|it| it.ends_with(value) || it.starts_with('A')))
    };
    let is_exact = |it: &&Json| {
        let Json::Object(members) = it else { return false };
        members.len() == key.len() && has(it, |found, value| found == Some(value))
    };
    if is_valid {
        assert!(listed.iter().any(|it| may_be(&it)), "a key is missing");
    } else if let [only] = listed {
        assert!(!is_exact(&only), "the key is there");
    }
}
