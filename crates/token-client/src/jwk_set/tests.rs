use super::*;
use http_client::http::{Request, Response};
use http_client::{Options, Transport, TransportFuture};
use ring::rand::SystemRandom;
use ring::rsa::{KeyPairComponents, PublicKeyComponents};
use ring::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaEncoding};
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The payload of both examples.
const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

/// RFC 7515 appendix A.2.
const RS256: [&str; 2] = [
    "eyJhbGciOiJSUzI1NiJ9",
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
];

/// RFC 7515 appendix A.3.
const ES256: [&str; 2] = [
    "eyJhbGciOiJFUzI1NiJ9",
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
];

fn keys() -> Vec<Jwk> {
    let keys = json!([
        {"kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"},
        {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"},
    ]);
    serde_json::from_value(keys).unwrap()
}

fn is_signed([header, signature]: [&str; 2], keys: &[Jwk]) -> bool {
    let jwt = format!("{header}.{PAYLOAD}.{signature}");
    SignedToken::parse(&jwt).is_ok_and(|token| token.is_signed_by_one_of(keys))
}

// threats 97
#[test]
fn verifies_the_examples_of_rfc_7515() {
    assert!(is_signed(RS256, &keys()));
    assert!(is_signed(ES256, &keys()));
    let [header, signature] = ES256;
    assert!(!is_signed([header, &signature.replace("DtE", "DtF")], &keys()));
    assert!(!is_signed([RS256[0], signature], &keys()));
    assert!(!is_signed(ES256, &[]));
}

// threats 96 97
#[test]
fn key_must_be_meant_for_this_signature() {
    let change: [fn(&mut Jwk); 5] = [
        |key| key.key_use = Some("enc".to_owned()),
        |key| key.key_ops = Some(vec!["encrypt".to_owned()]),
        |key| key.alg = Some("HS256".to_owned()),
        |key| key.kty = "oct".to_owned(),
        |key| (key.n, key.x) = (None, None),
    ];
    for change in change {
        let mut keys = keys();
        keys.iter_mut().for_each(change);
        assert!(!is_signed(RS256, &keys) && !is_signed(ES256, &keys), "{keys:?}");
    }
    let mut keys = keys();
    keys.iter_mut()
        .for_each(|key| key.key_ops = Some(vec!["sign".to_owned(), "verify".to_owned()]));
    assert!(is_signed(RS256, &keys) && is_signed(ES256, &keys));
}

// threats 96
#[test]
fn other_algorithms_and_critical_headers_are_refused() {
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "HS256"}),
        json!({"alg": "rs256"}),
        json!({"alg": "RS256", "crit": ["x"]}),
        json!({"alg": "RS256", "kid": 7}),
        json!({}),
    ] {
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        assert!(SignedToken::parse(&format!("{header}.e30.c2ln")).is_err());
    }
    for jwt in ["", "a", "a.b", "eyJhbGciOiJSUzI1NiJ9.e30.=", "..."] {
        assert!(SignedToken::parse(jwt).is_err(), "{jwt}");
    }
}

/// The example of RFC 7520 §4.2, and its key of §3.3.
const PS384: [&str; 3] = [
    "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4",
    "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqHCdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-X72Eaw",
];
const PS384_MODULUS: &str = "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw";

/// RFC 8037 appendix A.4.
const ED25519: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

fn key(jwk: Value) -> Jwk {
    serde_json::from_value(jwk).unwrap()
}

fn verifies(jwt: &str, keys: &[Jwk]) -> bool {
    SignedToken::parse(jwt).unwrap().is_signed_by_one_of(keys)
}

/// A key without a `kid` counts for a token that names one.
// threats 97
#[test]
fn verifies_the_examples_of_rfc_7520_and_rfc_8037() {
    let rsa = |n: &str| [key(json!({"kty": "RSA", "n": n, "e": "AQAB"}))];
    assert!(verifies(&PS384.join("."), &rsa(PS384_MODULUS)));
    assert!(!verifies(&PS384.join("."), &rsa(&PS384_MODULUS.replace("n4E", "n5E"))));
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    let ed25519 = |kty, crv| [key(json!({"kty": kty, "crv": crv, "x": x}))];
    assert!(verifies(ED25519, &ed25519("OKP", "Ed25519")));
    assert!(!verifies(ED25519, &ed25519("OKP", "X25519")));
    assert!(!verifies(ED25519, &ed25519("EC", "Ed25519")));
}

#[test]
fn number_with_a_leading_zero_is_the_same_number() {
    let with_zero = |text: &str| {
        let number = URL_SAFE_NO_PAD.decode(text).unwrap();
        URL_SAFE_NO_PAD.encode([vec![0], number].concat())
    };
    let key = key(json!({"kty": "RSA", "n": with_zero(PS384_MODULUS), "e": with_zero("AQAB")}));
    assert!(verifies(&PS384.join("."), &[key]));
}

/// The private key of RFC 7515 appendix A.2: its `n`, `d`, `p`, `q`, `dp`, `dq` and `qi`.
const PRIVATE_KEY: [&str; 7] = [
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
    "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
    "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
    "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0",
    "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU",
    "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U",
];

fn signed(alg: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let header = URL_SAFE_NO_PAD.encode(json!({"alg": alg, "kid": "1"}).to_string());
    let input = format!("{header}.{PAYLOAD}");
    let signature = URL_SAFE_NO_PAD.encode(sign(input.as_bytes()));
    format!("{input}.{signature}")
}

// threats 96 97
#[test]
fn each_algorithm_verifies_its_own_signature_only() {
    let [n, d, p, q, dp, dq, qi] = PRIVATE_KEY.map(|it| URL_SAFE_NO_PAD.decode(it).unwrap());
    let public_key = PublicKeyComponents { n, e: vec![1, 0, 1] };
    let components = KeyPairComponents { public_key, d, p, q, dP: dp, dQ: dq, qInv: qi };
    let pair = ring::rsa::KeyPair::from_components(&components).unwrap();
    let keys = [key(json!({"kty": "RSA", "n": PRIVATE_KEY[0], "e": "AQAB"}))];
    let rsa: [(&str, &dyn RsaEncoding); 6] = [
        ("RS256", &signature::RSA_PKCS1_SHA256),
        ("RS384", &signature::RSA_PKCS1_SHA384),
        ("RS512", &signature::RSA_PKCS1_SHA512),
        ("PS256", &signature::RSA_PSS_SHA256),
        ("PS384", &signature::RSA_PSS_SHA384),
        ("PS512", &signature::RSA_PSS_SHA512),
    ];
    for (alg, encoding) in rsa {
        for (named, _) in rsa {
            let jwt = signed(named, |input| {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(encoding, &SystemRandom::new(), input, &mut signature).unwrap();
                signature
            });
            assert_eq!(verifies(&jwt, &keys), alg == named, "{alg} as {named}");
        }
    }
}

/// A token that a new key has signed, and the coordinates of the key.
fn es384() -> (String, [String; 2]) {
    let (algorithm, random) = (&ECDSA_P384_SHA384_FIXED_SIGNING, SystemRandom::new());
    let pair = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(algorithm, pair.as_ref(), &random).unwrap();
    let jwt = signed("ES384", |input| pair.sign(&random, input).unwrap().as_ref().to_vec());
    let point = pair.public_key().as_ref();
    (jwt, [1..49, 49..97].map(|it| URL_SAFE_NO_PAD.encode(&point[it])))
}

// threats 96 97
#[test]
fn es384_needs_a_key_of_p_384() {
    let (jwt, [x, y]) = es384();
    for (crv, is_valid) in [("P-384", true), ("P-256", false), ("P-521", false)] {
        let keys = [key(json!({"kty": "EC", "crv": crv, "x": x, "y": y}))];
        assert_eq!(verifies(&jwt, &keys), is_valid, "{crv}");
    }
}

/// Publishes these keys, and counts how often they are read.
#[derive(Debug)]
struct Published(Value, Arc<AtomicUsize>);

impl Transport for Published {
    fn send<'a>(&'a self, _: Request<&'a [u8]>, _: usize) -> TransportFuture<'a> {
        self.1.fetch_add(1, Ordering::SeqCst);
        let body = self.0.to_string().into_bytes();
        Box::pin(async { Ok(Response::new(body)) })
    }
}

/// The provider has replaced the key `1` by another one of this name.
// threats 97
#[tokio::test]
async fn key_reused_under_its_kid_is_read_again_once_a_minute() {
    let jwk =
        |[x, y]: [String; 2]| json!({"kty": "EC", "crv": "P-384", "kid": "1", "x": x, "y": y});
    let ((token, new), (forged, _), (_, old)) = (es384(), es384(), es384());
    let reads = Arc::new(AtomicUsize::new(0));
    let published = Published(json!({"keys": [jwk(new)]}), reads.clone());
    let http = HttpClient::with_transport(Options::new("a-test/1.0"), published);
    let set = JwkSet::new(http, "https://id.test/keys".parse().unwrap());
    let old = Arc::new(vec![key(jwk(old))]);
    for (age, jwt, is_signed, expected_reads) in [
        (REUSED_KID_INTERVAL / 2, &token, false, 0),
        (REUSED_KID_INTERVAL, &token, true, 1),
        (REUSED_KID_INTERVAL, &forged, false, 1),
    ] {
        let read_at = Instant::now().checked_sub(age).unwrap();
        *set.known.lock().unwrap() = Some(Known { keys: old.clone(), read_at });
        reads.store(0, Ordering::SeqCst);
        for _ in 0..3 {
            let outcome = set.verify(&IdToken::new(jwt.as_str()).unwrap()).await;
            assert_eq!(outcome.is_ok(), is_signed, "{age:?} {outcome:?}");
        }
        assert_eq!(reads.load(Ordering::SeqCst), expected_reads, "{age:?}");
    }
}

/// The provider has added a key.
// threats 97
#[tokio::test]
async fn key_of_an_unknown_kid_is_read_at_once() {
    let ((token, [x, y]), (_, [old_x, old_y])) = (es384(), es384());
    let reads = Arc::new(AtomicUsize::new(0));
    let new = json!({"kty": "EC", "crv": "P-384", "kid": "1", "x": x, "y": y});
    let published = Published(json!({"keys": [new]}), reads.clone());
    let http = HttpClient::with_transport(Options::new("a-test/1.0"), published);
    let set = JwkSet::new(http, "https://id.test/keys".parse().unwrap());
    let old = json!({"kty": "EC", "crv": "P-384", "kid": "0", "x": old_x, "y": old_y});
    let keys = Arc::new(vec![key(old)]);
    *set.known.lock().unwrap() = Some(Known { keys, read_at: Instant::now() });
    set.verify(&IdToken::new(token).unwrap()).await.unwrap();
    assert_eq!(reads.load(Ordering::SeqCst), 1);
}
