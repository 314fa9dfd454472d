use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credentials::{IdToken, MalformedJwt};
use http_client::{HttpClient, retry_if_not_sent};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use crate::client::accepted;
use crate::error::Error;
use crate::id_token::InvalidIdToken;

/// The keys that a provider signs with ([RFC 7517 §5](https://www.rfc-editor.org/rfc/rfc7517#section-5)).
///
/// They are read when they are first needed, and once more for a token that they do not verify: a
/// provider changes its keys from time to time.
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

    /// Verifies the signature of an ID token: `RS256` or `ES256`. The URLs in its header are ignored.
    ///
    /// # Errors
    ///
    /// [`InvalidIdToken`], but not for its claims.
    pub async fn verify(&self, id_token: &IdToken) -> Result<(), InvalidIdToken> {
        let token = SignedToken::parse(id_token.expose())?;
        let known = self.keys.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if known.is_some_and(|keys| token.is_signed_by_one_of(&keys)) {
            return Ok(());
        }
        let keys = Arc::new(self.read().await.map_err(|error| InvalidIdToken::Keys(error.into()))?);
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = Some(keys.clone());
        let is_signed = token.is_signed_by_one_of(&keys);
        is_signed.then_some(()).ok_or(InvalidIdToken::InvalidSignature)
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
        if header.crit.is_some() || !matches!(header.alg.as_str(), "RS256" | "ES256") {
            return Err(InvalidIdToken::UnsupportedSignature);
        }
        Ok(Self { header, signing_input: signing_input.as_bytes(), signature })
    }

    /// Without a `kid`, each key is tried.
    fn is_signed_by_one_of(&self, keys: &[Jwk]) -> bool {
        let Header { alg, kid, .. } = &self.header;
        let is_meant = |key: &&Jwk| {
            (kid.is_none() || key.kid == *kid)
                && key.alg.as_ref().is_none_or(|it| it == alg)
                && key.key_use.as_ref().is_none_or(|it| it == "sig")
        };
        keys.iter().filter(is_meant).any(|key| self.is_signed_by(key).unwrap_or(false))
    }

    /// `None` for a key of another algorithm, or an incomplete one.
    fn is_signed_by(&self, key: &Jwk) -> Option<bool> {
        let number = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_ref()?).ok();
        let verified = match (self.header.alg.as_str(), key.kty.as_str()) {
            ("RS256", "RSA") => RsaPublicKeyComponents { n: number(&key.n)?, e: number(&key.e)? }
                .verify(&RSA_PKCS1_2048_8192_SHA256, self.signing_input, &self.signature),
            ("ES256", "EC") if key.crv.as_deref() == Some("P-256") => {
                // An uncompressed point (SEC 1 §2.3.3).
                let point = [vec![4], number(&key.x)?, number(&key.y)?].concat();
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
                    .verify(self.signing_input, &self.signature)
            }
            _ => return None,
        };
        Some(verified.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

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
        let change: [fn(&mut Jwk); 4] = [
            |key| key.key_use = Some("enc".to_owned()),
            |key| key.alg = Some("RS512".to_owned()),
            |key| key.kty = "oct".to_owned(),
            |key| (key.n, key.x) = (None, None),
        ];
        for change in change {
            let mut keys = keys();
            keys.iter_mut().for_each(change);
            assert!(!is_signed(RS256, &keys) && !is_signed(ES256, &keys), "{keys:?}");
        }
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
}
