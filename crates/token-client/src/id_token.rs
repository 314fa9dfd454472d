use std::time::{SystemTime, UNIX_EPOCH};

use credentials::{ClaimMismatch, Claims, IdToken, IdTokenValidation, MalformedJwt};
use serde::Deserialize;
use url::Url;

use crate::client::TokenClient;
use crate::error::Error;
use crate::provider::{Provider, TENANT};

/// Why an ID token is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidIdToken {
    /// There is none in the response.
    #[error("the response has no ID token")]
    Missing,
    /// It is not a JWT.
    #[error("the ID token is malformed")]
    Malformed(#[from] MalformedJwt),
    /// A claim has another value than expected.
    #[error("the ID token is not valid")]
    Claim(#[from] ClaimMismatch),
    /// Its `alg` is not supported ([`JwkSet::verify`](crate::JwkSet::verify)), or it has critical headers.
    #[error("the ID token is signed in a way that is not supported")]
    UnsupportedSignature,
    /// None of the provider's keys verifies its signature.
    #[error("the ID token is not signed with a key of the provider")]
    InvalidSignature,
    /// The provider's keys cannot be read.
    #[error("cannot read the keys of the provider at {url}")]
    Keys {
        /// The [`jwks_uri`](crate::Provider::jwks_uri).
        url: Url,
        /// The reason.
        source: Box<Error>,
    },
}

#[derive(Default, Deserialize)]
struct Tenant {
    #[serde(default, deserialize_with = "credentials::non_empty_string")]
    tid: Option<String>,
}

impl TokenClient {
    /// Validates the claims of an ID token for this client
    /// ([OpenID Connect Core
    /// §3.1.3.7](https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation)), with a clock
    /// skew of at most five minutes. `nonce` is that of the authorization request.
    ///
    /// The token must come directly from the token endpoint, because its signature is not verified
    /// (rule 6); [`JwkSet::verify`](crate::JwkSet::verify) does that.
    ///
    /// # Errors
    ///
    /// [`InvalidIdToken::Malformed`] or [`InvalidIdToken::Claim`].
    pub fn validate_id_token(
        &self,
        id_token: &IdToken,
        nonce: Option<&str>,
        now: SystemTime,
    ) -> Result<Claims, InvalidIdToken> {
        let claims = Claims::decode_id_token_without_verifying(id_token)?;
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let issuer = self.issuer_of(id_token)?;
        let mut expected = IdTokenValidation::new(&issuer, self.client_id(), now);
        expected.nonce = nonce;
        claims.validate(&expected)?;
        Ok(claims)
    }

    /// The issuer that the ID token must have.
    fn issuer_of(&self, id_token: &IdToken) -> Result<String, InvalidIdToken> {
        let Provider { issuer, issuer_template, .. } = self.provider();
        let Some(template) = issuer_template else { return Ok(issuer.as_str().to_owned()) };
        let tenant = Claims::<Tenant>::decode_id_token_without_verifying(id_token)?.additional.tid;
        let is_word = |tid: &String| tid.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'-');
        let tenant = tenant.filter(is_word).ok_or(ClaimMismatch::Missing { claim: "tid" })?;
        Ok(template.replacen(TENANT, &tenant, 1))
    }

    /// Validates the ID token of a [refresh](Self::refresh): it has the `iss` and the `sub` of `before`, and,
    /// if it has one, its `nonce` ([OpenID Connect Core
    /// §12.2](https://openid.net/specs/openid-connect-core-1_0.html#RefreshTokenResponse)). Its `aud` and `azp`
    /// name this client, as those of `before` did; a further audience may be another one.
    ///
    /// # Errors
    ///
    /// As [`validate_id_token`](Self::validate_id_token).
    pub fn validate_refreshed_id_token(
        &self,
        id_token: &IdToken,
        before: &Claims,
        now: SystemTime,
    ) -> Result<Claims, InvalidIdToken> {
        let claims = self.validate_id_token(id_token, None, now)?;
        claims.check_subject_unchanged(before)?;
        if before.iss.is_some() && claims.iss != before.iss {
            return Err(ClaimMismatch::Issuer.into());
        }
        if claims.nonce.is_some() && claims.nonce != before.nonce {
            return Err(ClaimMismatch::Nonce.into());
        }
        Ok(claims)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use http_client::{HttpClient, Options};
    use serde_json::{Value, json};

    fn client_of_any_tenant() -> TokenClient {
        let endpoint = || "https://id.test/x".parse().unwrap();
        let issuer = "https://id.test/common/v2".parse().unwrap();
        let mut provider = Provider::new(issuer, endpoint(), endpoint());
        provider.issuer_template = Some("https://id.test/{tenantid}/v2".to_owned());
        TokenClient::new(HttpClient::new(Options::new("a-test/1.0")), provider, "app_1")
    }

    fn id_token(tid: &Value, iss: &str) -> IdToken {
        signed(&json!({"iss": iss, "tid": tid, "sub": "s", "aud": "app_1", "exp": 9, "iat": 9}))
    }

    fn signed(claims: &Value) -> IdToken {
        let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        IdToken::new(format!("{}.{}.c2ln", encode(&json!({"alg": "RS256"})), encode(claims)))
            .unwrap()
    }

    // threats 98
    #[test]
    fn id_token_of_a_tenant_has_the_issuer_of_its_tenant() {
        for (tid, iss, is_valid) in [
            (json!("a-1"), "https://id.test/a-1/v2", true),
            (json!("a-1"), "https://id.test/b-2/v2", false),
            (json!("a-1"), "https://id.test/common/v2", false),
            (json!(null), "https://id.test/{tenantid}/v2", false),
            (json!("{tenantid}"), "https://id.test/{tenantid}/v2", false),
            (json!("a/../b"), "https://id.test/a/../b/v2", false),
            (json!(""), "https://id.test//v2", false),
        ] {
            let id_token = id_token(&tid, iss);
            let outcome = client_of_any_tenant().validate_id_token(&id_token, None, UNIX_EPOCH);
            assert_eq!(outcome.is_ok(), is_valid, "{tid} {iss}: {outcome:?}");
        }
    }

    /// A `sub` is unique only at its issuer.
    // threats 101
    #[test]
    fn refreshed_id_token_of_another_tenant_is_refused() {
        let client = client_of_any_tenant();
        let of = |tenant: &str| id_token(&json!(tenant), &format!("https://id.test/{tenant}/v2"));
        let before = client.validate_id_token(&of("a-1"), None, UNIX_EPOCH).unwrap();
        for (tenant, is_valid) in [("a-1", true), ("b-2", false)] {
            let outcome = client.validate_refreshed_id_token(&of(tenant), &before, UNIX_EPOCH);
            assert_eq!(outcome.is_ok(), is_valid, "{tenant}: {outcome:?}");
        }
    }

    /// A refreshed ID token may leave the `nonce` out.
    #[test]
    fn nonce_of_a_refreshed_id_token_is_the_old_one() {
        let client = client_of_any_tenant();
        let of = |nonce: Option<&str>| {
            let iss = "https://id.test/a-1/v2";
            signed(
                &json!({"iss": iss, "tid": "a-1", "sub": "s", "aud": "app_1", "exp": 9, "iat": 9,
                "nonce": nonce}),
            )
        };
        let before: Claims = Claims::decode_id_token_without_verifying(&of(Some("n-1"))).unwrap();
        for (nonce, is_valid) in [(None, true), (Some("n-1"), true), (Some("n-2"), false)] {
            let outcome = client.validate_refreshed_id_token(&of(nonce), &before, UNIX_EPOCH);
            assert_eq!(outcome.is_ok(), is_valid, "{nonce:?}: {outcome:?}");
        }
    }
}
