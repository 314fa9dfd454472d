use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credentials::{IdToken, MalformedJwt};
use http_client::HttpClient;
use ring::signature::{
    self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::discovery::read_json;
use crate::error::Error;
use crate::id_token::InvalidIdToken;

/// The keys that a provider signs with ([RFC 7517 §5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).
///
/// They are read once, and again for a token that none of them verifies: a provider changes its keys from
/// time to time. If the token names one of the keys, so that only a key that was replaced under its `kid`
/// explains it, they are not read more than once a minute for that.
#[derive(Debug)]
pub struct JwkSet {
    http: HttpClient,
    jwks_uri: Url,
    known: Mutex<Option<Known>>,
}

#[derive(Clone, Debug)]
struct Known {
    keys: Arc<Vec<Jwk>>,
    read_at: Instant,
}

/// A forged token must not cost the provider a request each time.
const REUSED_KID_INTERVAL: Duration = Duration::from_secs(60);

/// One key ([RFC 7517 §4](https://www.rfc-editor.org/rfc/rfc7517#section-4),
/// [RFC 7518 §6](https://www.rfc-editor.org/rfc/rfc7518#section-6)).
#[derive(Debug, Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    key_use: Option<String>,
    key_ops: Option<Vec<String>>,
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
        Self { http, jwks_uri, known: Mutex::default() }
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
            Some(Known { keys, .. }) if token.is_signed_by_one_of(&keys) => true,
            Some(Known { keys, read_at })
                if token.names_one_of(&keys) && read_at.elapsed() < REUSED_KID_INTERVAL =>
            {
                false
            }
            _ => token.is_signed_by_one_of(&self.reload().await?),
        };
        is_signed.then_some(()).ok_or(InvalidIdToken::InvalidSignature)
    }

    fn known(&self) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn reload(&self) -> Result<Arc<Vec<Jwk>>, InvalidIdToken> {
        let keys = self.read().await.map_err(|error| InvalidIdToken::Keys {
            url: self.jwks_uri.clone(),
            source: error.into(),
        });
        let known = Known { keys: keys?.into(), read_at: Instant::now() };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known.keys)
    }

    /// Keys of unknown types are skipped, as RFC 7517 §5 asks.
    async fn read(&self) -> Result<Vec<Jwk>, Error> {
        #[derive(Deserialize)]
        struct Keys {
            keys: Vec<Value>,
        }
        let Keys { keys } = read_json(&self.http, &self.jwks_uri).await?;
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
        if header.crit.is_some() || Algorithm::from_name(&header.alg).is_none() {
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
                && key.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|it| it == "verify"))
        };
        keys.iter().filter(is_meant).any(|key| self.is_signed_by(key).unwrap_or(false))
    }

    /// `None` for a key of another algorithm, or an incomplete one.
    fn is_signed_by(&self, key: &Jwk) -> Option<bool> {
        let number = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_ref()?).ok();
        let (message, signature) = (self.signing_input, &self.signature);
        let verified = match Algorithm::from_name(&self.header.alg)? {
            Algorithm::Rsa(parameters) if key.kty == "RSA" => {
                let (n, e) = (number(&key.n)?, number(&key.e)?);
                RsaPublicKeyComponents { n: without_zeros(&n), e: without_zeros(&e) }
                    .verify(parameters, message, signature)
            }
            Algorithm::Curve(kty, crv, verification)
                if key.kty == kty && key.crv.as_deref() == Some(crv) =>
            {
                let public_key = match kty {
                    // An uncompressed point (SEC 1 §2.3.3).
                    "EC" => [vec![4], number(&key.x)?, number(&key.y)?].concat(),
                    _ => number(&key.x)?,
                };
                UnparsedPublicKey::new(verification, public_key).verify(message, signature)
            }
            _ => return None,
        };
        Some(verified.is_ok())
    }
}

/// How a signature is verified: with an RSA key of at least 2048 bits
/// ([RFC 7518 §3.3](https://www.rfc-editor.org/rfc/rfc7518#section-3.3)), or with a key of this `kty` and
/// `crv` ([RFC 7518 §3.4](https://www.rfc-editor.org/rfc/rfc7518#section-3.4),
/// [RFC 8037 §3.1](https://www.rfc-editor.org/rfc/rfc8037#section-3.1)).
enum Algorithm {
    Rsa(&'static RsaParameters),
    Curve(&'static str, &'static str, &'static dyn VerificationAlgorithm),
}

impl Algorithm {
    fn from_name(alg: &str) -> Option<Self> {
        Some(match alg {
            "RS256" => Self::Rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
            "RS384" => Self::Rsa(&signature::RSA_PKCS1_2048_8192_SHA384),
            "RS512" => Self::Rsa(&signature::RSA_PKCS1_2048_8192_SHA512),
            "PS256" => Self::Rsa(&signature::RSA_PSS_2048_8192_SHA256),
            "PS384" => Self::Rsa(&signature::RSA_PSS_2048_8192_SHA384),
            "PS512" => Self::Rsa(&signature::RSA_PSS_2048_8192_SHA512),
            "ES256" => Self::Curve("EC", "P-256", &signature::ECDSA_P256_SHA256_FIXED),
            "ES384" => Self::Curve("EC", "P-384", &signature::ECDSA_P384_SHA384_FIXED),
            "EdDSA" | "Ed25519" => Self::Curve("OKP", "Ed25519", &signature::ED25519),
            _ => return None,
        })
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
