use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credentials::{IdToken, MalformedJwt};
use http_client::{HttpClient, retry_if_not_sent};
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::client::accepted;
use crate::error::Error;
use crate::id_token::InvalidIdToken;

/// The keys that a provider signs with ([RFC 7517 §5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).
///
/// They are read once, and once more for a token whose key is not among them: a provider changes its
/// keys from time to time.
#[derive(Debug)]
pub struct JwkSet {
    http: HttpClient,
    jwks_uri: Url,
    keys: Mutex<Option<Arc<Vec<Jwk>>>>,
}

/// One key ([RFC 7517 §4](https://www.rfc-editor.org/rfc/rfc7517#section-4),
/// [RFC 7518 §6](https://www.rfc-editor.org/rfc/rfc7518#section-6)).
#[derive(Debug, Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    key_use: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl JwkSet {
    /// The keys at a [`jwks_uri`](crate::Provider::jwks_uri). Nothing is read yet.
    #[must_use]
    pub fn new(http: HttpClient, jwks_uri: Url) -> Self {
        Self { http, jwks_uri, keys: Mutex::default() }
    }

    /// Reads the keys, unless they are known. Call it before a code is exchanged: the code is spent even
    /// if the keys cannot be read.
    ///
    /// # Errors
    ///
    /// [`InvalidIdToken::Keys`].
    pub async fn load(&self) -> Result<(), InvalidIdToken> {
        match self.known() {
            Some(_) => Ok(()),
            None => self.reload().await.map(drop),
        }
    }

    /// Verifies the signature of an ID token: RSA (`RS256`, `PS256` and their SHA-384 and SHA-512 forms),
    /// `ES256`, `ES384` or `EdDSA` with Ed25519. The URLs in its header are ignored.
    ///
    /// # Errors
    ///
    /// [`InvalidIdToken`], but not for its claims.
    pub async fn verify(&self, id_token: &IdToken) -> Result<(), InvalidIdToken> {
        let token = SignedToken::parse(id_token.expose())?;
        let is_signed = match self.known() {
            Some(keys) if token.is_signed_by_one_of(&keys) => true,
            Some(keys) if token.names_one_of(&keys) => false,
            _ => token.is_signed_by_one_of(&self.reload().await?),
        };
        is_signed.then_some(()).ok_or(InvalidIdToken::InvalidSignature)
    }

    fn known(&self) -> Option<Arc<Vec<Jwk>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn reload(&self) -> Result<Arc<Vec<Jwk>>, InvalidIdToken> {
        let keys = Arc::new(self.read().await.map_err(|error| InvalidIdToken::Keys(error.into()))?);
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = Some(keys.clone());
        Ok(keys)
    }

    /// Keys of unknown types are skipped, as RFC 7517 §5 asks.
    async fn read(&self) -> Result<Vec<Jwk>, Error> {
        #[derive(Deserialize)]
        struct Keys {
            keys: Vec<Value>,
        }
        let response = retry_if_not_sent(|| self.http.get(self.jwks_uri.clone()).send()).await?;
        let Keys { keys } = accepted(response)?.decode()?;
        Ok(keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
    }
}

/// A JWS in the compact serialization ([RFC 7515 §7.1](https://www.rfc-editor.org/rfc/rfc7515#section-7.1)).
struct SignedToken<'a> {
    header: Header,
    signing_input: &'a [u8],
    signature: Vec<u8>,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

impl<'a> SignedToken<'a> {
    fn parse(jwt: &'a str) -> Result<Self, InvalidIdToken> {
        let (signing_input, signature) = jwt.rsplit_once('.').ok_or(MalformedJwt::Parts)?;
        let (header, _) = signing_input.split_once('.').ok_or(MalformedJwt::Parts)?;
        let decode = |part| URL_SAFE_NO_PAD.decode(part).map_err(|_| MalformedJwt::Encoding);
        let (header, signature) = (decode(header)?, decode(signature)?);
        let header: Header = serde_json::from_slice(&header).map_err(|_| MalformedJwt::Header)?;
        if header.crit.is_some() || key_type(&header.alg).is_none() {
            return Err(InvalidIdToken::UnsupportedSignature);
        }
        Ok(Self { header, signing_input: signing_input.as_bytes(), signature })
    }

    /// Whether the header names the `kid` of one of these keys.
    fn names_one_of(&self, keys: &[Jwk]) -> bool {
        self.header.kid.is_some() && keys.iter().any(|key| key.kid == self.header.kid)
    }

    /// Without a `kid` in the header or in a key, each key is tried.
    fn is_signed_by_one_of(&self, keys: &[Jwk]) -> bool {
        let Header { alg, kid, .. } = &self.header;
        let is_meant = |key: &&Jwk| {
            (kid.is_none() || key.kid.is_none() || key.kid == *kid)
                && key.alg.as_ref().is_none_or(|it| it == alg)
                && key.key_use.as_ref().is_none_or(|it| it == "sig")
        };
        keys.iter().filter(is_meant).any(|key| self.is_signed_by(key).unwrap_or(false))
    }

    /// `None` for a key of another algorithm, or an incomplete one.
    fn is_signed_by(&self, key: &Jwk) -> Option<bool> {
        let number = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_ref()?).ok();
        let (message, signature) = (self.signing_input, &self.signature);
        let alg = self.header.alg.as_str();
        if key_type(alg)? != (&*key.kty, key.crv.as_deref().filter(|_| key.kty != "RSA")) {
            return None;
        }
        if let Some(algorithm) = rsa(alg) {
            let (n, e) = (number(&key.n)?, number(&key.e)?);
            let key = RsaPublicKeyComponents { n: without_zeros(&n), e: without_zeros(&e) };
            return Some(key.verify(algorithm, message, signature).is_ok());
        }
        // An uncompressed point (SEC 1 §2.3.3).
        let point = || Some([vec![4], number(&key.x)?, number(&key.y)?].concat());
        Some(
            match alg {
                "ES256" => UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point()?)
                    .verify(message, signature),
                "ES384" => UnparsedPublicKey::new(&signature::ECDSA_P384_SHA384_FIXED, point()?)
                    .verify(message, signature),
                _ => UnparsedPublicKey::new(&signature::ED25519, number(&key.x)?)
                    .verify(message, signature),
            }
            .is_ok(),
        )
    }
}

/// The `kty` and the `crv` of a key for this `alg`
/// ([RFC 7518 §3.1](https://www.rfc-editor.org/rfc/rfc7518#section-3.1),
/// [RFC 8037 §3.1](https://www.rfc-editor.org/rfc/rfc8037#section-3.1)).
fn key_type(alg: &str) -> Option<(&'static str, Option<&'static str>)> {
    match alg {
        "ES256" => Some(("EC", Some("P-256"))),
        "ES384" => Some(("EC", Some("P-384"))),
        "EdDSA" | "Ed25519" => Some(("OKP", Some("Ed25519"))),
        _ => rsa(alg).map(|_| ("RSA", None)),
    }
}

/// Keys of at least 2048 bits, as [RFC 7518 §3.3](https://www.rfc-editor.org/rfc/rfc7518#section-3.3)
/// requires.
fn rsa(alg: &str) -> Option<&'static RsaParameters> {
    match alg {
        "RS256" => Some(&signature::RSA_PKCS1_2048_8192_SHA256),
        "RS384" => Some(&signature::RSA_PKCS1_2048_8192_SHA384),
        "RS512" => Some(&signature::RSA_PKCS1_2048_8192_SHA512),
        "PS256" => Some(&signature::RSA_PSS_2048_8192_SHA256),
        "PS384" => Some(&signature::RSA_PSS_2048_8192_SHA384),
        "PS512" => Some(&signature::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

/// Some providers write a number as a signed one, with a zero in front
/// ([RFC 7518 §6.3.1.1](https://www.rfc-editor.org/rfc/rfc7518#section-6.3.1.1) says not to).
fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
