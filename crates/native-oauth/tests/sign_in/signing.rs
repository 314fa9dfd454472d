//! The keys and the cryptography of the test provider.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Two keys for ES256.
pub(crate) struct Keys([EcdsaKeyPair; 2]);

impl Keys {
    pub(crate) fn generate() -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let random = SystemRandom::new();
        Self([0, 1].map(|_| {
            let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap()
        }))
    }

    /// A JWK Set of these keys, with or without `kid`.
    pub(crate) fn published(&self, (indices, has_kid): &(Vec<usize>, bool)) -> Value {
        let jwk = |index: &usize| {
            let point = self.0[*index].public_key().as_ref();
            let [x, y] = [&point[1..33], &point[33..]].map(|it| URL_SAFE_NO_PAD.encode(it));
            let kid = has_kid.then(|| format!("key-{index}"));
            json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "x": x, "y": y})
        };
        let unknown = json!({"kty": "a kind of the future", "n": 7});
        let keys: Vec<_> = indices.iter().map(jwk).chain([unknown]).collect();
        json!({ "keys": keys })
    }

    pub(crate) fn sign(&self, index: usize, header: &Value, claims: &Value) -> String {
        let [header, claims] = [header, claims].map(|it| URL_SAFE_NO_PAD.encode(it.to_string()));
        let input = format!("{header}.{claims}");
        let signature = self.0[index].sign(&SystemRandom::new(), input.as_bytes()).unwrap();
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// RFC 7636 §4.2.
pub(crate) fn code_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}
