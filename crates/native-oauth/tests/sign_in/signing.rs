//! The keys and the cryptography of the test provider.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::rsa::{KeyPair as RsaKeyPair, KeyPairComponents, PublicKeyComponents};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use ring::{hmac, rsa};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::behavior::Behavior;

/// The keys of a provider by their numbers: 0 and 1 are for ES256, [`RSA`] and [`OTHER_RSA`] for RS256.
pub(crate) struct Keys {
    ec: [EcdsaKeyPair; 2],
    rsa: RsaKeyPair,
}

pub(crate) const RSA: usize = 2;
/// A key that signs nothing.
pub(crate) const OTHER_RSA: usize = 3;

/// The secret of HS256.
pub(crate) const SHARED_SECRET: &str = "a secret that the provider publishes";

/// The RSA key of RFC 7515 appendix A.2.
const RFC_7515: [&str; 7] = [
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
    "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ",
    "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc",
    "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc",
    "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0",
    "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU",
    "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U",
];

/// The modulus of RFC 7520 section 3.3.
const RFC_7520: &str = "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZQHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oBHqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVbb9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHdrNP5zw";

impl Keys {
    pub(crate) fn generate() -> Self {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let random = SystemRandom::new();
        let ec = [0, 1].map(|_| {
            let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
            EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap()
        });
        Self { ec, rsa: rsa_key() }
    }

    /// The JWK Set of the provider.
    pub(crate) fn published(&self, behavior: &Behavior) -> Value {
        let (indices, has_kid) = &behavior.publishes;
        let jwk = |index: &usize| {
            let mut jwk = self.jwk(*index);
            jwk["use"] = "sig".into();
            if *has_kid {
                jwk["kid"] = format!("key-{index}").into();
            }
            let members = behavior.key_members.as_object().unwrap().clone();
            jwk.as_object_mut().unwrap().extend(members);
            jwk
        };
        let others = behavior.more_keys.iter().cloned();
        let keys: Vec<_> = others.chain(indices.iter().map(jwk)).collect();
        json!({ "keys": keys })
    }

    fn jwk(&self, index: usize) -> Value {
        if let Some(key) = self.ec.get(index) {
            let point = key.public_key().as_ref();
            let [x, y] = [&point[1..33], &point[33..]].map(|it| URL_SAFE_NO_PAD.encode(it));
            return json!({"kty": "EC", "crv": "P-256", "x": x, "y": y});
        }
        let modulus = if index == RSA { RFC_7515[0] } else { RFC_7520 };
        json!({"kty": "RSA", "n": modulus, "e": "AQAB"})
    }

    /// A JWT that the key of this number signs by the `alg` of the header.
    pub(crate) fn sign(&self, index: usize, header: &Value, claims: &Value) -> String {
        let mut header = header.clone();
        // The attacker's own key, as a header can have it.
        if header["jwk"].is_string() {
            header["jwk"] = self.jwk(index);
        }
        let alg = header["alg"].as_str().unwrap_or_default().to_owned();
        let [header, claims] = [&header, claims].map(|it| URL_SAFE_NO_PAD.encode(it.to_string()));
        let input = format!("{header}.{claims}");
        let random = SystemRandom::new();
        let signature = match alg.as_str() {
            "none" => Vec::new(),
            "HS256" => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, SHARED_SECRET.as_bytes());
                hmac::sign(&key, input.as_bytes()).as_ref().to_owned()
            }
            _ if index == RSA => {
                let mut signature = vec![0; self.rsa.public().modulus_len()];
                let padding = &RSA_PKCS1_SHA256;
                self.rsa.sign(padding, &random, input.as_bytes(), &mut signature).unwrap();
                signature
            }
            _ => self.ec[index].sign(&random, input.as_bytes()).unwrap().as_ref().to_owned(),
        };
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn rsa_key() -> RsaKeyPair {
    let number = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let [n, d, p, q, dp, dq, qinv] = RFC_7515.map(number);
    let public_key = PublicKeyComponents { n, e: vec![1, 0, 1] };
    let components = KeyPairComponents { public_key, d, p, q, dP: dp, dQ: dq, qInv: qinv };
    rsa::KeyPair::from_components(&components).unwrap()
}

/// RFC 7636 §4.2.
pub(crate) fn code_challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}
