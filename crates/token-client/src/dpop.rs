use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credentials::AccessToken;
use http_client::Response;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use url::Url;

/// A key to which a server binds tokens, so that a stolen token is of no use
/// ([RFC 9449](https://www.rfc-editor.org/rfc/rfc9449)).
///
/// It lives in memory: tokens that are bound to it cannot be refreshed or used by another process. The
/// algorithm is `ES256`.
pub struct DpopKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    now: fn() -> SystemTime,
    /// The last nonce of the token endpoint.
    nonce: Mutex<Option<String>>,
}

/// The operating system returned no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system returned no random bytes")]
pub struct NoRandomness;

impl DpopKey {
    /// A new key.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`].
    pub fn generate() -> Result<Self, NoRandomness> {
        #[expect(clippy::disallowed_methods, reason = "the default; `clock` replaces it")]
        let now = SystemTime::now;
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).map_err(|_| NoRandomness)?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random);
        Ok(Self { pair: pair.map_err(|_| NoRandomness)?, random, now, nonce: Mutex::default() })
    }

    /// The clock for the time in each proof. The default is that of the system.
    #[must_use]
    pub fn clock(self, now: fn() -> SystemTime) -> Self {
        Self { now, ..self }
    }

    /// The `DPoP` header of a request to an API with a token that is bound to this key. `nonce` is what
    /// that API has sent in its last `DPoP-Nonce` header.
    ///
    /// # Errors
    ///
    /// [`NoRandomness`].
    pub fn proof(
        &self,
        method: &str,
        url: &Url,
        access_token: &AccessToken,
        nonce: Option<&str>,
    ) -> Result<String, NoRandomness> {
        let hash = digest(&SHA256, access_token.expose().as_bytes());
        let mut claims = self.claims(method, url, nonce)?;
        claims["ath"] = URL_SAFE_NO_PAD.encode(hash).into();
        self.sign(&claims)
    }

    /// The header of a request to the token endpoint.
    pub(crate) fn token_proof(&self, url: &Url) -> Result<String, NoRandomness> {
        let nonce = self.nonce.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.sign(&self.claims("POST", url, nonce.as_deref())?)
    }

    /// Keeps the nonce of a response for the next request
    /// ([§8](https://www.rfc-editor.org/rfc/rfc9449#section-8)). Whether there was one.
    pub(crate) fn take_nonce(&self, response: &Response) -> bool {
        const LONGEST: usize = 4096;
        let nonce = response.headers().get("dpop-nonce").and_then(|value| value.to_str().ok());
        let Some(nonce) = nonce.filter(|nonce| nonce.len() <= LONGEST) else { return false };
        *self.nonce.lock().unwrap_or_else(PoisonError::into_inner) = Some(nonce.to_owned());
        true
    }

    /// [§4.2](https://www.rfc-editor.org/rfc/rfc9449#section-4.2). The URL is without its query.
    fn claims(&self, method: &str, url: &Url, nonce: Option<&str>) -> Result<Value, NoRandomness> {
        let mut id = [0; 16];
        self.random.fill(&mut id).map_err(|_| NoRandomness)?;
        let mut url = url.clone();
        url.set_query(None);
        url.set_fragment(None);
        let issued_at = (self.now)().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut claims = json!({
            "jti": URL_SAFE_NO_PAD.encode(id), "htm": method, "htu": url.as_str(), "iat": issued_at,
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        Ok(claims)
    }

    fn sign(&self, claims: &Value) -> Result<String, NoRandomness> {
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.public_key()});
        let [header, claims] = [&header, claims].map(|it| URL_SAFE_NO_PAD.encode(it.to_string()));
        let input = format!("{header}.{claims}");
        let signature = self.pair.sign(&self.random, input.as_bytes()).map_err(|_| NoRandomness)?;
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// [RFC 7518 §6.2.1](https://www.rfc-editor.org/rfc/rfc7518#section-6.2.1).
    fn public_key(&self) -> Value {
        // An uncompressed point: a four, then both coordinates.
        let point = self.pair.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap_or_default().split_at(point.len() / 2);
        let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
        json!({"kty": "EC", "crv": "P-256", "x": x, "y": y})
    }
}

impl fmt::Debug for DpopKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DpopKey").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

    fn decoded(part: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(part).unwrap()
    }

    #[test]
    fn proof_is_signed_by_the_key_in_its_header() {
        let key = DpopKey::generate().unwrap().clock(|| UNIX_EPOCH);
        let url = "https://api.test/v1/x?secret=1#f".parse().unwrap();
        let token = AccessToken::new("at-1").unwrap();
        let proof = key.proof("GET", &url, &token, Some("n-1")).unwrap();
        let (input, signature) = proof.rsplit_once('.').unwrap();
        let (header, claims) = input.split_once('.').unwrap();
        let header: Value = serde_json::from_slice(&decoded(header)).unwrap();
        assert_eq!((&header["typ"], &header["alg"]), (&json!("dpop+jwt"), &json!("ES256")));
        let coordinate = |name: &str| decoded(header["jwk"][name].as_str().unwrap());
        assert_eq!(header["jwk"].as_object().unwrap().len(), 4);
        assert_eq!([coordinate("x").len(), coordinate("y").len()], [32, 32]);
        let point = [vec![4], coordinate("x"), coordinate("y")].concat();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        public.verify(input.as_bytes(), &decoded(signature)).unwrap();
        let claims: Value = serde_json::from_slice(&decoded(claims)).unwrap();
        assert_eq!(claims["htm"], "GET");
        assert_eq!(claims["htu"], "https://api.test/v1/x");
        assert_eq!((&claims["iat"], &claims["nonce"]), (&json!(0), &json!("n-1")));
        let hash = digest(&SHA256, token.expose().as_bytes());
        assert_eq!(claims["ath"], URL_SAFE_NO_PAD.encode(hash));
    }

    #[test]
    fn no_two_proofs_have_the_same_id() {
        let key = DpopKey::generate().unwrap().clock(|| UNIX_EPOCH);
        let url = "https://id.test/token".parse().unwrap();
        let claims = |proof: String| decoded(proof.split('.').nth(1).unwrap());
        let [first, second] = [(); 2].map(|()| claims(key.token_proof(&url).unwrap()));
        assert_ne!(first, second);
        assert!(!String::from_utf8(first).unwrap().contains("ath"));
        assert!(!format!("{key:?}").contains("pair"));
    }
}
