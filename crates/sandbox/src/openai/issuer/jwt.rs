use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use crate::listen::StartError;
use crate::response::Refusal;

const TEST_KEY: &str = include_str!("../../../fixtures/issuer-test-key.pem");
const KEY_ID: &str = "sandbox-test-key";

/// Signs tokens with RS256 ([RFC 7518 §3.3](https://www.rfc-editor.org/rfc/rfc7518#section-3.3)).
/// The key is in the source: generating one would take a second per test.
pub(crate) struct Signer(RsaKeyPair);

impl Signer {
    pub(crate) fn new() -> Result<Self, StartError> {
        let between_the_marks = TEST_KEY.split("-----").nth(2).ok_or(StartError::Key)?;
        let base64: String = between_the_marks.split_whitespace().collect();
        let der = STANDARD.decode(base64).map_err(|_| StartError::Key)?;
        let key = RsaKeyPair::from_pkcs8(&der).map_err(|_| StartError::Key)?;
        Ok(Self(key))
    }

    pub(crate) fn sign(&self, claims: &Value) -> Result<String, Refusal> {
        let header = json!({"alg": "RS256", "kid": KEY_ID, "typ": "JWT"});
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let message = format!("{}.{}", encode(&header), encode(claims));
        let mut signature = vec![0; self.0.public().modulus_len()];
        let signed = self.0.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message.as_bytes(),
            &mut signature,
        );
        signed.map_err(|_| Refusal::server_error("the token could not be signed"))?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The public key as a JWK ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)).
    pub(crate) fn jwk(&self) -> Value {
        let public = PublicKeyComponents::<Vec<u8>>::from(self.0.public());
        json!({
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": KEY_ID,
            "n": URL_SAFE_NO_PAD.encode(public.n),
            "e": URL_SAFE_NO_PAD.encode(public.e),
        })
    }
}
